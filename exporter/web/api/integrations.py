"""``GET /api/v1/integrations``: what the exporter believes, and who said it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.clock import Clock, format_timestamp
from exporter.model import CanaryDirection, CanaryRounds
from exporter.state.conditions import Condition, conditions_of
from exporter.state.directions import Directions, directions_of
from exporter.state.evidence import Evidence
from exporter.state.facts import Facts, facts_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots
from exporter.state.statement import NOT_POLLED, sources_of
from exporter.web.pages.canary_lines import half_within
from exporter.web.pages.error_notices import notices_json


def integrations_endpoint(snapshots: Snapshots, clock: Clock) -> Callable[[Request], Awaitable[Response]]:
    """``GET /api/v1/integrations``."""

    async def integrations(_request: Request) -> Response:
        now = clock.time()
        return JSONResponse({"integrations": [_integration(snapshot, now) for snapshot in snapshots]})

    return integrations


def _integration(snapshot: Snapshot, now: float) -> dict[str, Any]:
    facts = facts_of(snapshot, now)
    return {
        "name": snapshot.integration,
        "api_calls": {
            "org_used": facts.org_calls_used,
            "org_limit": facts.org_calls_limit,
            "used": facts.calls_used,
            "allocated": facts.calls_allocated,
        },
        "hubspot_api_calls": {"used": facts.hubspot_calls_used, "limit": facts.hubspot_calls_limit},
        "storage": [asdict(storage) for storage in facts.storage],
        "suspension": _suspension(facts),
        "errors": None if facts.errors is None else [asdict(count) for count in facts.errors],
        "error_notices": notices_json(snapshot, now),
        "canary": _canary(snapshot, now),
        "directions": _directions(directions_of(snapshot, now)),
        "stated_by": facts.stated_by,
        "stated_at": {fact: format_timestamp(facts.stated_at.get(fact)) for fact in facts.stated_by},
        "conditions": [_condition(condition) for condition in conditions_of(snapshot, now)],
        "sources": [
            _source(reading)
            for reading in sorted(snapshot.readings, key=lambda reading: reading.source)
            if reading.source not in NOT_POLLED
        ],
    }


def _directions(directions: Directions) -> dict[str, Any]:
    both = {"to_salesforce": directions.to_salesforce, "to_hubspot": directions.to_hubspot}
    return {
        name: {
            "course": one.course.value,
            "stands_since": format_timestamp(one.since),
            "last_seen_at": format_timestamp(one.last),
        }
        for name, one in both.items()
    }


def _canary(snapshot: Snapshot, now: float) -> dict[str, Any] | None:
    """What the probe has shown; ``None`` where there is none."""
    for canary, _name in sources_of(snapshot, now, CanaryRounds):
        return {
            "objective": canary.objective,
            "deadline_seconds": canary.deadline,
            "under_way_since": format_timestamp(canary.under_way_since),
            "directions": {one.direction: _canary_direction(one) for one in canary.directions},
        }
    return None


def _canary_direction(one: CanaryDirection) -> dict[str, Any]:
    return {
        "success": one.success,
        "ended_at": format_timestamp(one.ended_at),
        "half_within_seconds": half_within(one),
        "rounds": dict(one.rounds),
    }


def _suspension(facts: Facts) -> dict[str, Any] | None:
    if facts.suspension is None:
        return None
    stated = facts.suspension
    detail = facts.recovery.detail if facts.recovery else None
    return {**asdict(stated), "since": format_timestamp(stated.since), "detail": detail}


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "reason": condition.reason,
        "holds": condition.holds,
        "set_by": _evidence(condition.set_by),
        "cleared_by": _evidence(condition.cleared_by),
    }


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    return {
        "source": evidence.source,
        "at": format_timestamp(evidence.at),
        "as_of": format_timestamp(evidence.as_of),
        "detail": evidence.detail,
    }


def _source(reading: Reading) -> dict[str, Any]:
    return {
        "source": reading.source,
        "up": reading.up,
        "interval_seconds": reading.interval,
        "attempted_at": format_timestamp(reading.attempted_at),
        "succeeded_at": format_timestamp(reading.succeeded_at),
        "as_of": format_timestamp(reading.as_of),
        "failure": asdict(reading.failure) if reading.failure else None,
        "parts": [asdict(part) for part in reading.parts],
    }
