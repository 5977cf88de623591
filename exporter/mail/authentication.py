"""What the receiving server found out about a sender: ``Authentication-Results`` (RFC 8601) as really written.

Google, Fastmail, rspamd, OpenDKIM: ``mx.example; dkim=pass header.d=hubspot.com; spf=pass smtp.mailfrom=…``. Microsoft
365 leaves the server's name out, and may print the receiver's domain between results (MimeKit issue 490, OpenDKIM
issue 73).

A server puts its header above what it received, so what a sender forged stands below it, or alone where the server
states nothing. One that bears the server's own name and stands right below cannot be told from the server's own: RFC
8601 section 5 has a server remove those.
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
    """One header. ``server`` is the name it bears; ``hop`` is how many ``Received`` stand above it; ``is_none``: it
    says that nothing was looked at (``mx.example; none``)."""

    server: str | None
    hop: int
    results: tuple[Result, ...]
    is_none: bool = False


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the receiving server wrote, header by header, if it states anything. ``is_topmost``: nothing of a trusted
    server stands above it, nor does one beside it say that nothing was looked at; what stands below may be forged."""

    headers: tuple[Statement, ...] = ()
    is_topmost: bool = False

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(result for one in self.headers for result in one.results)


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
    segments = without_comments(value[:_LONGEST]).split(";")[:_MOST]
    for number, segment in enumerate([*segments, "end=end"]):
        stated = _RESULT.match(segment)
        if stated is None:
            if number == 0:
                server = segment.split()[0].lower() if segment.split() else None
            properties += " " + segment
            continue
        if method in _DOMAIN_IN:
            results.append(Result(method, result, _domain(method, properties)))
        method, result, properties = stated[1].lower(), stated[2].lower(), stated[3]
    is_none = any(segment.strip().lower() == "none" for segment in segments[1:])
    return Statement(server, 0, tuple(results), is_none)


def trusted(stated: Sequence[Statement], servers: Collection[str]) -> Trusted:
    """The headers of the server that received the message: the topmost that states a result and those beside it that
    bear its name, or, where servers are named, the same of theirs."""
    of_theirs = [one for one in stated if not servers or (one.server or "") in servers]
    first = next((one for one in of_theirs if one.results), None)
    if first is None:
        return Trusted()
    beside = [one for one in of_theirs if (one.server, one.hop) == (first.server, first.hop)]
    is_topmost = of_theirs[0] in beside and not any(one.is_none for one in beside)
    return Trusted((first,) if first.server is None else tuple(beside), is_topmost)


def _domain(method: str, properties: str) -> str | None:
    stated = {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(properties)}
    value = next((stated[name] for name in _DOMAIN_IN[method] if name in stated), "")
    return value.rpartition("@")[2].strip("<>.").lower() or None


def without_comments(value: str) -> str:
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
