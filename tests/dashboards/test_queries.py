"""Every query of every dashboard, on a real Prometheus that has watched a quiet half day and a bad day."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from dashboards.builder.queries import ALL_CHOSEN
from tests.dashboards.boards import NAMES, Asked, choices, filled, queries
from tests.dashboards.history import History, Span
from tests.dashboards.prometheus import Client, backfill
from tests.dashboards.promql import selectors
from tests.dashboards.story import HOUR, SCRAPE

pytestmark = pytest.mark.binaries

ALL: Mapping[str, str] = {
    "job": ".+",
    "integration": ".+",
    "cap": "500",
    # Grafana's own choice: four scrapes, so that a rate has samples even where one scrape failed.
    "__rate_interval": f"{4 * SCRAPE:.0f}s",
}
EVERY = HOUR / 4

EMPTY_WHEN_HEALTHY: Mapping[str, str] = {
    "sync-health / Reason A": "the reason of a suspension or of a cause: there is none",
    "sync-health / Suspended A": "since when HubSpot reports a suspension: it reports none",
    "sync-health / Used up at today's pace A": "when the allocation is used up: the pace does not lead there",
    "sync-health / Used up at today's pace B": "when the org's limit is reached: the pace does not lead there",
    "sync-health / Storage C": "the forecast compares with the day before: the quiet half day is the first there is",
    "sync-health / Access ends A": "when an assignment ends: none does",
    "remediation / Oldest queued job A": "the queue is empty",
    "remediation / Refusals by reason A": "nothing is refused",
    "remediation / Age of the queue A": "the queue is empty",
    "exporter / Failed reads by kind A": "no read fails",
    "exporter / Sources C": "how many parts are missing: none is",
}
"""Queries that return nothing while all is well, and why. On the bad day they must return something."""

QUERIES = [pytest.param(query, id=query.key) for name in NAMES for query in queries(name)]


def returns_data(client: Client, query: Asked, span: Span, variables: Mapping[str, str] = ALL) -> bool:
    """Whether a query returns anything at any time of a span."""
    return bool(client.range(query.filled(variables), span.start, span.end, EVERY))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_returns_data_or_it_is_said_why_not(prometheus: Client, history: History, query: Asked) -> None:
    """On the bad day every query shows something; on the quiet one all but those of which it is said."""
    assert returns_data(prometheus, query, history.bad)
    assert returns_data(prometheus, query, history.quiet) == (query.key not in EMPTY_WHEN_HEALTHY)


def test_only_queries_that_exist_may_be_empty() -> None:
    """The list of what may be empty names no query that is gone."""
    assert EMPTY_WHEN_HEALTHY.keys() <= {query.key for name in NAMES for query in queries(name)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("chosen", ["acme", "(acme|apac)"])
def test_chosen_integrations_are_the_only_ones(prometheus: Client, history: History, name: str, chosen: str) -> None:
    """Whatever is chosen, no query fails, and none shows an integration that is not chosen."""
    for query in queries(name):
        found = prometheus.instant(query.filled({**ALL, "integration": chosen}), history.ends)
        shown = {series["metric"]["integration"] for series in found if "integration" in series["metric"]}
        # An alert of the exporter itself is of all of them.
        assert shown <= {*chosen.strip("()").split("|"), ALL_CHOSEN}, query.key


@pytest.mark.parametrize("name", NAMES)
def test_another_job_shows_nothing_of_this_one(prometheus: Client, history: History, name: str) -> None:
    """Every query that reads the exporter's own series is bound to the job; recorded ones carry none."""
    for query in queries(name):
        if ":" not in query.expr and "ALERTS" not in query.expr:
            assert not prometheus.instant(query.filled({**ALL, "job": "another"}), history.ends), query.key


def test_a_second_replica_doubles_nothing(prometheus: Client, history: History, tmp_path: Path) -> None:
    """Replicas show the same facts: what is neither a replica's own count nor of each replica stays the same."""
    both = History(tmp_path / "blocks")
    shutil.copytree(history.blocks, both.blocks)
    backfill(both.replica, both.blocks)
    of_facts = [
        query
        for name in NAMES
        for query in queries(name)
        if "instance" not in query.expr
        and not any(found.within[:1] == ("increase",) for found in selectors(query.expr))
    ]
    # One Prometheus a folder: 2.42 let a second one in, 3 does not.
    before = {query.key: shown(prometheus, query, history.ends) for query in of_facts}
    with both.prometheus() as two:
        assert len(two.instant("up", both.ends)) == 2
        assert {query.key: shown(two, query, both.ends) for query in of_facts} == before


def shown(client: Client, query: Asked, at: float) -> dict[frozenset[tuple[str, str]], str]:
    """What a query returns at a time: values by labels."""
    return {frozenset(one["metric"].items()): one["value"][1] for one in client.instant(query.filled(ALL), at)}


@pytest.mark.parametrize("name", NAMES)
def test_variables_offer_what_there_is(prometheus: Client, history: History, name: str) -> None:
    """Job and integration list what Prometheus knows."""
    offered = {
        choice.name: prometheus.label_values(
            choice.label, filled(choice.selector, ALL), history.quiet.start, history.quiet.end
        )
        for choice in choices(name)
    }
    assert offered == {"job": ["hubspot-salesforce"], "integration": ["acme", "apac", "emea"]}


@pytest.mark.parametrize("name", NAMES)
def test_alerts_are_drawn_as_annotations(prometheus: Client, history: History, name: str) -> None:
    """Alerts of the chosen integrations, and those of the exporter itself, which belong to none."""
    [annotation] = [query for query in queries(name) if query.where.startswith("annotation")]
    found = prometheus.range(
        annotation.filled({**ALL, "integration": "acme"}), history.bad.start, history.bad.end, SCRAPE
    )
    alerts = {(series["metric"]["alertname"], series["metric"].get("integration")) for series in found}
    assert ("HubSpotSalesforceOrgApiLimitExceeded", "acme") in alerts
    assert ("HubSpotSalesforceExporterDown", None) in alerts
    assert {integration for _, integration in alerts} == {"acme", None}
