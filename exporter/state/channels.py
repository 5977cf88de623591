"""The causes of suspensions as the exporter sees them itself, before or without HubSpot's report. Pure.

A reason is judged over one or more channels, each a kind of evidence that stands on its own: what calls met, what
``/limits`` states, what the access check found. Within a channel the newest evidence counts; the condition holds if it
holds in any channel. A reason for which no channel has evidence cannot be judged and is absent.

The channels are those of the catalogue's last column: HubSpot's documentation says what each reason means, Salesforce's
which answers betray it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from exporter.model import Access, Heartbeat, OrgLimits, TrustStatus
from exporter.sources import SOURCES
from exporter.state.facts import facts_expire_at, facts_of, sources_of
from exporter.state.snapshot import Snapshot

STALE_AFTER = 3600.0
"""Four of HubSpot's 15-minute rounds: a change that waits longer is not just waiting for its turn."""

SALESFORCE_SOURCES = frozenset(source.name for source in SOURCES if source.asks_salesforce)
"""Whose calls go to the org; another source's failure says nothing about it."""

UNKNOWN_ERROR = "unknown_error"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source saw at one time, for or against a cause."""

    at: float
    holds: bool
    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A judged reason: the newest evidence for it and the newest against it."""

    reason: str
    holds: bool
    set_by: Evidence | None
    cleared_by: Evidence | None


Channel = Callable[[Snapshot, float], Iterable[Evidence]]


def conditions_of(snapshot: Snapshot, now: float) -> tuple[Condition, ...]:
    """Every reason that can be judged from what is known now."""
    judged = [_judge(reason, channels, snapshot, now) for reason, channels in _CHANNELS.items()]
    conditions = [condition for condition in judged if condition is not None]
    unknown = _judge(UNKNOWN_ERROR, (_stale(_explained(conditions, snapshot, now)),), snapshot, now)
    return tuple(conditions if unknown is None else [*conditions, unknown])


def _judge(reason: str, channels: Iterable[Channel], snapshot: Snapshot, now: float) -> Condition | None:
    seen = [sorted(channel(snapshot, now), key=_at) for channel in channels]
    evidence = [one for channel in seen for one in channel]
    if not evidence:
        return None
    standing = [channel[-1] for channel in seen if channel and channel[-1].holds]
    return Condition(
        reason=reason,
        holds=bool(standing),
        # What makes it hold now goes before what another channel has taken back.
        set_by=max(standing or (one for one in evidence if one.holds), key=_at, default=None),
        cleared_by=max((one for one in evidence if not one.holds), key=_at, default=None),
    )


def _at(evidence: Evidence) -> float:
    return evidence.at


def _calls_met(*codes: str) -> Channel:
    """Error codes met by calls to the org; a later call that worked speaks against them."""

    def channel(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
        for reading in snapshot.readings:
            if reading.source not in SALESFORCE_SOURCES or now >= reading.attempt_expires_at:
                continue
            if reading.failure is None:
                yield Evidence(reading.attempted_at, False, reading.source, "a call to Salesforce worked")
            elif reading.failure.code in codes:
                yield Evidence(
                    reading.attempted_at, True, reading.source, f"Salesforce answered {reading.failure.code}"
                )

    return channel


def _org_calls(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, OrgLimits):
        yield _org_use(part.usage.used, part.usage.limit, part.usage.observed_at, source)
    for reading in snapshot.readings:
        usage = reading.visible_usage(now)
        if usage is not None:
            yield _org_use(usage.used, usage.limit, usage.observed_at, reading.source)
    yield from (one for one in _calls_met("REQUEST_LIMIT_EXCEEDED")(snapshot, now) if one.holds)


def _org_use(used: int, limit: int, at: float, source: str) -> Evidence:
    return Evidence(at, used >= limit, source, f"{used:,} of the org's {limit:,} API calls are used")


def _storage(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, OrgLimits):
        full = [storage.kind for storage in part.storage if storage.used_bytes >= storage.limit_bytes > 0]
        if part.storage:
            detail = f"{' and '.join(full)} storage is full" if full else "there is storage left"
            yield Evidence(part.usage.observed_at, bool(full), source, detail)
    yield from (one for one in _calls_met("STORAGE_LIMIT_EXCEEDED")(snapshot, now) if one.holds)


def _allocation(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    facts = facts_of(snapshot, now)
    if facts.calls_used is None or facts.calls_allocated is None:
        return
    source = facts.stated_by["calls_used"]
    detail = f"{facts.calls_used:,} of {facts.calls_allocated:,} allocated API calls are used"
    yield Evidence(_read_at(snapshot, source), facts.calls_used >= facts.calls_allocated, source, detail)


def _trust(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, TrustStatus):
        at = _read_at(snapshot, source)
        yield Evidence(at, part.status != "OK", source, f"Salesforce Trust says {part.status} of {part.instance}")


def _api_enabled(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, Access):
        allowed = part.user_active and part.api_enabled
        detail = "the integration user may use the API" if allowed else "the integration user may not use the API"
        yield Evidence(_read_at(snapshot, source), not allowed, source, detail)


def _objects(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, Access):
        missing = _missing(part, of_fields=False)
        if not part.permission_set_assigned:
            missing = ("the permission set", *missing)
        yield Evidence(_read_at(snapshot, source), bool(missing), source, _missing_detail(missing, "objects"))


def _fields(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, Access):
        if any(permission.field is not None for permission in part.permissions):
            missing = _missing(part, of_fields=True)
            yield Evidence(_read_at(snapshot, source), bool(missing), source, _missing_detail(missing, "fields"))


def _missing(access: Access, *, of_fields: bool) -> tuple[str, ...]:
    return tuple(
        f"{permission.object}.{permission.field}" if permission.field else permission.object
        for permission in access.permissions
        if (permission.field is not None) == of_fields and False in (permission.read, permission.edit)
    )


def _missing_detail(missing: tuple[str, ...], what: str) -> str:
    return f"missing: {', '.join(missing)}" if missing else f"read and edit on all configured {what}"


def _explained(conditions: Iterable[Condition], snapshot: Snapshot, now: float) -> str:
    """Why records may have stopped syncing, empty if no reason is known."""
    suspension = facts_of(snapshot, now).suspension
    if suspension is not None and suspension.suspended and suspension.reason not in (None, UNKNOWN_ERROR):
        return f"HubSpot reports {suspension.reason}"
    return ", ".join(condition.reason for condition in conditions if condition.holds)


def _stale(explanation: str) -> Channel:
    """Changes wait for more than an hour and nothing known explains it. A quiet weekend is healthy."""

    def channel(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
        for part, source in sources_of(snapshot, now, Heartbeat):
            waiting = waiting_since(part)
            stale = waiting is not None and now >= waiting + STALE_AFTER
            detail = "records sync, or none has changed"
            if stale:
                detail = "changes wait for more than an hour" + (f"; explained: {explanation}" if explanation else "")
            yield Evidence(_read_at(snapshot, source), stale and not explanation, source, detail)

    return channel


def waiting_since(heartbeat: Heartbeat) -> float | None:
    """The oldest change that no sync of any object has followed."""
    newest_sync = max((one.last_sync for one in heartbeat.objects if one.last_sync is not None), default=0.0)
    waiting = [one.waiting_since for one in heartbeat.objects if one.waiting_since is not None]
    return min((moment for moment in waiting if moment > newest_sync), default=None)


def conditions_change_at(snapshot: Snapshot, now: float) -> float:
    """When the conditions of an unchanged snapshot change next: evidence expires, or a change has waited too long."""
    moments = [
        waiting + STALE_AFTER
        for part, _ in sources_of(snapshot, now, Heartbeat)
        if (waiting := waiting_since(part)) is not None and waiting + STALE_AFTER > now
    ]
    return min((facts_expire_at(snapshot, now), *moments))


def _read_at(snapshot: Snapshot, source: str) -> float:
    reading = snapshot.reading(source)
    return (reading.succeeded_at if reading else None) or 0.0


_CHANNELS: Mapping[str, tuple[Channel, ...]] = {
    "salesforce_org_api_limit_exceeded": (_org_calls,),
    "salesforce_org_api_access_disabled": (
        _calls_met("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"),
        _api_enabled,
    ),
    "salesforce_object_permissions_missing": (_objects,),
    "salesforce_field_permissions_missing": (_fields,),
    "salesforce_org_locked": (_calls_met("UNABLE_TO_LOCK_ROW", "ORG_LOCKED"),),
    "salesforce_org_storage_limit_exceeded": (_storage,),
    "salesforce_org_unavailable": (_calls_met("SERVER_UNAVAILABLE", "HTTP_502", "HTTP_503", "HTTP_504"), _trust),
    "salesforce_server_error": (_calls_met("UNKNOWN_EXCEPTION", "HTTP_500"),),
    "hubspot_api_limit_exceeded": (_allocation,),
}
"""``missing_field_mappings`` is not here: only HubSpot can know. ``unknown_error`` is what the others leave over."""
