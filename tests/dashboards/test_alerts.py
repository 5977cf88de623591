"""Alerts lead to the dashboard that explains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.dashboards.boards import NAMES, board
from tests.dashboards.history import History
from tests.dashboards.prometheus import Client
from tests.dashboards.recordings import RULES
from tests.dashboards.story import SCRAPE

EXPORTERS = ("ExporterDown", "SourceFailing", "DataStale", "MailboxUnreadable", "StoreUnwritable", "ConfigNotReloaded")
REMEDIATIONS = ("ResyncFailing", "ResyncBacklog", "ResyncNeedsApproval", "ResyncCuresNothing", "WebhookRejected")
OF_NO_INTEGRATION = ("ExporterDown", "WebhookRejected", "StoreUnwritable", "ConfigNotReloaded")

GOOD_ALL_DAY = {"StoreUnwritable", "ConfigNotReloaded"}
"""Of what is never so on the bad day."""


def alerts() -> Iterator[Any]:
    """Every alert without its prefix, and where it leads."""
    for file in sorted(RULES.glob("*.rules.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    name = rule["alert"].removeprefix("HubSpotSalesforce")
                    severity = rule["labels"]["severity"]
                    yield pytest.param(name, rule["annotations"]["dashboard_url"], id=f"{name}-{severity}")


@pytest.mark.parametrize(("name", "url"), list(alerts()))
def test_an_alert_leads_to_the_right_dashboard(name: str, url: str) -> None:
    """Its own kind of dashboard, with the integration it is of, by variables that dashboard has."""
    by_uid = {board(file)["uid"]: file for file in NAMES}
    parts = urlsplit(url)
    wanted = "exporter" if name in EXPORTERS else "remediation" if name in REMEDIATIONS else "sync-health"
    assert by_uid[parts.path.removeprefix("/d/")] == wanted
    variables = {variable["name"] for variable in board(wanted)["templating"]["list"]}
    given = parse_qs(parts.query)
    assert {name.removeprefix("var-") for name in given} <= variables
    assert given == ({} if name in OF_NO_INTEGRATION else {"var-integration": ["{{ $labels.integration | urlquery }}"]})


@pytest.mark.binaries
def test_alerts_with_an_integration_fire_with_one(prometheus: Client, history: History) -> None:
    """The label the links are made of is there: every alert that fired on the bad day has it, or names none."""
    fired = prometheus.range("ALERTS", history.bad.start, history.bad.end, SCRAPE)
    without = {
        series["metric"]["alertname"].removeprefix("HubSpotSalesforce")
        for series in fired
        if "integration" not in series["metric"]
    }
    assert without == set(OF_NO_INTEGRATION) - GOOD_ALL_DAY
