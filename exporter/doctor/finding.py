"""What a check found: it works, it does not and what to change where, it is doubtful, or it was not tried and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """``DOUBTFUL`` is worth a look and fails nothing."""

    GOOD = "ok"
    DOUBTFUL = "doubtful"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """``says`` is what was seen, ``change`` what to do about it and where.

    ``subject`` is the object, field or file it is about, where a check looks at several. What is said of one of several
    keeps no other check from being tried; what is said without a subject does. ``because`` is how it is named as the
    reason for that, where that is not what the check says of itself.
    """

    outcome: Outcome
    says: str
    change: str = ""
    subject: str = ""
    because: str = ""

    @property
    def blocks(self) -> bool:
        """Whether there is no use in trying what depends on it."""
        return not self.subject and self.outcome in (Outcome.FAILED, Outcome.NOT_TRIED)


def good(says: str, subject: str = "") -> Finding:
    return Finding(Outcome.GOOD, says, subject=subject)


def doubtful(says: str, change: str = "", subject: str = "") -> Finding:
    return Finding(Outcome.DOUBTFUL, says, change, subject)


def failed(says: str, change: str = "", subject: str = "") -> Finding:
    return Finding(Outcome.FAILED, says, change, subject)


def not_tried(since: str, subject: str = "") -> Finding:
    return Finding(Outcome.NOT_TRIED, f"not tried, since {since}", subject=subject)
