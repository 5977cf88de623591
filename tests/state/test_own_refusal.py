"""Whose API access it is that Salesforce refuses: the exporter's own user is not HubSpot's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import Access, Failure, Heartbeat, ObjectHeartbeat
from exporter.state.conditions import Condition, conditions_of
from exporter.state.directions import SAME_SYNC
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

NOW = 1_800_000_000.0
MINUTE, HOUR = 60.0, 3600.0
REASON = "salesforce_org_api_access_disabled"
BEGAN = NOW - 20 * MINUTE

USER = Access(True, False, True, True, None, (), "NA1", False)


def refused(source: str = "salesforce_limits", since: float | None = BEGAN, at: float = NOW) -> Reading:
    """The exporter's own calls are."""
    failure = Failure("auth", "API_DISABLED_FOR_ORG", "switched off for the exporter's own user")
    return Reading(source, 10 * MINUTE, at, failure, failing_since=since)


def looked(user: Access = USER, at: float = NOW - HOUR) -> Reading:
    """At the integration user, before the refusals began."""
    return Reading("salesforce_access", HOUR, at, part=user, succeeded_at=at)


def synced(at: float) -> Reading:
    """The newest sync of a record."""
    heartbeat = Heartbeat((ObjectHeartbeat("contacts", at, at, None),))
    return Reading("hubspot_heartbeat", 2 * MINUTE, NOW, part=heartbeat, succeeded_at=NOW)


def judged(*readings: Reading, now: float = NOW) -> Condition | None:
    conditions = conditions_of(Snapshot("acme", "immediate", None, readings), now)
    return next((one for one in conditions if one.reason == REASON), None)


def test_what_is_refused_while_nothing_shows_otherwise_may_be_hubspot_s_too() -> None:
    """The condition holds, and says whose call it was."""
    condition = judged(refused())
    assert condition is not None
    assert condition.holds
    assert condition.set_by is not None
    assert condition.set_by.of_own_user
    assert "to the exporter's own user; whether to HubSpot's too is not known" in condition.set_by.detail


def test_an_integration_user_known_to_have_the_api_is_not_the_one_refused() -> None:
    """As long as what the access check found holds: the check itself is refused by then."""
    failing = replace(looked(), attempted_at=NOW, failure=refused().failure, failing_since=NOW)
    condition = judged(refused(), failing)
    assert condition is not None
    assert not condition.holds
    assert condition.cleared_by is not None
    assert (condition.cleared_by.source, condition.cleared_by.at) == ("salesforce_access", NOW - HOUR)
    later = judged(refused(at=NOW + 2 * HOUR), replace(failing, attempted_at=NOW + 2 * HOUR), now=NOW + 2 * HOUR)
    assert later is not None
    assert later.holds


@pytest.mark.parametrize("user", [replace(USER, api_enabled=None), replace(USER, user_active=None)])
def test_a_user_not_known_to_have_the_api_clears_nothing(user: Access) -> None:
    """What could not be read speaks for nobody."""
    condition = judged(refused(), looked(user))
    assert condition is not None
    assert condition.holds


@pytest.mark.parametrize("user", [replace(USER, api_enabled=False), replace(USER, user_frozen=True)])
def test_a_user_known_to_lack_it_is_the_one_to_name(user: Access) -> None:
    """Though the exporter's own was refused later."""
    condition = judged(refused(), looked(user))
    assert condition is not None
    assert condition.set_by is not None
    assert condition.set_by.detail.startswith("the integration user")
    assert not condition.set_by.of_own_user


def test_records_that_go_on_syncing_show_that_the_org_has_the_api() -> None:
    """Also where no integration user is configured."""
    condition = judged(refused(), synced(BEGAN + SAME_SYNC + 1))
    assert condition is not None
    assert not condition.holds
    assert condition.cleared_by is not None
    assert condition.cleared_by.detail.endswith("to the exporter's own user alone")


def test_a_sync_of_before_shows_nothing() -> None:
    """Nor one that was under way: the last sync of an org that has lost the API is one of them."""
    for at in (BEGAN - HOUR, BEGAN, BEGAN + SAME_SYNC):
        condition = judged(refused(), synced(at))
        assert condition is not None
        assert condition.holds


def test_the_source_that_was_refused_first_says_since_when() -> None:
    """One that asks once an hour meets it later, and no new doubt comes with it."""
    late = refused("salesforce_access", since=NOW)
    condition = judged(refused(), late, synced(BEGAN + SAME_SYNC + 1))
    assert condition is not None
    assert not condition.holds


def test_once_a_call_works_again_that_is_what_counts() -> None:
    """The refusal is over."""
    worked = Reading("salesforce_heartbeat", 10 * MINUTE, NOW + 1, succeeded_at=NOW + 1)
    condition = judged(refused(), looked(), worked, now=NOW + 1)
    assert condition is not None
    assert not condition.holds
    assert condition.cleared_by is not None
    assert condition.cleared_by.detail == "a call to Salesforce worked"
