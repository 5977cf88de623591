"""What a Sync Health page says, in the format of the bridge's ``GET /sync-health``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.clock import is_plausible, parse_timestamp
from exporter.errors import InvalidAnswer
from exporter.model import ErrorCount, Suspension, SyncHealth
from exporter.schemas.json_schema import checked

FIRST_READ = "first_read_at"
"""Added to a page that is of a time to come."""


def page_read(page: Any, before: Mapping[str, Any] | None, now: float) -> dict[str, Any]:
    """A page as it is kept, read ``now`` after the one ``before``; raises ``InvalidAnswer`` for what is none."""
    health = dict(checked(page, "sync_health", "sync-health"))
    health.pop(FIRST_READ, None)
    if _time(health["as_of"], "as_of") > now:
        known = before or {}
        same = known.get("as_of") == health["as_of"]
        health[FIRST_READ] = known.get(FIRST_READ, now) if same else now
    return health


def page_of(payload: Any) -> SyncHealth:
    """What a page says; raises ``InvalidAnswer`` for what is no such page."""
    health = checked(payload, "sync_health", "sync-health")
    as_of = _time(health["as_of"], "as_of")
    calls = health.get("api_calls") or {}
    errors = health.get("errors")
    return SyncHealth(
        as_of=min(as_of, health.get(FIRST_READ, as_of)),
        api_calls_used=_count(calls.get("used_24h")),
        api_calls_allocated=_count(calls.get("allocated")),
        limited_by_salesforce=_count(calls.get("limited_by_salesforce")),
        suspension=_suspension(health.get("suspension")),
        errors=None if errors is None else tuple(_error_counts(errors)),
    )


def _suspension(entry: Mapping[str, Any] | None) -> Suspension | None:
    if entry is None or entry.get("suspended") is None:
        return None
    if not entry["suspended"]:
        return Suspension(suspended=False, reason=None, since=None)
    reason, since = entry.get("reason"), entry.get("since")
    return Suspension(
        suspended=True,
        reason=CATALOG.reason(reason) if reason else None,
        since=_time(since, "suspension.since") if since else None,
    )


def _error_counts(entries: Iterable[Mapping[str, Any]]) -> Iterable[ErrorCount]:
    """One ErrorCount a pair: reports of several types outside the catalogue add up under ``unknown``."""
    counts: dict[tuple[str, str], ErrorCount] = {}
    for entry in entries:
        pair = CATALOG.classify(entry["category"], entry.get("error_type"))
        errors, records = _count(entry.get("errors")), _count(entry.get("affected_records"))
        before = counts.get(pair)
        if before is not None:
            errors, records = _sum(before.errors, errors), _sum(before.affected_records, records)
        counts[pair] = ErrorCount(*pair, errors, records)
    return counts.values()


def _sum(one: int | None, other: int | None) -> int | None:
    """A sum with an unknown part is unknown."""
    return None if one is None or other is None else one + other


def _count(value: int | float | None) -> int | None:
    return None if value is None else int(value)


def _time(text: str, where: str) -> float:
    try:
        moment = parse_timestamp(text)
    except ValueError as error:
        raise InvalidAnswer(f"sync-health: {where} is not an RFC 3339 time with a zone") from error
    if not is_plausible(moment):
        raise InvalidAnswer(f"sync-health: {where} is before 1970 or after 2999")
    return moment
