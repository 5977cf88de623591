"""The Salesforce org: its API calls and storage, whose its calls are, and how Salesforce Trust says it fares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrgUsage:
    """Salesforce API calls of the whole org in the rolling 24 hours; ``used`` may exceed ``limit`` on paid orgs."""

    used: int
    limit: int
    observed_at: float


@dataclass(frozen=True, slots=True)
class Storage:
    """Storage of the org; ``kind`` is ``data`` or ``file``."""

    kind: str
    used_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class OrgLimits:
    """What Salesforce's ``/limits`` resource said."""

    usage: OrgUsage
    storage: tuple[Storage, ...]


@dataclass(frozen=True, slots=True)
class TrustStatus:
    """What status.salesforce.com says of the org's instance: one of the statuses it documents, or ``None`` and the
    ``words`` it has instead; both ``None`` if it says nothing."""

    instance: str
    status: str | None
    words: str | None = None


LOG_HOLDS = 72 * 3600.0
"""Seconds. Salesforce's log files come hours late, daily ones a day and now and then three."""


@dataclass(frozen=True, slots=True)
class UsageLog:
    """API calls in the 24 hours before ``as_of``, the end of what the event log covers and could be read of.

    ``calls`` are the integration's, ``None`` as long as the log has never told of any; so many more, of no app that is
    known, are ``uncertain``: they may be its own. So may be ``misnamed`` ones, its user's under other names than those
    configured, as long as none of those is told of, and about ``unread`` calls in files that could not be read, 0 also
    where nobody can say how many. Not ``complete``: so much could not be read that ``calls`` are no count.
    ``by_app`` are all the org's calls by app: the largest, then ``other`` and ``unnamed``; nothing while not complete.
    """

    calls: int | None
    as_of: float
    complete: bool = True
    uncertain: int = 0
    by_app: tuple[tuple[str, int], ...] = ()
    unread: int = 0
    misnamed: int = 0

    def is_over(self, now: float) -> bool:
        """Whether what it tells of is too long past to pass for the last 24 hours: the log has stopped."""
        return now - self.as_of > LOG_HOLDS
