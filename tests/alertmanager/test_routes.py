"""Who is told of which alert, as the real amtool says: every alert of the rules, every severity, every setting."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from tests.alertmanager.labels import NOTIFY, SYNC_ERRORS, UNKNOWN_NOTIFY, Labels, alert_rules, label_sets
from tests.alertmanager.routing import ROOT, routes, taken
from tests.alertmanager.shipped import SILENT_RECEIVER, WEBHOOK_RECEIVER, shipped

pytestmark = pytest.mark.binaries

BY_SEVERITY = {"critical": "page", "warning": "ticket"}
BY_NOTIFY = {
    "immediate": "sync-errors",
    "daily": "sync-errors-digest",
    "weekly": "sync-errors-digest",
    "off": SILENT_RECEIVER,
    UNKNOWN_NOTIFY: "sync-errors",
}
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0

HELD = {"hubspot_api_limit_exceeded", "unknown_error", "salesforce_org_locked", "salesforce_server_error"}
"""Suspensions that are expected to end without anybody: their page is held back."""
AT_ONCE = {
    "salesforce_org_api_limit_exceeded",  # hours, unless somebody raises the limit
    "salesforce_org_api_access_disabled",
    "salesforce_object_permissions_missing",
    "salesforce_field_permissions_missing",
    "salesforce_org_storage_limit_exceeded",
    "salesforce_org_unavailable",  # nobody's to end, but everybody's to know
    "missing_field_mappings",
}


def id_of(rule: dict[str, Any]) -> str:
    return f"{rule['alert']}-{rule['labels']['severity']}"


def expected(labels: Labels) -> list[str]:
    """By the alert's labels alone."""
    people = (
        BY_NOTIFY[labels.get("notify", UNKNOWN_NOTIFY)]
        if labels["alertname"] == SYNC_ERRORS
        else BY_SEVERITY[labels["severity"]]
    )
    return [WEBHOOK_RECEIVER, people] if labels.get("remediation") == "resync" else [people]


def last_route(**labels: str) -> Any:
    """The one that tells people."""
    return taken(labels)[-1]


def suspension(reason: str, severity: str) -> Labels:
    (alert,) = (known.alert for known in CATALOG.suspension_reasons if known.name == reason)
    return {"alertname": alert, "integration": "acme", "severity": severity, "remediation": "resync"}


def sync_errors(category: str, notify: str) -> Labels:
    labels = {"alertname": SYNC_ERRORS, "integration": "acme", "severity": "warning", "remediation": "resync"}
    return {**labels, "category": category, "notify": notify}


@pytest.mark.parametrize("rule", alert_rules(), ids=id_of)
def test_every_alert_goes_where_it_belongs(rule: dict[str, Any]) -> None:
    """By severity, sync errors by the owner's setting, to the exporter what it can do something about; none falls
    through to the root."""
    for labels in label_sets(rule):
        way = taken(labels)
        assert [route.receiver for route in way] == expected(labels), labels
        assert ROOT not in {route.matchers for route in way}, labels


def test_an_alert_nobody_has_thought_of_reaches_somebody() -> None:
    """The root has a receiver, and it is not the silent one."""
    (route,) = taken({"alertname": "SomethingElse"})
    assert (route.matchers, route.receiver) == (ROOT, "ticket")


def test_only_the_setting_off_silences() -> None:
    """No other route leads to the silent receiver."""
    assert [route.matchers for route in routes().values() if route.receiver == SILENT_RECEIVER] == ['{notify="off"}']
    (silent,) = (receiver for receiver in shipped()["receivers"] if receiver["name"] == SILENT_RECEIVER)
    assert silent == {"name": SILENT_RECEIVER}


def test_every_suspension_is_either_held_or_pages_at_once() -> None:
    """The two classes share nothing and leave nothing out."""
    assert not HELD & AT_ONCE
    assert set(CATALOG.reason_names) == HELD | AT_ONCE


@pytest.mark.parametrize("reason", sorted(HELD))
def test_a_page_is_held_while_the_suspension_may_end_by_itself(reason: str) -> None:
    """Ten minutes, less than one of HubSpot's rounds; each incident alone, since a group holds its first alert only."""
    route = last_route(**suspension(reason, "critical"))
    assert (route.receiver, route.group_wait) == ("page", 10 * MINUTE)
    assert route.group_by == ("alertname", "integration", "shard")


@pytest.mark.parametrize("reason", sorted(AT_ONCE))
def test_a_suspension_that_somebody_has_to_end_pages_at_once(reason: str) -> None:
    """Within seconds; each incident alone, so that none waits for another's interval."""
    route = last_route(**suspension(reason, "critical"))
    assert (route.receiver, route.group_wait) == ("page", 10)
    assert route.group_by == ("alertname", "integration", "shard")


@pytest.mark.parametrize(
    "rule", [rule for rule in alert_rules() if rule["labels"]["severity"] == "critical"], ids=id_of
)
def test_an_incident_that_pages_is_a_group_of_its_own(rule: dict[str, Any]) -> None:
    """No label of a critical alert but those it is grouped by takes two values."""
    different = {tuple(sorted({**labels, "notify": "", "shard": ""}.items())) for labels in label_sets(rule)}
    assert len(different) == 1


def test_what_clears_by_itself_is_held() -> None:
    """The catalogue knows of one such reason; who adds another shall not page for it at once."""
    assert {reason.name for reason in CATALOG.suspension_reasons if reason.clears_by_itself} <= HELD


def test_the_exporter_hears_of_every_alert_by_itself_and_within_seconds() -> None:
    """However long people's notification is held."""
    exporter, page = taken(suspension("salesforce_org_locked", "critical"))
    assert exporter.group_by == ("...",)
    assert exporter.group_wait <= 5
    assert page.group_wait > 10 * exporter.group_wait


@pytest.mark.parametrize("category", CATALOG.category_names)
def test_immediate_errors_wait_only_where_a_resync_can_cure_them(category: str) -> None:
    """The categories the default policy resyncs are given its ten minutes, each by itself; the others go out."""
    route = last_route(**sync_errors(category, "immediate"))
    if category in {resyncable for resyncable, _ in CATALOG.resyncable}:
        assert route.group_wait == 10 * MINUTE
        assert "category" in route.group_by
    else:
        assert route.group_wait < MINUTE


@pytest.mark.parametrize(("notify", "interval"), [("daily", DAY), ("weekly", 7 * DAY)])
@pytest.mark.parametrize("category", CATALOG.category_names)
def test_a_digest_is_one_message_of_all_categories(category: str, notify: str, interval: float) -> None:
    """At its interval; due again before the next tick, or every second one would be left out."""
    route = last_route(**sync_errors(category, notify))
    assert route.group_by == ("integration",)
    assert route.group_interval == interval
    assert 0.8 * interval < route.repeat_interval <= interval - 2 * HOUR


def test_each_setting_has_a_route_of_its_own() -> None:
    """Immediate and unknown share one."""
    ways = {notify: last_route(**sync_errors("picklists", notify)).matchers for notify in NOTIFY}
    assert len(set(ways.values())) == len(NOTIFY)


def test_a_swallowed_end_does_not_keep_the_next_page_for_long() -> None:
    """A page whose "resolved" was inhibited counts as known until repeat_interval has passed."""
    pages = [route for route in routes().values() if route.receiver == "page"]
    assert len(pages) == 2
    assert all(route.repeat_interval <= HOUR for route in pages)
