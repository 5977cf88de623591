"""The canary's settings, and what its rounds cost."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.config.canary import calls_a_day
from exporter.config.settings import Canary, CanaryBack
from tests.config.conftest import Load

ENTRY: dict[str, Any] = {
    "object": "contacts",
    "hubspot_id": "101",
    "property": "salesforce_canary",
    "salesforce_object": "Contact",
    "salesforce_id": "003000000000101AAA",
    "field": "HubSpot_Canary__c",
}
BACK = {"field": "HubSpot_Canary_Back__c", "property": "salesforce_canary_back"}


def integration(**canary: Any) -> dict[str, Any]:
    auth = {"client_credentials": {"client_id": "an-id", "client_secret_file": "secret"}}
    return {
        "name": "acme",
        "salesforce": {"url": "https://acme.my.salesforce.com", "auth": auth},
        "hubspot": {"token_file": "secret"},
        "sync_health": {"url": "https://bridge.example/acme"},
        "canary": {**ENTRY, **canary},
    }


def test_a_record_of_each_side_is_enough(load: Load) -> None:
    """A round every half hour, an hour to arrive, 99 %; one direction."""
    (acme,) = load({"integrations": [integration()]}).integrations
    assert acme.canary == Canary(**ENTRY, interval=1800.0, deadline=3600.0, objective=0.99, back=None)
    assert acme.intervals["canary"] == 1800.0


def test_all_of_it_can_be_said(load: Load) -> None:
    """The way back too."""
    more = {"interval": "10m", "deadline": "45m", "objective": 0.995, "back": BACK}
    (acme,) = load({"integrations": [integration(**more)]}).integrations
    assert acme.canary == Canary(**ENTRY, interval=600.0, deadline=2700.0, objective=0.995, back=CanaryBack(**BACK))
    assert acme.intervals["canary"] == 600.0


def test_without_one_there_is_no_source(load: Load) -> None:
    """It writes, so nobody gets it unasked."""
    entry = integration()
    del entry["canary"]
    (acme,) = load({"integrations": [entry]}).integrations
    assert acme.canary is None
    assert "canary" not in acme.intervals


@pytest.mark.parametrize(("more", "calls"), [({}, 49), ({"back": BACK}, 97), ({"interval": "1h"}, 25)])
def test_what_a_day_costs(more: dict[str, Any], calls: float) -> None:
    """A query a round, a write where it goes back, and the check of the day."""
    assert calls_a_day({**ENTRY, **more}) == calls


def test_rounds_that_the_budget_cannot_pay_are_told_of(load: Load) -> None:
    """With those of the other sources."""
    notes = load({"integrations": [integration(interval="1m")]}).notes
    assert any("max_api_calls_per_day is 500" in note for note in notes)
    assert not any("max_api_calls_per_day" in note for note in load({"integrations": [integration()]}).notes)


def test_its_record_is_not_among_those_that_wait(load: Load) -> None:
    """Beside the filters of the owner, and for its own object alone."""
    entry = integration()
    own = {"propertyName": "lifecyclestage", "operator": "EQ", "value": "lead"}
    entry["hubspot"] |= {"unsynced": {"filters": {"contacts": [own], "deals": [own]}}}
    (acme,) = load({"integrations": [entry]}).integrations
    assert acme.hubspot is not None
    left_out = {"propertyName": "hs_object_id", "operator": "NEQ", "value": "101"}
    assert acme.hubspot.unsynced.filters == {"contacts": (own, left_out), "deals": (own,)}
