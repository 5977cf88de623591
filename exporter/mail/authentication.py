"""What the receiving server found out about a sender: ``Authentication-Results`` (RFC 8601) as really written.

Google, Fastmail, rspamd, OpenDKIM: ``mx.example; dkim=pass header.d=hubspot.com; spf=pass smtp.mailfrom=…``. Microsoft
365 leaves the server's name out, and may print the receiver's domain between results (MimeKit issue 490, OpenDKIM
issue 73).

A server puts its header above what it received, so what a sender forged stands below it, or alone where the server
states nothing; RFC 8601 section 5 has a server remove those that bear its own name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)\b(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b([a-z]+\.[a-z0-9_-]+)\s*=\s*(\"[^\"]*\"|[^\s;]+)", re.IGNORECASE)
# Where the domain stands that a result speaks of; the first that is there.
_DOMAIN_IN = {
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail", "smtp.helo"),
    "dmarc": ("header.from",),
}
_LONGEST = 8_192
_MOST = 50


@dataclass(frozen=True, slots=True)
class Result:
    """One result of one method (``dkim``, ``spf``, ``dmarc``); ``domain`` is whom it speaks of, in lower case."""

    method: str
    result: str
    domain: str | None

    def __str__(self) -> str:
        return f"{self.method}={self.result}" + (f" for {self.domain}" if self.domain else "")


@dataclass(frozen=True, slots=True)
class Statement:
    """One header. ``server`` is the name it bears; ``hop`` is how many ``Received`` stand above it."""

    server: str | None
    hop: int
    results: tuple[Result, ...]


def statements(headers: Sequence[tuple[str, str]]) -> tuple[Statement, ...]:
    """Those of a message, from its headers in their order."""
    found: list[Statement] = []
    hop = 0
    for name, value in headers:
        if name.lower() == "received":
            hop += 1
        elif name.lower() == "authentication-results" and len(found) < _MOST:
            found.append(replace(read(value), hop=hop))
    return tuple(found)


def read(value: str) -> Statement:
    """One header's value. Results of other methods are left out."""
    server: str | None = None
    results: list[Result] = []
    method, result, properties = "", "", ""
    for number, segment in enumerate([*_without_comments(value[:_LONGEST]).split(";")[:_MOST], "end=end"]):
        stated = _RESULT.match(segment)
        if stated is None:
            if number == 0:
                server = segment.split()[0].lower() if segment.split() else None
            properties += " " + segment
            continue
        if method in _DOMAIN_IN:
            results.append(Result(method, result, _domain(method, properties)))
        method, result, properties = stated[1].lower(), stated[2].lower(), stated[3]
    return Statement(server, 0, tuple(results))


def trusted(stated: Sequence[Statement], servers: Collection[str]) -> tuple[Result, ...]:
    """The results of the server that received the message: of the topmost header and those beside it that bear its
    name, or, where servers are named, of theirs. Empty: none is stated."""
    of_theirs = [one for one in stated if not servers or (one.server or "") in servers]
    if not of_theirs:
        return ()
    first = of_theirs[0]
    if first.server is None:
        return first.results
    beside = [one for one in of_theirs if (one.server, one.hop) == (first.server, first.hop)]
    return tuple(result for one in beside for result in one.results)


def _domain(method: str, properties: str) -> str | None:
    stated = {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(properties)}
    value = next((stated[name] for name in _DOMAIN_IN[method] if name in stated), "")
    return value.rpartition("@")[2].strip("<>.").lower() or None


def _without_comments(value: str) -> str:
    """Comments are in parentheses and may be nested; a quoted text is kept."""
    kept: list[str] = []
    depth, quoted = 0, False
    for letter in value:
        if letter == '"' and not depth:
            quoted = not quoted
        if letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(letter)
    return "".join(kept)
