"""What is believed of an integration, from all its readings. Pure.

Where two sources state the same fact, the newer statement wins, with two exceptions: the org's use and limit are what
Salesforce itself says; allocation and the integration's use are what the bridge says, then the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from exporter.model import (
    ErrorCount,
    HubSpotAccount,
    OrgLimits,
    OrgUsage,
    Part,
    Storage,
    Suspension,
    SyncHealth,
    UsageLog,
)
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

P = TypeVar("P", bound=Part)

CONFIGURATION = "configuration"
REPORT = "report"
"""Named as the source of a suspension that was reported by hand or by a hook."""
HEADER = "sforce_limit_info"
"""Named as the source of org usage that came with the header of some other answer."""


@dataclass(frozen=True, slots=True)
class Suspected:
    """So many API calls may be the integration's, ``why`` that is not certain, and what would make it so."""

    calls: int
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Every field ``None`` when nobody has said it lately. ``stated_by`` names the source of each known fact.

    ``calls_suspected`` is there where ``calls_used`` is unknown or may be too low: to be careful by.
    ``hubspot_calls_…`` are of HubSpot's own API since midnight of the account, all others of Salesforce's in 24 hours.
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
    stated_by: Mapping[str, str] = field(default_factory=dict)


def facts_of(snapshot: Snapshot, now: float) -> Facts:
    """The facts of a snapshot at a time: readings past their visibility say nothing any more."""
    stated: dict[str, tuple[Any, str]] = {
        **_org_usage(snapshot, now),
        **_hubspot_calls(snapshot, now),
        "calls_used": _newest_health(snapshot, now, "api_calls_used"),
        "calls_allocated": _newest_health(snapshot, now, "api_calls_allocated"),
        "suspension": _newest_health(snapshot, now, "suspension"),
        "errors": _newest_health(snapshot, now, "errors"),
    }
    if stated["calls_used"][0] is None:
        stated["calls_used"] = _logged_calls(snapshot, now)
        stated["calls_suspected"] = _suspected_calls(snapshot, now)
    if stated["calls_allocated"][0] is None:
        stated["calls_allocated"] = snapshot.configured_allocation, CONFIGURATION
    limits, limits_source = _newest_limits(snapshot, now)
    if limits is not None and limits.storage:
        stated["storage"] = limits.storage, limits_source
    known = {fact: (value, source) for fact, (value, source) in stated.items() if value is not None}
    return Facts(
        **{fact: value for fact, (value, _) in known.items()},
        stated_by={fact: source for fact, (_, source) in known.items()},
    )


def facts_expire_at(snapshot: Snapshot, now: float) -> float:
    """When the facts of an unchanged snapshot change next, because something in it becomes too old; else infinity."""
    moments = [
        moment
        for reading in snapshot.readings
        for moment in (reading.expires_at, reading.usage_expires_at, reading.attempt_expires_at, _day_ends_at(reading))
        if moment is not None and moment > now
    ]
    return min(moments, default=float("inf"))


def sources_of(snapshot: Snapshot, now: float, kind: type[P]) -> tuple[tuple[P, str], ...]:
    """Every visible part of a kind, with the source that stated it."""
    return tuple(
        (part, reading.source) for reading in snapshot.readings if isinstance(part := reading.visible_part(now), kind)
    )


def use_told_until(snapshot: Snapshot, facts: Facts) -> float | None:
    """Until when the integration's calls are counted in what ``facts`` say of them; ``None`` if nobody counts them."""
    source = facts.stated_by.get("calls_used") or facts.stated_by.get("calls_suspected")
    return snapshot.as_of(source) if source else None


def org_use_told_until(snapshot: Snapshot, now: float) -> float | None:
    """Until when the org's calls are counted; ``None`` if nobody counts them."""
    return max((usage.observed_at for usage, _source in _org_usages(snapshot, now)), default=None)


def _hubspot_calls(snapshot: Snapshot, now: float) -> Mapping[str, tuple[int | None, str]]:
    """What HubSpot says of its account's day."""
    for part, source in sources_of(snapshot, now, HubSpotAccount):
        return {"hubspot_calls_used": (part.used_at(now), source), "hubspot_calls_limit": (part.calls_limit, source)}
    return {}


def _day_ends_at(reading: Reading) -> float | None:
    return reading.part.resets_at if isinstance(reading.part, HubSpotAccount) else None


def _logged_calls(snapshot: Snapshot, now: float) -> tuple[int | None, str]:
    """The integration's calls by the event log: some hours late, so only where nobody states them."""
    logs = sources_of(snapshot, now, UsageLog)
    stated = ((part.calls, source) for part, source in logs if part.complete and not part.is_over(now))
    return next(stated, (None, ""))


def _suspected_calls(snapshot: Snapshot, now: float) -> tuple[Suspected | None, str]:
    """What the event log has found that may be the integration's, where that is more than what it can vouch for."""
    for part, source in sources_of(snapshot, now, UsageLog):
        calls = (part.calls or 0) + part.uncertain + part.misnamed + part.unread
        reasons = list(_doubts(part))
        if calls and reasons:
            return Suspected(calls, "; ".join(reasons)), source
    return None, ""


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


def _newest_health(snapshot: Snapshot, now: float, field_name: str) -> tuple[Any, str]:
    """A field of SyncHealth and who stated it: the newest page that does not leave it out."""
    stated = [
        (part.as_of, value, reading.source)
        for reading in snapshot.readings
        if isinstance(part := reading.visible_part(now), SyncHealth)
        and (value := getattr(part, field_name)) is not None
    ]
    _, value, source = max(stated, key=lambda entry: entry[0], default=(0.0, None, ""))
    return value, source


def _newest_limits(snapshot: Snapshot, now: float) -> tuple[OrgLimits | None, str]:
    stated = sources_of(snapshot, now, OrgLimits)
    return max(stated, key=lambda entry: entry[0].usage.observed_at, default=(None, ""))


def _org_usages(snapshot: Snapshot, now: float) -> list[tuple[OrgUsage, str]]:
    """What Salesforce says of the org, by ``/limits`` and on the side, each with its source."""
    stated = [(usage, HEADER) for reading in snapshot.readings if (usage := reading.visible_usage(now)) is not None]
    limits, source = _newest_limits(snapshot, now)
    return stated if limits is None else [*stated, (limits.usage, source)]


def _org_usage(snapshot: Snapshot, now: float) -> dict[str, tuple[int | None, str]]:
    """What Salesforce says of the org; its limit alone stands on HubSpot's page too."""
    stated = _org_usages(snapshot, now)
    if not stated:
        return {"org_calls_limit": _newest_health(snapshot, now, "limited_by_salesforce")}
    usage, source = max(stated, key=lambda entry: entry[0].observed_at)
    return {"org_calls_used": (usage.used, source), "org_calls_limit": (usage.limit, source)}
