"""The dashboards keep the rules of Grafana's dashboard-linter; what they do not keep has a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.dashboards.boards import NAMES, Json, board, panels
from tests.dashboards.linter import RULES, Finding, findings


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rule that need not be kept where ``where`` matches, and why not."""

    rule: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return self.rule == finding.rule and re.search(self.where, finding.where) is not None


EXCEPTIONS = (
    Allowance(
        "target-job",
        r": integration(_[a-z]+)?:hubspot_salesforce_[a-z0-9_]+:[a-z0-9]+$",
        "a recorded series is one for all jobs and replicas: its rule has aggregated the job away",
    ),
    Allowance(
        "target-job",
        r": ALERTS$",
        "alerts are aggregated by integration: they carry no job",
    ),
    Allowance(
        "target-integration",
        r": ALERTS$",
        'bound to `integration=~"$integration|"`: alerts of the exporter itself carry no integration',
    ),
    Allowance(
        "target-integration",
        r"^(exporter|remediation) / .*: (up|scrape_[a-z_]+|process_[a-z_]+)$",
        "a replica serves all integrations",
    ),
    Allowance(
        "target-integration",
        r": hubspot_salesforce_(exporter_build_info|config_last_reload_successful|webhook_notifications_total"
        r"|source_poll_duration_seconds_bucket)$",
        "these metrics carry no integration",
    ),
    Allowance(
        "target-rate-interval",
        r": hubspot_salesforce_(upstream_requests|resync_records|resync_verified_records)_total\[24h\]$",
        "the sum of a day is what is shown: the cap and the allocation are of 24 hours",
    ),
    Allowance(
        "target-rate-interval",
        r": hubspot_salesforce_canary_latency_seconds_bucket\[24h\]$",
        "a round comes every half hour: there is nothing to tell of a shorter time",
    ),
    *(
        Allowance(
            rule,
            r": hubspot_salesforce_(source_errors|resync_refusals)_total$",
            "it comes into being when it first moves: where it was not there before, all it shows is its increase",
        )
        for rule in ("target-counter-agg", "target-rate-before-sum")
    ),
    Allowance(
        "target-rate-before-sum",
        r": hubspot_salesforce_canary_(latency_seconds_bucket|rounds_total)$",
        "the counts are in the store, and every replica shows the same",
    ),
)


@pytest.mark.parametrize("name", NAMES)
def test_rules_are_kept_or_there_is_a_reason(name: str) -> None:
    """Nothing is found but what one exception speaks of."""
    found = findings(name, board(name))
    assert {finding for finding in found if not any(one.covers(finding) for one in EXCEPTIONS)} == set()


def test_every_exception_is_needed() -> None:
    """A rule that is kept everywhere needs no exception."""
    found = [finding for name in NAMES for finding in findings(name, board(name))]
    assert [one.reason for one in EXCEPTIONS if not any(one.covers(finding) for finding in found)] == []


def _first_query(of: Json, expr: str) -> None:
    panels(of)[0]["targets"][0]["expr"] = expr


BOUND = 'job=~"$job", integration=~"$integration"'
DAMAGE: dict[str, Callable[[Json], Any]] = {
    "template-datasource": lambda of: of["templating"]["list"].pop(0),
    "template-choice": lambda of: of["templating"]["list"][2].update(multi=False),
    "template-on-time-change-reload": lambda of: of["templating"]["list"][1].update(refresh=1),
    "template-label-promql": lambda of: of["templating"]["list"][2].update(query="label_values(up{}, integration)"),
    "panel-datasource": lambda of: panels(of)[0]["targets"][0].update(datasource={"type": "prometheus", "uid": "P1"}),
    "panel-title-description": lambda of: panels(of)[0].update(description=""),
    "panel-units": lambda of: panels(of)[0]["fieldConfig"]["defaults"].update(unit="furlongs"),
    "panel-no-value": lambda of: panels(of)[0]["fieldConfig"]["defaults"].pop("noValue"),
    "panel-no-targets": lambda of: panels(of)[0].update(targets=[]),
    "target-job": lambda of: _first_query(of, 'max by (x) (hubspot_salesforce_suspended{integration=~"$integration"})'),
    "target-integration": lambda of: _first_query(of, "max by (integration) (hubspot_salesforce_suspended)"),
    "target-rate-interval": lambda of: _first_query(of, f"sum(rate(hubspot_salesforce_x_total{{{BOUND}}}[5m]))"),
    "target-counter-agg": lambda of: _first_query(of, f"sum(hubspot_salesforce_x_total{{{BOUND}}})"),
    "target-rate-before-sum": lambda of: _first_query(of, f"max(rate(hubspot_salesforce_x_total{{{BOUND}}}[1m]))"),
    "target-replicas": lambda of: _first_query(of, f"sum(hubspot_salesforce_suspended{{{BOUND}}})"),
    "uneditable-dashboard": lambda of: of.update(editable=True),
    "links-keep-time-and-variables": lambda of: of["links"][0].update(keepTime=False),
    "colour-is-not-alone": lambda of: panels(of)[0]["fieldConfig"]["defaults"].update(
        mappings=[{"type": "value", "options": {n: {"text": "state", "color": "red"} for n in "01"}}]
    ),
}


def test_every_rule_is_tried() -> None:
    """There is damage for each rule."""
    assert DAMAGE.keys() == RULES.keys()


@pytest.mark.parametrize("rule", DAMAGE)
def test_a_broken_rule_is_found(rule: str) -> None:
    """The same dashboard, damaged in one place, breaks the rule in one place more."""
    damaged = board("fleet")
    DAMAGE[rule](damaged)
    new = findings("fleet", damaged) - findings("fleet", board("fleet"))
    assert rule in {finding.rule for finding in new}
