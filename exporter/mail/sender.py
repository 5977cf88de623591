"""Whether an e-mail is from whom it says it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.mail.authentication import Result, Statement, Trusted, trusted
from exporter.mail.message import Message
from exporter.mail.patterns import Senders
from exporter.mail.received_spf import ReceivedSpf

_FAILED = ("fail", "hardfail")
_BENEATH_DMARC = ("dkim", "spf")
_NOT_FROM_THERE = (*_FAILED, "softfail")


@dataclass(frozen=True, slots=True)
class Sender:
    """``known``: the address is one of those asked for. ``believed``: and nothing speaks against it. ``why``: both."""

    known: bool
    believed: bool
    why: str


def check(message: Message, senders: Senders, patterns: Sequence[str]) -> Sender:
    """The address of ``From`` by ``patterns``, then what the receiving server says of it.

    As with DMARC one method is enough: DKIM or SPF passed for the sender's own domain, one above it, or another that
    the same pattern takes in. A failed DMARC is final, and so is what one header of the server says against another: of
    two that contradict each other the sender may have written one.
    """
    matching = [pattern for pattern in patterns if _regex(pattern).fullmatch(message.sender)]
    if not message.sender:
        return Sender(False, False, "its From names no sender, or several")
    if not matching:
        return Sender(False, False, f"{message.sender} is none of the senders that are read")
    believed, why = _authenticated(message, senders, matching)
    return Sender(True, believed, f"{message.sender}{', by ' if believed else ' is not believed: '}{why}")


def _authenticated(message: Message, senders: Senders, patterns: Sequence[str]) -> tuple[bool, str]:
    """Whether it is believed, and by what or why not."""
    if senders.authentication == "off":
        return True, "its address alone: authentication is off"
    stated = trusted(message.authentication, senders.servers)
    if senders.authentication == "required" and not stated.is_topmost:
        below = ": it states nothing, and what stands below may be forged" if stated.headers else ""
        return False, f"no server that is trusted has looked at it{below}"
    spf = _failed_spf(message, stated, senders, patterns)
    if not stated.headers and spf is None:
        return True, "its address alone: the receiving server states nothing of it"
    return _judged(stated.headers, spf, message, patterns)


def _judged(
    headers: Sequence[Statement], spf: ReceivedSpf | None, message: Message, patterns: Sequence[str]
) -> tuple[bool, str]:
    """The same of what is stated."""
    said = [_said(header, _domain_of(message), patterns) for header in headers]
    results = [result for header in headers for result in header.results]
    found = ", ".join(map(str, [*results[:6], *([spf] if spf else [])]))
    if any((result.method, result.result) == ("dmarc", "fail") for result in results) or not any(
        one.passed for one in said
    ):
        return False, f"the receiving server states {found}"
    passed = _uncontradicted(said, spf)
    if passed is None:
        return False, f"headers in the receiving server's name contradict each other: {found}"
    return True, str(passed)


@dataclass(frozen=True, slots=True)
class _Said:
    """What one header says of a sender's domain: the first result that speaks for it, by method; which methods are
    stated at all; whether one has ``failed`` for it, or for nobody named; and whether SPF did for whomever."""

    passed: Mapping[str, Result]
    methods: frozenset[str]
    failed: bool
    failed_spf: bool


def _said(header: Statement, domain: str, patterns: Sequence[str]) -> _Said:
    own = [result for result in header.results if not result.domain or _aligned(result.domain, domain, patterns)]
    passed: dict[str, Result] = {}
    for result in own:
        if result.result == "pass" and result.domain:
            passed.setdefault(result.method, result)
    return _Said(
        passed=passed,
        methods=frozenset(result.method for result in header.results),
        failed=any(result.result in _FAILED for result in own),
        failed_spf=any(one.method == "spf" and one.result in _NOT_FROM_THERE for one in header.results),
    )


def _uncontradicted(said: Sequence[_Said], spf: ReceivedSpf | None) -> Result | None:
    """The first result that speaks for the sender while no other header speaks against it: by a failure, or by the same
    method that has not passed there. Within one header DKIM may pass and SPF fail, which ``Received-SPF`` may repeat:
    the message was redirected."""
    for one in said:
        others = [other for other in said if other is not one]
        if any(other.failed for other in others) or (spf is not None and not one.failed_spf):
            continue
        for method, passed in one.passed.items():
            agreed = all(method in other.passed for other in others if method in other.methods)
            if agreed and (method != "dmarc" or _is_founded(said, others)):
                return passed
    return None


def _is_founded(said: Sequence[_Said], others: Sequence[_Said]) -> bool:
    """DMARC passes by DKIM or SPF: where other headers state these, one has to have passed."""
    stated = any(not other.methods.isdisjoint(_BENEATH_DMARC) for other in others)
    return not stated or any(not one.passed.keys().isdisjoint(_BENEATH_DMARC) for one in said)


def _failed_spf(message: Message, stated: Trusted, senders: Senders, patterns: Sequence[str]) -> ReceivedSpf | None:
    """The topmost ``Received-SPF`` if it speaks against the sender's domain. Where a gateway is named, what servers
    above it found out is of the gateway's address."""
    begin = stated.headers[0].hop if senders.servers and stated.headers else 0
    first = next((one for one in message.received_spf if one.hop >= begin), None)
    if first is None or first.result not in _NOT_FROM_THERE:
        return None
    domain = _domain_of(message)
    return first if not first.names or any(_aligned(name, domain, patterns) for name in first.names) else None


def _domain_of(message: Message) -> str:
    return message.sender.rpartition("@")[2]


def _aligned(passed: str, domain: str, patterns: Sequence[str]) -> bool:
    """A domain above the sender's has two parts at least: nobody signs for ``com``."""
    above = domain.endswith(f".{passed}") and "." in passed
    wide = [pattern for pattern in patterns if pattern.startswith("*@")]
    return passed == domain or above or any(_regex(pattern).fullmatch(f"x@{passed}") for pattern in wide)


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join("[^@]*" if letter == "*" else re.escape(letter) for letter in pattern))
