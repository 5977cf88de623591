"""Suspensions: what HubSpot reports, and which causes the exporter sees itself."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.catalog.catalog import CATALOG
from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import Suspension
from exporter.state.conditions import conditions_of


def _samples(known: Known) -> Iterator[Sample]:
    if known.facts.suspension is not None:
        yield from _reported(known.facts.suspension)
    for condition in conditions_of(known.snapshot, known.now):
        yield "suspension_condition", {"reason": condition.reason}, float(condition.holds)


def _reported(suspension: Suspension) -> Iterator[Sample]:
    yield "suspended", {}, float(suspension.suspended)
    if suspension.reason is not None or not suspension.suspended:
        for reason in CATALOG.reason_names:
            yield "suspension_reason", {"reason": reason}, float(reason == suspension.reason)
    if suspension.since is not None:
        yield "suspension_start_timestamp_seconds", {}, suspension.since


FAMILIES = Families(
    help={
        "suspended": "1 if HubSpot reports the integration suspended.",
        "suspension_reason": "1 for the suspension reason HubSpot reports, 0 for the others.",
        "suspension_start_timestamp_seconds": "Since when the integration is suspended.",
        "suspension_condition": "1 if the exporter itself sees the cause of a suspension right now, 0 if it does not.",
    },
    samples=_samples,
)
