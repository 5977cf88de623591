"""Calls of HubSpot's own API: what all apps of the account have used of their day, which begins at its midnight."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample


def _samples(known: Known) -> Iterator[Sample]:
    facts = known.facts
    if facts.hubspot_calls_used is not None:
        yield "hubspot_api_calls_used", {}, float(facts.hubspot_calls_used)
    if facts.hubspot_calls_limit is not None:
        yield "hubspot_api_calls_limit", {}, float(facts.hubspot_calls_limit)


FAMILIES = Families(
    help={
        "hubspot_api_calls_used": "HubSpot API calls of all apps of the account since its midnight.",
        "hubspot_api_calls_limit": "HubSpot API calls that all apps of the account may make in a day.",
    },
    samples=_samples,
)
