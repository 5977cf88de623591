"""Whether an e-mail is from whom it says it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.mail.authentication import Result, Statement, Trusted, trusted
from exporter.mail.message import Message
from exporter.mail.patterns import Senders
from exporter.mail.received_spf import ReceivedSpf

_FAILED = ("fail", "hardfail")
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
    domain = _domain_of(message)
    results = [result for header in headers for result in header.results]
    found = ", ".join(map(str, [*results[:6], *([spf] if spf else [])]))
    if _has_failed_dmarc(results) or not any(_passes(header, domain, patterns) for header in headers):
        return False, f"the receiving server states {found}"
    passed = _uncontradicted(headers, spf, domain, patterns)
    if passed is None:
        return False, f"headers in the receiving server's name contradict each other: {found}"
    return True, str(passed)


def _has_failed_dmarc(results: Sequence[Result]) -> bool:
    return any(result.method == "dmarc" and result.result == "fail" for result in results)


def _uncontradicted(
    headers: Sequence[Statement], spf: ReceivedSpf | None, domain: str, patterns: Sequence[str]
) -> Result | None:
    """The first result that speaks for the sender while no other header speaks against it. Within one header DKIM may
    pass and SPF fail, which ``Received-SPF`` may repeat: the message was redirected."""
    for header in headers:
        others = [other for other in headers if other is not header]
        repeated = any(result.method == "spf" and result.result in _NOT_FROM_THERE for result in header.results)
        for passed in _passes(header, domain, patterns) if spf is None or repeated else ():
            if not any(_speaks_against(other, passed, domain, patterns) for other in others):
                return passed
    return None


def _passes(header: Statement, domain: str, patterns: Sequence[str]) -> tuple[Result, ...]:
    """Its results that speak for the sender."""
    return tuple(
        result
        for result in header.results
        if result.result == "pass" and result.domain and _aligned(result.domain, domain, patterns)
    )


def _speaks_against(other: Statement, passed: Result, domain: str, patterns: Sequence[str]) -> bool:
    """A failure of the sender's domain, or of nobody's; or the same method, and nothing there has passed for it."""
    failed = any(
        result.result in _FAILED and (result.domain is None or _aligned(result.domain, domain, patterns))
        for result in other.results
    )
    looked = any(result.method == passed.method for result in other.results)
    agrees = any(result.method == passed.method for result in _passes(other, domain, patterns))
    return failed or (looked and not agrees)


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
