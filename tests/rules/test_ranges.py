"""Every query looks back far enough to find a sample, also where one is missing or late.

Since Prometheus 3 a range does not include its left end, nor does the lookback of a query without one: of samples five
minutes apart `[5m]` finds one, and none while the next is late. Before, it found one or two. So all is looked back
at for twice as long as its samples are apart: then there is one at any moment, in any version, even if one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest

import pytest
import yaml

from exporter.config.durations import parse_duration
from tests.dashboards.boards import NAMES as BOARDS
from tests.dashboards.boards import queries
from tests.rules.promql import tokens
from tests.rules.rulebook import RULES, Rule, rules, titles
from tests.rules.runbook import RUNBOOKS, Runbook

MINUTE = 60.0
LOOKBACK = 5 * MINUTE
"""What a query without a range looks back by default."""

AT_MOST = 2 * MINUTE
"""The longest interval of scrapes, and of evaluations where a group has none of its own, that the README allows."""

OF_GRAFANA = {"__rate_interval": f"{4 * AT_MOST:.0f}s", "cap": "500"}
"""The variables of queries outside of strings; the first is Grafana's own choice, four scrapes."""


@cache
def recorded_every() -> Mapping[str, float]:
    """Seconds between two samples of each recorded series."""
    files = (yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in RULES.glob("*.rules.yml"))
    groups = [group for file in files for group in file["groups"]]
    return {
        rule["record"]: parse_duration(group["interval"]) if "interval" in group else AT_MOST
        for group in groups
        for rule in group["rules"]
        if "record" in rule
    }


def looks_back(expression: str) -> Iterator[tuple[str, float]]:
    """Each metric of an expression, and by how many seconds it is looked back at."""
    pieces = [token for token in tokens(expression) if token.role != "inside" and token.text not in "{}"]
    for token, *rest in zip_longest(pieces, pieces[1:], pieces[2:], pieces[3:]):
        if token.role == "metric":
            opening, duration, closing = rest
            ranged = opening is not None and opening.text == "["
            assert not ranged or closing.text == "]", f"a subquery: {expression}"
            yield token.text, parse_duration(duration.text) if ranged else LOOKBACK


def too_short(expression: str) -> list[str]:
    """What an expression may miss."""
    return [
        f"{metric} has a sample every {distance:g} s, and is looked back at by {window:g} s"
        for metric, window in looks_back(expression)
        if window < 2 * (distance := recorded_every().get(metric, AT_MOST))
    ]


@pytest.mark.parametrize("rule", rules(), ids=titles().get)
def test_a_rule_looks_back_far_enough(rule: Rule) -> None:
    """At what is scraped and at what other rules record."""
    assert too_short(rule.body["expr"]) == []


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda runbook: runbook.name)
def test_what_a_runbook_asks_looks_back_far_enough(runbook: Runbook) -> None:
    """Every query that is to be pasted."""
    assert [found for query in runbook.blocks("promql") for found in too_short(query)] == []


@pytest.mark.parametrize("name", BOARDS)
def test_what_a_dashboard_asks_looks_back_far_enough(name: str) -> None:
    """Every query of its panels and annotations."""
    found = {query.key: too_short(query.filled(OF_GRAFANA)) for query in queries(name)}
    assert {key: short for key, short in found.items() if short} == {}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("up", 0),
        ("max_over_time(up[4m])", 0),
        ("max_over_time(up[3m])", 1),
        ('sum by (job) (rate(up{job="a", instance=~"b}[1m]"}[1m] offset 1d)) or up', 1),
        ("integration_scope:hubspot_salesforce_api_calls_used:max5m", 1),
        ("changes(integration_scope:hubspot_salesforce_api_calls_used:max5m[9m])", 1),
        ("changes(integration_scope:hubspot_salesforce_api_calls_used:max5m[10m])", 0),
        ("avg_over_time(integration:hubspot_salesforce_suspended:avg30m[30m])", 1),
    ],
)
def test_what_looks_back_too_short_is_found(expression: str, found: int) -> None:
    """With and without a range, on what is scraped and on what a group with an interval of its own records."""
    assert len(too_short(expression)) == found
