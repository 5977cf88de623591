"""What is believed of an integration, from all its readings. Pure.

Where two sources state the same fact, the newer statement wins, with two exceptions: the org's use and limit are what
Salesforce itself says; allocation and the integration's use are what the bridge says, then the configuration and the
usage log. A suspension that an e-mail or a report told of also ends by evidence (``exporter.state.recovery``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from exporter.model import (
    ErrorCount,
    HubSpotAccount,
    OrgLimits,
    OrgUsage,
    Recovery,
    Storage,
    Suspension,
    SyncHealth,
    UsageLog,
)
from exporter.state.reading import Reading
from exporter.state.recovery import recovery_of
from exporter.state.snapshot import Snapshot
from exporter.state.statement import (
    CONFIGURATION,
    EVIDENCE,
    HEADER,
    Statement,
    newest,
    newest_page,
    sources_of,
    suspension_statements,
)


@dataclass(frozen=True, slots=True)
class Suspected:
    """So many API calls may be the integration's, ``why`` that is not certain, and what would make it so."""

    calls: int
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Every field ``None`` when nobody has said it lately. ``stated_by`` names the source of each known fact.

    ``stated_at`` is of when the statement is, not when it was read; of a setting, when it was loaded, if that is known.
    ``calls_suspected`` is there where ``calls_used`` is unknown or may be too low: to be careful by.
    ``error_categories``: of the errors of other categories nothing is known, unless it is ``None``.
    ``hubspot_calls_…`` are of HubSpot's own API since midnight of the account, all others of Salesforce's in 24 hours.
    ``recovery`` is what was seen, where that has ended the suspension.
    """

    org_calls_used: int | None = None
    org_calls_limit: int | None = None
    calls_used: int | None = None
    calls_suspected: Suspected | None = None
    calls_allocated: int | None = None
    hubspot_calls_used: int | None = None
    hubspot_calls_limit: int | None = None
    storage: tuple[Storage, ...] = ()
    suspension: Suspension | None = None
    errors: tuple[ErrorCount, ...] | None = None
    error_categories: tuple[str, ...] | None = None
    recovery: Recovery | None = None
    stated_by: Mapping[str, str] = field(default_factory=dict)
    stated_at: Mapping[str, float] = field(default_factory=dict)


_newest: tuple[Snapshot, float, Facts] | None = None
"""Whoever looks at a snapshot wants its facts, one after the other: they are put together once."""


def facts_of(snapshot: Snapshot, now: float) -> Facts:
    """The facts of a snapshot at a time: readings past their visibility say nothing any more."""
    global _newest  # noqa: PLW0603
    newest = _newest
    if newest is None or newest[0] is not snapshot or newest[1] != now:
        _newest = newest = snapshot, now, _put_together(snapshot, now)
    return newest[2]


def _put_together(snapshot: Snapshot, now: float) -> Facts:
    used = newest_page(snapshot, now, "api_calls_used")
    allocated = newest_page(snapshot, now, "api_calls_allocated")
    suspension, recovery = _suspension(snapshot, now)
    errors, error_categories = _errors(snapshot, now)
    stated = {
        **_org_usage(snapshot, now),
        **_hubspot_calls(snapshot, now),
        "calls_used": used or _logged_calls(snapshot, now),
        "calls_suspected": None if used else _suspected_calls(snapshot, now),
        "calls_allocated": allocated or _configured(snapshot),
        "storage": _storage(snapshot, now),
        "suspension": suspension,
        "errors": errors,
    }
    known = {fact: statement for fact, statement in stated.items() if statement is not None}
    return Facts(
        **{fact: statement.value for fact, statement in known.items()},
        recovery=recovery,
        error_categories=error_categories,
        stated_by={fact: statement.source for fact, statement in known.items()},
        stated_at={fact: statement.at for fact, statement in known.items() if statement.at is not None},
    )


def _errors(snapshot: Snapshot, now: float) -> tuple[Statement | None, tuple[str, ...] | None]:
    """Errors, and the categories that nothing else is known of. What was exported is of when the oldest export is."""
    errors = newest_page(snapshot, now, "errors")
    for page, source in sources_of(snapshot, now, SyncHealth):
        if errors is not None and source == errors.source:
            moments = [one.as_of for one in page.exported]
            if errors.at is not None and page.error_categories is None:
                moments.append(errors.at)
            return replace(errors, at=min(moments, default=errors.at)), page.error_categories
    return errors, None


def facts_expire_at(snapshot: Snapshot, now: float) -> float:
    """When the facts of an unchanged snapshot change next, because something in it becomes too old; else infinity."""
    moments = [
        moment
        for reading in snapshot.readings
        for moment in (reading.expires_at, reading.usage_expires_at, reading.attempt_expires_at, _day_ends_at(reading))
        if moment is not None and moment > now
    ]
    return min(moments, default=float("inf"))


def _suspension(snapshot: Snapshot, now: float) -> tuple[Statement | None, Recovery | None]:
    """What was stated last, and what was seen since that has ended it."""
    statement = newest(suspension_statements(snapshot, now))
    recovery = recovery_of(snapshot, statement, now) if statement else None
    if recovery is None:
        return statement, None
    return Statement(Suspension(suspended=False, reason=None, since=None), EVIDENCE, recovery.at), recovery


def use_told_until(snapshot: Snapshot, facts: Facts) -> float | None:
    """Until when the integration's calls are counted in what ``facts`` say of them; ``None`` if nobody counts them."""
    source = facts.stated_by.get("calls_used") or facts.stated_by.get("calls_suspected")
    return snapshot.as_of(source) if source else None


def org_use_told_until(snapshot: Snapshot, now: float) -> float | None:
    """Until when the org's calls are counted; ``None`` if nobody counts them."""
    return max((usage.observed_at for usage, _source in _org_usages(snapshot, now)), default=None)


def _hubspot_calls(snapshot: Snapshot, now: float) -> dict[str, Statement | None]:
    """What HubSpot says of its account's day."""
    for part, source in sources_of(snapshot, now, HubSpotAccount):
        at = snapshot.true_at(source)
        return {
            "hubspot_calls_used": Statement.of(part.used_at(now), source, at),
            "hubspot_calls_limit": Statement.of(part.calls_limit, source, at),
        }
    return {}


def _configured(snapshot: Snapshot) -> Statement | None:
    return Statement.of(snapshot.configured_allocation, CONFIGURATION, snapshot.configured_at)


def _storage(snapshot: Snapshot, now: float) -> Statement | None:
    limits, source = _newest_limits(snapshot, now)
    if limits is None or not limits.storage:
        return None
    return Statement(limits.storage, source, limits.usage.observed_at)


def _day_ends_at(reading: Reading) -> float | None:
    return reading.part.resets_at if isinstance(reading.part, HubSpotAccount) else None


def _logged_calls(snapshot: Snapshot, now: float) -> Statement | None:
    """The integration's calls by the event log: some hours late, so only where nobody states them."""
    for log, source in sources_of(snapshot, now, UsageLog):
        if log.complete and not log.is_over(now):
            return Statement.of(log.calls, source, snapshot.true_at(source))
    return None


def _suspected_calls(snapshot: Snapshot, now: float) -> Statement | None:
    """What the event log has found that may be the integration's, where that is more than what it can vouch for."""
    for log, source in sources_of(snapshot, now, UsageLog):
        calls = (log.calls or 0) + log.uncertain + log.misnamed + log.unread
        reasons = list(_doubts(log))
        if calls and reasons:
            return Statement(Suspected(calls, "; ".join(reasons)), source, snapshot.true_at(source))
    return None


def _doubts(log: UsageLog) -> Iterator[str]:
    if log.unread:
        yield f"about {log.unread} stand in log files that could not be read"
    elif not log.complete:
        yield "at least, for the usage log could not be read to the end"
    if log.misnamed:
        yield (
            f"{log.misnamed} of them are the integration user's, of apps that hubspot.connected_app does not name:"
            " if one that org_api_calls_by_app shows is HubSpot, name it there"
        )
    if log.uncertain:
        yield (
            f"{log.uncertain} of them have no name in the usage log and may be others':"
            " salesforce.integration_user, if it is the user HubSpot logs in as, would tell them apart"
        )


def _newest_limits(snapshot: Snapshot, now: float) -> tuple[OrgLimits | None, str]:
    stated = sources_of(snapshot, now, OrgLimits)
    return max(stated, key=lambda entry: entry[0].usage.observed_at, default=(None, ""))


def _org_usages(snapshot: Snapshot, now: float) -> list[tuple[OrgUsage, str]]:
    """What Salesforce says of the org, by ``/limits`` and on the side, each with its source."""
    stated = [(usage, HEADER) for reading in snapshot.readings if (usage := reading.visible_usage(now)) is not None]
    limits, source = _newest_limits(snapshot, now)
    return stated if limits is None else [*stated, (limits.usage, source)]


def _org_usage(snapshot: Snapshot, now: float) -> dict[str, Statement | None]:
    """What Salesforce says of the org; its limit alone stands on HubSpot's page too."""
    stated = _org_usages(snapshot, now)
    if not stated:
        return {"org_calls_limit": newest_page(snapshot, now, "limited_by_salesforce")}
    usage, source = max(stated, key=lambda entry: entry[0].observed_at)
    return {
        "org_calls_used": Statement(usage.used, source, usage.observed_at),
        "org_calls_limit": Statement(usage.limit, source, usage.observed_at),
    }
