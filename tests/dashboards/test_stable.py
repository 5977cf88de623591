"""What others link to does not change: uids, panel numbers, titles."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.dashboards.boards import NAMES, board

UIDS: Mapping[str, tuple[str, str]] = {
    "fleet": ("hubspot-salesforce-fleet", "HubSpot–Salesforce / Fleet"),
    "sync-health": ("hubspot-salesforce-sync-health", "HubSpot–Salesforce / Sync health"),
    "remediation": ("hubspot-salesforce-remediation", "HubSpot–Salesforce / Remediation"),
    "exporter": ("hubspot-salesforce-exporter", "HubSpot–Salesforce / Exporter"),
}

PANELS: Mapping[str, Mapping[int, str]] = {
    "fleet": {
        100: "How many",
        101: "Integrations",
        102: "Suspended",
        103: "Cause seen",
        104: "Sync errors",
        105: "Affected records",
        106: "Open resync jobs",
        200: "Which",
        201: "Integrations, worst first",
        300: "Over time",
        301: "State of each integration",
        302: "Firing alerts",
        303: "API calls, share of the allocation",
        304: "Sync errors by integration",
    },
    "sync-health": {
        100: "Now",
        101: "State",
        102: "Reason",
        103: "Suspended",
        104: "Sync errors",
        105: "Available, 30 days",
        106: "Suspended, 30 days",
        200: "API calls",
        201: "API calls in the rolling 24 hours",
        202: "Share of the allocation",
        203: "Share of the org's limit",
        204: "Used up at today's pace",
        206: "Calls left, and the change of an hour",
        207: "Who makes the org's calls",
        300: "Sync errors",
        301: "Associations",
        302: "Custom code",
        303: "Duplicates",
        304: "Permissions",
        305: "Picklists",
        306: "Property mappings",
        307: "Property values",
        308: "Other",
        320: "By error type",
        321: "Errors by category",
        322: "Affected records by category",
        400: "Suspension",
        401: "Reported by HubSpot",
        402: "Causes the exporter sees",
        403: "Who said it",
        500: "Last sync",
        501: "Last sync of each object",
        502: "Time since the last sync",
        503: "Sync available",
        504: "Which direction",
        505: "Time since HubSpot last wrote to Salesforce",
        700: "Canary",
        701: "In time, 30 days",
        702: "Error budget left",
        703: "Newest round",
        704: "Burn rate",
        705: "Time to arrive",
        706: "Rounds by outcome",
        506: "Records not in Salesforce",
        507: "All of them, and what is usual",
        600: "Salesforce: permissions, status, storage",
        601: "Permissions of the integration user",
        602: "Integration user",
        603: "Salesforce status",
        604: "Storage, share in use",
        605: "Storage",
        606: "Access ends",
    },
    "remediation": {
        100: "Now",
        101: "Queued",
        102: "Running",
        103: "Done",
        104: "Failed",
        105: "Oldest queued job",
        106: "Records resynced, 24 h",
        107: "Waiting for approval",
        108: "Cured, 24 h",
        109: "Came back, 24 h",
        110: "Unchanged, 24 h",
        111: "HubSpot's own calls, share of the day",
        200: "Jobs and records",
        201: "Jobs by state",
        202: "Records by outcome",
        203: "Refusals by reason",
        204: "Age of the queue",
        205: "Cured, came back, unchanged",
        300: "Cost and notifications",
        301: "API cost of resyncs, share of the allocation",
        303: "Notifications by result",
        304: "Requests by integration and API",
        305: "HubSpot's own API calls of the day",
    },
    "exporter": {
        100: "Replicas",
        101: "Replicas up",
        102: "Versions",
        103: "Configuration",
        104: "Running since",
        200: "Sources",
        201: "Sources",
        202: "Worst source of each integration",
        203: "Failed reads by kind",
        204: "Duration of polls, 95th percentile",
        205: "Age of what you see",
        300: "What watching costs",
        301: "Salesforce calls of 24 hours, share of the cap",
        302: "Salesforce calls of 24 hours",
        303: "Requests by API",
        400: "Scrape and process",
        401: "Scrape time",
        402: "Scrape size",
        403: "Memory",
        404: "CPU",
        405: "Open files, share of the limit",
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_uid_and_title_are_what_they_were(name: str) -> None:
    """Alerts and bookmarks lead to the uid."""
    assert (board(name)["uid"], board(name)["title"]) == UIDS[name]


@pytest.mark.parametrize("name", NAMES)
def test_panels_are_what_they_were(name: str) -> None:
    """A link to a panel names its number; a number that is taken anew would lead astray."""
    numbered = [(panel["id"], panel["title"]) for panel in board(name)["panels"]]
    assert dict(numbered) == PANELS[name]
    assert len(dict(numbered)) == len(numbered)


@pytest.mark.parametrize("name", NAMES)
def test_panels_stand_on_the_grid(name: str) -> None:
    """Within 24 columns, and none over another."""
    taken: set[tuple[int, int]] = set()
    for panel in board(name)["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
