"""What is believed of an integration, from all its readings. Pure.

Where two sources state the same fact, the newer statement wins, with two exceptions: the org's use and limit are what
Salesforce itself says; allocation and the integration's use are what the bridge says, then the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.model import ErrorCount, OrgLimits, OrgUsage, Snapshot, Storage, Suspension, SyncHealth

CONFIGURATION = "configuration"
HEADER = "sforce_limit_info"
"""Named as the source of org usage that came with the header of some other answer."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Every field ``None`` when nobody has said it lately. ``stated_by`` names the source of each known fact."""

    org_calls_used: int | None = None
    org_calls_limit: int | None = None
    calls_used: int | None = None
    calls_allocated: int | None = None
    storage: tuple[Storage, ...] = ()
    suspension: Suspension | None = None
    errors: tuple[ErrorCount, ...] | None = None
    stated_by: Mapping[str, str] = field(default_factory=dict)


def facts_of(snapshot: Snapshot, now: float) -> Facts:
    """The facts of a snapshot at a time: readings past their visibility say nothing any more."""
    health, health_source = _newest_health(snapshot, now)
    limits, limits_source = _newest_limits(snapshot, now)
    usage, usage_source = _newest_usage(snapshot, now)
    org_limit, limit_source = (usage.limit, usage_source) if usage else (None, "")
    calls_used = allocated = suspension = errors = None
    if health is not None:
        calls_used, allocated = health.api_calls_used, health.api_calls_allocated
        suspension, errors = health.suspension, health.errors
        if org_limit is None:
            org_limit, limit_source = health.limited_by_salesforce, health_source
    allocation_source = health_source
    if allocated is None:
        allocated, allocation_source = snapshot.configured_allocation, CONFIGURATION
    storage = limits.storage if limits else ()
    stated = {
        "org_calls_used": (usage, usage_source),
        "org_calls_limit": (org_limit, limit_source),
        "calls_used": (calls_used, health_source),
        "calls_allocated": (allocated, allocation_source),
        "storage": (storage or None, limits_source),
        "suspension": (suspension, health_source),
        "errors": (errors, health_source),
    }
    return Facts(
        org_calls_used=usage.used if usage else None,
        org_calls_limit=org_limit,
        calls_used=calls_used,
        calls_allocated=allocated,
        storage=storage,
        suspension=suspension,
        errors=errors,
        stated_by={fact: source for fact, (value, source) in stated.items() if value is not None},
    )


def facts_expire_at(snapshot: Snapshot, now: float) -> float:
    """When the facts of an unchanged snapshot change next, because something in it becomes too old; else infinity."""
    moments = [
        moment
        for reading in snapshot.readings
        for moment in (reading.expires_at, reading.usage_expires_at)
        if moment is not None and moment > now
    ]
    return min(moments, default=float("inf"))


def _newest_health(snapshot: Snapshot, now: float) -> tuple[SyncHealth | None, str]:
    stated = [
        (part, reading.source)
        for reading in snapshot.readings
        if isinstance(part := reading.visible_part(now), SyncHealth)
    ]
    return max(stated, key=lambda entry: entry[0].as_of, default=(None, ""))


def _newest_limits(snapshot: Snapshot, now: float) -> tuple[OrgLimits | None, str]:
    stated = [
        (part, reading.source)
        for reading in snapshot.readings
        if isinstance(part := reading.visible_part(now), OrgLimits)
    ]
    return max(stated, key=lambda entry: entry[0].usage.observed_at, default=(None, ""))


def _newest_usage(snapshot: Snapshot, now: float) -> tuple[OrgUsage | None, str]:
    stated = [(usage, HEADER) for reading in snapshot.readings if (usage := reading.visible_usage(now)) is not None]
    limits, source = _newest_limits(snapshot, now)
    if limits is not None:
        stated.append((limits.usage, source))
    return max(stated, key=lambda entry: entry[0].observed_at, default=(None, ""))
