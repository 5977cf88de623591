"""Salesforce API calls in the rolling 24 hours: of the whole org, and of the integration."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample


def _samples(known: Known) -> Iterator[Sample]:
    facts = known.facts
    calls = {
        "org_api_calls_used": facts.org_calls_used,
        "org_api_calls_limit": facts.org_calls_limit,
        "integration_api_calls_used": facts.calls_used,
        "integration_api_calls_allocated": facts.calls_allocated,
    }
    for family, count in calls.items():
        if count is not None:
            yield family, {}, float(count)


FAMILIES = Families(
    help={
        "org_api_calls_used": "Salesforce API calls of the whole org in the rolling 24 hours.",
        "org_api_calls_limit": "Salesforce API calls the org may make in the rolling 24 hours (Limited by Salesforce).",
        "integration_api_calls_used": "Salesforce API calls of the integration in the rolling 24 hours.",
        "integration_api_calls_allocated": "Salesforce API calls the owner allocated to HubSpot.",
    },
    samples=_samples,
)
