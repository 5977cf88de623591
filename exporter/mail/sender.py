"""Whether an e-mail is from whom it says it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.mail.authentication import Result, trusted
from exporter.mail.message import Message
from exporter.mail.patterns import Senders


@dataclass(frozen=True, slots=True)
class Sender:
    """``known``: the address is one of those asked for. ``believed``: and nothing speaks against it. ``why``: both."""

    known: bool
    believed: bool
    why: str


def check(message: Message, senders: Senders, patterns: Sequence[str]) -> Sender:
    """The address of ``From`` by ``patterns``, then what the receiving server says of it.

    As with DMARC one method is enough: DKIM or SPF passed for the sender's own domain, one above it, or another that
    the same pattern takes in. A failed DMARC is final.
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
    results = trusted(message.authentication, senders.servers)
    if senders.authentication == "off":
        return True, "its address alone: authentication is off"
    if not results:
        if senders.authentication == "required":
            return False, "no server that is trusted has looked at it"
        return True, "its address alone: the receiving server states nothing of it"
    passed = _passed(results, message.sender.rpartition("@")[2], patterns)
    if passed is None:
        return False, f"the receiving server states {', '.join(map(str, results[:6]))}"
    return True, str(passed)


def _passed(results: Sequence[Result], domain: str, patterns: Sequence[str]) -> Result | None:
    """The result that speaks for the sender; ``None`` if none does, or DMARC has failed."""
    if any(result.method == "dmarc" and result.result == "fail" for result in results):
        return None
    return next(
        (
            result
            for result in results
            if result.result == "pass" and result.domain and _aligned(result.domain, domain, patterns)
        ),
        None,
    )


def _aligned(passed: str, domain: str, patterns: Sequence[str]) -> bool:
    """A domain above the sender's has two parts at least: nobody signs for ``com``."""
    above = domain.endswith(f".{passed}") and "." in passed
    wide = [pattern for pattern in patterns if pattern.startswith("*@")]
    return passed == domain or above or any(_regex(pattern).fullmatch(f"x@{passed}") for pattern in wide)


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join("[^@]*" if letter == "*" else re.escape(letter) for letter in pattern))
