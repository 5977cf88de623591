"""The steps of the incidents: when each counts as seen, on hand-made looks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.demo.causes import CAUSES
from exporter.demo.observer import END_FAULTS, Alert, View
from exporter.demo.permissions import PERMISSIONS
from exporter.demo.scenario import Scenario
from exporter.demo.scenarios import SCENARIOS
from exporter.demo.simulator.control.verbs import VERBS
from tests.demo.views import FIRING, ONLY_HUBSPOT_KNOWS, PENDING, job, view

REASON = "salesforce_field_permissions_missing"
SYNC_ERRORS = Alert("HubSpotSalesforceSyncErrors", "warning", "firing", "permissions")

HEALTHY = view()
TIMELINE = (
    HEALTHY,
    view(errors=3),
    view(PENDING, errors=14, suspended=REASON),
    view(FIRING, errors=14, suspended=REASON, notified=True),
    view(FIRING, errors=14, notified=True),
    view(SYNC_ERRORS, errors=14, notified=True),
    view(SYNC_ERRORS, errors=14, jobs=(job("running"),)),
    view(SYNC_ERRORS, errors=14, jobs=(job(succeeded=14),)),
    view(SYNC_ERRORS, jobs=(job(succeeded=14),), resynced=14),
    view(SYNC_ERRORS, jobs=(job(succeeded=14),), resynced=14, cured=14),
    view(jobs=(job(succeeded=14),), resynced=14, cured=14),
)
"""What is seen when each step has happened, in turn."""

PROOFS = (
    "1391 API calls used by the org, 0 errors",
    "3 errors in category permissions",
    "suspended with 14 errors waiting",
    "HubSpotSalesforceFieldPermissionsMissing (critical)",
    "no longer suspended, but 14 errors are still there",
    "HubSpotSalesforceFieldPermissionsMissing resolved",
    "job 1: resync permissions",
    "14 records resynced, 0 failed",
    "0 errors, 14 records synced by resync",
    "14 records cured",
    "no alert fires",
)

NUMBERS = range(len(TIMELINE))


def test_the_timeline_tells_every_step() -> None:
    """The tables of this file have a line for each step."""
    assert len(PERMISSIONS.steps) == len(TIMELINE) == len(PROOFS)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_step_is_seen_when_it_has_happened(number: int) -> None:
    """And its proof says what was seen."""
    step = PERMISSIONS.steps[number]
    assert step.seen(TIMELINE[number])
    assert step.proof(TIMELINE[number]) == PROOFS[number]


@pytest.mark.parametrize("number", NUMBERS[1:])
def test_a_step_is_not_seen_before_it_has_happened(number: int) -> None:
    """What the step before left behind is not enough."""
    assert not PERMISSIONS.steps[number].seen(TIMELINE[number - 1])


@pytest.mark.parametrize(
    "number",
    [
        number
        for number in NUMBERS
        if PERMISSIONS.steps[number].title not in ("The alert resolves", "Every alert is over")
    ],
)
def test_an_empty_look_proves_nothing(number: int) -> None:
    """When Prometheus has no series yet, nothing has happened; only the absence of alerts needs no series."""
    empty = View(simulated={"errors": {"total": 0}, "resyncs": {"records": 0}})
    assert not PERMISSIONS.steps[number].seen(empty)


@pytest.mark.parametrize(
    "look",
    [
        view(up=False),
        view(suspended=REASON),
        view(errors=1),
        view(SYNC_ERRORS),
        view(PENDING),
        replace(
            HEALTHY, metrics={name: samples for name, samples in HEALTHY.metrics.items() if "source_up" not in name}
        ),
    ],
    ids=["source down", "suspended", "errors", "alert", "pending alert", "source not scraped"],
)
def test_all_is_well_only_when_all_is_well(look: View) -> None:
    """Everything must be seen healthy, not merely nothing wrong."""
    assert not PERMISSIONS.steps[0].seen(look)


def test_a_fired_alert_must_have_reached_alertmanager() -> None:
    """Prometheus alone, a pending alert or the warning are not enough."""
    fired = PERMISSIONS.steps[3]
    assert not fired.seen(view(FIRING))
    assert not fired.seen(view(PENDING, notified=True))
    assert not fired.seen(view(replace(FIRING, severity="warning"), notified=True))


def test_a_resync_of_nothing_is_no_cure() -> None:
    """A job that ended without a record, or failed, does not count."""
    cured = PERMISSIONS.steps[7]
    assert not cured.seen(view(jobs=(job("done"),)))
    assert not cured.seen(view(jobs=(job("failed", succeeded=3),)))
    assert not cured.seen(view(jobs=({**job(succeeded=3), "status": "firing"},)))


def test_errors_must_be_gone_in_the_simulator_too() -> None:
    """What Prometheus has may be a second old."""
    gone = PERMISSIONS.steps[8]
    assert not gone.seen(replace(view(), simulated={"errors": {"total": 2}, "resyncs": {"records": 0}}))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_are_well_formed(name: str) -> None:
    """Named as they are listed; every act is a verb the simulator knows; every title is told once."""
    scenario = SCENARIOS[name]
    assert scenario.name == name
    assert scenario.title
    assert len({step.title for step in scenario.steps}) == len(scenario.steps) > 0
    for step in scenario.steps:
        for verb, body in step.acts:
            assert verb in ("clear-suspension", END_FAULTS) or set(body) <= set(VERBS[verb].keys)


REASONS = {reason.name: reason for reason in CATALOG.suspension_reasons}
SEEN_BY_THE_EXPORTER = [
    pytest.param(scenario, id=scenario.name)
    for scenario in CAUSES
    if scenario.name in REASONS and scenario.name != ONLY_HUBSPOT_KNOWS
]


def test_every_cause_has_its_scenario() -> None:
    """One for each of the eleven suspension reasons."""
    assert set(REASONS) <= set(SCENARIOS)


@pytest.mark.parametrize("scenario", SEEN_BY_THE_EXPORTER)
def test_a_cause_is_seen_alone_and_goes_away(scenario: Scenario) -> None:
    """Its condition rises and no other, its warning fires, and both end; each step counts only then."""
    reason = REASONS[scenario.name]
    warning = Alert(reason.alert, "warning", "firing", "")
    looks = (view(), view(raised=(reason.name,)), view(warning, raised=(reason.name,)), view())
    assert [step.seen(look) for step, look in zip(scenario.steps, looks, strict=True)] == [True] * 4
    assert [step.seen(before) for step, before in zip(scenario.steps[1:], looks, strict=False)] == [False] * 3
    assert all(scenario.always(look) for look in looks)


@pytest.mark.parametrize("scenario", SEEN_BY_THE_EXPORTER)
def test_another_cause_spoils_the_story(scenario: Scenario) -> None:
    """A condition that has nothing to do with it must never be raised, alone or beside the right one."""
    other = next(name for name in REASONS if name != scenario.name)
    assert not scenario.always(view(raised=(other,)))
    assert not scenario.always(view(raised=(scenario.name, other)))
    assert not scenario.steps[1].seen(view(raised=(scenario.name, other)))


@pytest.mark.parametrize("scenario", SEEN_BY_THE_EXPORTER)
def test_a_cause_starts_from_a_world_that_was_looked_at(scenario: Scenario) -> None:
    """As long as a condition has not been judged, or one holds already, the story does not begin."""
    first, looked = scenario.steps[0], view()
    unjudged = {name: samples for name, samples in looked.metrics.items() if "condition" not in name}
    assert not first.seen(replace(looked, metrics=unjudged))
    assert not first.seen(view(raised=(scenario.name,)))
