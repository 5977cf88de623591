"""The course of the rounds as the store keeps it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from exporter.config.intervals import HEARTBEAT
from exporter.config.settings import Canary, Integration
from exporter.sources.probe.course import TO_HUBSPOT, TO_SALESFORCE, Course, Leg, Plan
from exporter.sources.probe.tally import bounds_for, tally_of

_KEPT = ("due_at", "began_at", "queries", "trying_since", "checked_at", "value", "answered_at")


def plan_of(canary: Canary, settings: Integration) -> Plan:
    """Without an integration user nobody takes turns."""
    org = settings.salesforce
    turn = settings.intervals.get(HEARTBEAT, 0.0) if org is not None and org.integration_user is not None else 0.0
    return Plan(canary.interval, canary.deadline, canary.back is not None, turn)


def directions_of(canary: Canary) -> tuple[str, ...]:
    """What is probed."""
    return (TO_SALESFORCE,) if canary.back is None else (TO_SALESFORCE, TO_HUBSPOT)


def course_of(told: Mapping[str, Any] | None, canary: Canary, now: float) -> Course:
    """The course that was told of; what was under way with other records or properties is nothing any more. What the
    rounds have shown stays."""
    shown = told["directions"] if told else {}
    bounds = bounds_for(canary.deadline)
    tallies = {name: tally_of(shown.get(name), bounds) for name in directions_of(canary)}
    if told is None or told["of"] != identity_of(canary):
        return Course(tallies, due_at=now)
    leg = told.get("leg")
    kept = {key: told[key] for key in _KEPT if key in told}
    return Course(tallies, leg=Leg(**leg) if leg else None, **kept)


def payload_of(course: Course, canary: Canary) -> dict[str, Any]:
    """As JSON."""
    return {
        "of": identity_of(canary),
        "objective": canary.objective,
        "deadline": canary.deadline,
        "leg": asdict(course.leg) if course.leg else None,
        "directions": {name: tally.told() for name, tally in course.tallies.items()},
        **{key: getattr(course, key) for key in _KEPT},
    }


def identity_of(canary: Canary) -> str:
    """Which records, properties and fields it is about."""
    told = asdict(canary)
    return json.dumps({key: told[key] for key in sorted(told) if key not in ("interval", "deadline", "objective")})
