"""Who said what the pages show, and of when that is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.state.facts import Facts
from exporter.web.pages.source_lines import age

_TITLES: Mapping[str, str] = {
    "suspension": "Suspension",
    "errors": "Sync errors",
    "calls_used": "Calls of the integration",
    "calls_suspected": "Calls that may be the integration's",
    "calls_allocated": "Calls allocated to it",
    "org_calls_used": "Calls of the whole org",
    "org_calls_limit": "Calls allowed by Salesforce",
    "storage": "Storage",
    "hubspot_calls_used": "Calls of HubSpot's own API",
    "hubspot_calls_limit": "Calls of it that HubSpot allows",
}


@dataclass(frozen=True, slots=True)
class FactLine:
    """One known fact: ``told`` is how long ago its statement was true, empty where nobody knows."""

    title: str
    source: str
    told: str


def fact_lines(facts: Facts, now: float) -> tuple[FactLine, ...]:
    """One for each known fact."""
    return tuple(
        FactLine(title, facts.stated_by[fact], age(now - facts.stated_at[fact]) if fact in facts.stated_at else "")
        for fact, title in _TITLES.items()
        if fact in facts.stated_by
    )
