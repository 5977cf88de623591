"""Every alert has a promtool test of each of its aspects, and no name of a test says more than the test shows.

A group of ``rules/tests/*.test.yml`` that is about an alert is named

    <AlertName>[ <severity>], <what it shows>

with the severity only where two rules share the alert's name (left out there, the group speaks of both), and with these
words, anywhere after the comma, for the aspects it shows; ``aspects.py`` says what each asks of the content:

    healthy        silent on values as they should be
    just below     silent on the values next to those that fire (a state: beside its neighbour, or a minute short)
    pending        ALERTS says so, in the last minute before it fires
    firing         with all labels and annotations
    resolved       silent again
    handover       one instance ends, another begins, and the alert does not notice
    missed scrape  neither resolves it nor begins its wait anew
    absent         what it says when a metric is missing
    removed        the integration is gone, and the alert with it
"""

from __future__ import annotations

import pytest

from tests.rules import aspects
from tests.rules.groups import Group, groups
from tests.rules.promql import selectors
from tests.rules.rulebook import RULES, Rule, alerting, foundation, rules, titles
from tests.shipped import exported_metrics

NOT_ASKED = {
    ("HubSpotSalesforceExporterDown", "removed"): "is about no integration: it has no label of one",
    ("HubSpotSalesforceWebhookRejected", "removed"): "is about no integration: a refused notification names none",
    ("HubSpotSalesforceStoreUnwritable", "removed"): "is about no integration: all share the store",
    ("HubSpotSalesforceConfigNotReloaded", "removed"): "is about no integration: a reload is of all or none",
}
"""Aspects that an alert cannot have, and why."""


def asked(rule: Rule) -> set[str]:
    """The aspects an alert must have."""
    without = {aspect for alert, aspect in NOT_ASKED if alert == rule.name}
    return set(aspects.CHECKS) - without - (set() if rule.wait else {"pending"})


@pytest.mark.parametrize("rule", alerting(), ids=titles().get)
def test_every_aspect_of_an_alert_is_tested(rule: Rule) -> None:
    """Some group shows it."""
    shown = {aspect for evidence in aspects.of(rule) for aspect in aspects.claims(evidence.group)}
    assert asked(rule) - shown == set()


@pytest.mark.parametrize("rule", alerting(), ids=titles().get)
def test_no_name_claims_what_the_group_does_not_show(rule: Rule) -> None:
    """The content of a group proves every aspect of its name."""
    unproven = {
        (evidence.group.name, aspect): missing
        for evidence in aspects.of(rule)
        for aspect in aspects.claims(evidence.group)
        if aspect in asked(rule) and (missing := aspects.CHECKS[aspect](evidence))
    }
    assert unproven == {}


@pytest.mark.parametrize("group", groups(), ids=lambda group: f"{group.file.name}-{group.name}")
def test_a_group_is_named_after_the_alert_it_asserts(group: Group) -> None:
    """Else what it shows would count for nothing."""
    subject = group.name.split(",")[0]
    asserted = {item["alertname"] for item in group.body.get("alert_rule_test", ())}
    of_rules = {f"{rule.name}{severity}" for rule in alerting() for severity in ("", f" {rule.labels['severity']}")}
    assert not asserted or (subject in of_rules and subject.split(" ")[0] in asserted)


@pytest.mark.parametrize("name", sorted({group.file.name for group in groups()}))
def test_a_test_file_says_in_which_order_groups_of_rules_run(name: str) -> None:
    """promtool has no order of its own, and a rule that uses another group's would see its last value now and then."""
    first = next(group for group in groups() if group.file.name == name)
    loaded = dict.fromkeys(rule.group for rule in first.available)
    mixed = [rule for rule in first.available if len({part.group for part in foundation([rule], first.available)}) > 1]
    assert not mixed or set(first.head.get("group_eval_order", ())) == set(loaded)


@pytest.mark.parametrize("rule", rules(), ids=titles().get)
def test_a_rule_uses_what_is_exported_or_recorded(rule: Rule) -> None:
    """Every metric of its expression exists, and every selector names one."""
    known = exported_metrics() | {other.name for other in rules() if not other.alerts} | {"up", "ALERTS"}
    assert {selector.metric for selector in selectors(rule.body["expr"])} - known == set()


@pytest.mark.parametrize("rule", alerting(), ids=titles().get)
def test_the_runbook_an_alert_sends_to_exists(rule: Rule) -> None:
    """Its address as it fires, with what stands in the labels put in, ends with the name of a runbook."""
    fired = [alert for evidence in aspects.of(rule) for _, alerts in evidence.firing for alert in alerts]
    named = {alert["exp_annotations"]["runbook_url"].rsplit("/", 1)[1] for alert in fired}
    assert named
    assert named <= {file.name for file in (RULES / "runbooks").glob("*.md")}


def test_exceptions_are_about_alerts_that_may_ship() -> None:
    """An exception has a reason and an aspect of the list."""
    assert all(reason and aspect in aspects.CHECKS for (_, aspect), reason in NOT_ASKED.items())
