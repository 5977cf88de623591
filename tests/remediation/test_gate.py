"""Whether a record may be resynced right now."""

from __future__ import annotations

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.config.settings import Guards
from exporter.model import Suspension
from exporter.remediation.gate import Room, Unseen, cause_refusal, gate, hubspot_refusal, room, untold_refusal
from exporter.state.conditions import Condition
from exporter.state.evidence import Evidence
from exporter.state.facts import Facts, Suspected

NOTHING_KNOWN = Facts()
SUSPENDED = Facts(suspension=Suspension(suspended=True, reason="salesforce_org_locked", since=None))
RUNNING = Facts(suspension=Suspension(suspended=False, reason=None, since=None))


@pytest.mark.parametrize("name", ["salesforce_field_permissions_missing", "salesforce_org_locked"])
def test_a_cause_that_is_still_seen_makes_its_job_wait(name: str) -> None:
    """HubSpot's report ended, but the exporter has seen no end of the cause: resyncing would only burn calls."""
    seen = Evidence(100.0, True, "salesforce_access", "missing: Contact.Email")
    conditions = (Condition(name, True, seen, None), Condition("hubspot_api_limit_exceeded", False, None, None))
    ended = next(reason.alert for reason in CATALOG.suspension_reasons if reason.name == name)
    waits = cause_refusal(ended, conditions)
    assert waits is not None
    refusal, evidence = waits
    assert (refusal.reason, evidence.source) == ("waiting_for_cause", "salesforce_access")
    assert refusal.detail == "the exporter still sees the cause: missing: Contact.Email"
    assert cause_refusal("HubSpotSalesforceFieldMappingsMissing", conditions) is None
    assert cause_refusal("HubSpotSalesforceApiAllocationExceeded", conditions) is None
    assert cause_refusal("HubSpotSalesforceSyncErrors", conditions) is None


def test_where_nobody_tells_of_suspensions_any_cause_of_one_keeps_the_gate_shut() -> None:
    """HubSpot may have suspended it for that, and nothing would say so."""
    seen = Evidence(100.0, True, "salesforce_access", "missing: Contact.Email")
    over = Condition("salesforce_org_locked", False, seen, None)
    held = Condition("salesforce_field_permissions_missing", True, seen, None)
    assert untold_refusal([]) is untold_refusal([over]) is None
    refusal = untold_refusal([over, held])
    assert refusal is not None
    assert (refusal.reason, "missing: Contact.Email" in refusal.detail) == ("waiting_for_cause", True)


def test_the_gate_is_open_when_nothing_is_known_against_it() -> None:
    """Unknown use is not a full budget."""
    assert gate(NOTHING_KNOWN) is None
    assert gate(Facts(calls_allocated=100, org_calls_limit=100)) is None
    assert gate(Facts(calls_used=100, org_calls_used=100)) is None
    assert gate(RUNNING, Unseen(own=10**9, org=10**9)) is None


@pytest.mark.parametrize(
    ("facts", "unseen", "reason"),
    [
        (SUSPENDED, 0, "suspended"),
        (Facts(suspension=Suspension(suspended=True, reason=None, since=None)), 0, "suspended"),
        (Facts(calls_used=44_999, calls_allocated=60_000), 0, None),
        (Facts(calls_used=45_000, calls_allocated=60_000), 0, "api_budget"),
        (Facts(calls_used=44_900, calls_allocated=60_000), 99, None),
        (Facts(calls_used=44_900, calls_allocated=60_000), 100, "api_budget"),
        (Facts(calls_used=0, calls_allocated=0), 0, "api_budget"),
        (Facts(calls_used=5_000_000, calls_allocated=None), 0, None),
        (Facts(calls_suspected=Suspected(44_900, "?"), calls_allocated=60_000), 99, None),
        (Facts(calls_suspected=Suspected(44_900, "?"), calls_allocated=60_000), 100, "api_budget"),
        (Facts(calls_allocated=60_000), 44_999, None),
        (Facts(calls_allocated=60_000), 45_000, "api_budget"),
        (Facts(org_calls_limit=100_000), 90_000, None),
        (Facts(org_calls_used=89_999, org_calls_limit=100_000), 0, None),
        (Facts(org_calls_used=90_000, org_calls_limit=100_000), 0, "api_budget"),
        (Facts(org_calls_used=89_950, org_calls_limit=100_000), 50, "api_budget"),
        (Facts(org_calls_used=120_000, org_calls_limit=100_000), 0, "api_budget"),
        (Facts(calls_used=10, calls_allocated=60_000, org_calls_used=99, org_calls_limit=100), 0, "api_budget"),
    ],
)
def test_the_gate(facts: Facts, unseen: int, reason: str | None) -> None:
    """Shut while suspended, from exactly 75 % of the allocation on (if one is set), and in the org's last 10 %."""
    refusal = gate(facts, Unseen(own=unseen, org=unseen))
    assert (refusal.reason if refusal else None) == reason


@pytest.mark.parametrize(
    ("calls", "open_for"), [(5_000, None), (5_001, "api_budget"), (0, None), (10**9, "api_budget")]
)
def test_what_a_job_may_cost_has_to_fit_in(calls: int, open_for: str | None) -> None:
    """Below 75 % of the allocation together with what is used, and out of the org's reserve."""
    own = Facts(calls_used=39_900, calls_allocated=60_000)
    org = Facts(org_calls_used=84_900, org_calls_limit=100_000)
    only_allocated = Facts(calls_allocated=6_800)
    for facts in (own, org, only_allocated):
        refusal = gate(facts, Unseen(own=100, org=100), calls)
        assert (refusal.reason if refusal else None) == open_for
    refusal = gate(own, Unseen(own=100), 5_001)
    assert refusal is not None
    assert refusal.detail == (
        "40000 of 60000 allocated API calls are used; up to 5001 more are needed, and at most 75% of the allocation"
        " may be used"
    )


def test_the_guards_are_the_integrations_own() -> None:
    """A smaller share of the allocation, a larger reserve of the org's."""
    careful = Guards(allocation_share=0.5, org_reserve=0.3)
    assert gate(Facts(calls_used=30_000, calls_allocated=60_000)) is None
    assert gate(Facts(calls_used=30_000, calls_allocated=60_000), guards=careful) is not None
    assert gate(Facts(org_calls_used=70, org_calls_limit=100)) is None
    assert gate(Facts(org_calls_used=70, org_calls_limit=100), guards=careful) is not None


def test_a_job_can_cost_what_the_window_has_at_most() -> None:
    """The smaller of what the allocation and the org's limit leave; without either nobody knows."""
    assert room(Facts(), Guards()) == Room(None, None)
    assert room(Facts(calls_allocated=1_000), Guards()) == Room(750, 750)
    assert room(Facts(calls_allocated=1_000, org_calls_limit=800), Guards()) == Room(720, 720)
    assert room(Facts(calls_allocated=1_000, calls_used=500), Guards()) == Room(750, 250)
    assert room(Facts(calls_allocated=1_000, calls_suspected=Suspected(700, "?")), Guards()) == Room(750, 50)
    used = Facts(calls_allocated=1_000, calls_used=500, org_calls_limit=800, org_calls_used=700)
    assert room(used, Guards()) == Room(720, 20)


def test_each_use_has_its_own_unseen_calls() -> None:
    """The integration's was counted hours ago, the org's just now."""
    facts = Facts(calls_used=1, calls_allocated=60_000, org_calls_used=89_000, org_calls_limit=100_000)
    assert gate(facts, Unseen(own=44_000)) is None
    assert gate(facts, Unseen(org=1_000)) is not None


def test_a_suspension_comes_before_a_budget() -> None:
    """Of two reasons the one that stops everything is named."""
    both = Facts(calls_used=1, calls_allocated=1, suspension=SUSPENDED.suspension)
    refusal = gate(both)
    assert refusal is not None
    assert refusal.reason == "suspended"
    assert "salesforce_org_locked" in refusal.detail


@pytest.mark.parametrize(
    ("used", "limit", "calls", "is_refused"),
    [
        *((0, 1_000, 900, False), (0, 1_000, 901, True), (899, 1_000, 1, False), (900, 1_000, 1, True)),
        *((900, 1_000, 0, False), (1_200, 1_000, 0, False), (1_200, 1_000, 1, True), (0, 0, 1, True)),
        *((None, 1_000, 10**9, False), (10**9, None, 10**9, False), (None, None, 1, False)),
    ],
)
def test_a_tenth_of_hubspots_day_is_left_to_others(
    used: int | None, limit: int | None, calls: int, is_refused: bool
) -> None:
    """Of the account's quota, these calls included; who calls nothing uses none, and unknown is not used up."""
    refusal = hubspot_refusal(Facts(hubspot_calls_used=used, hubspot_calls_limit=limit), calls)
    assert (refusal is not None) == is_refused
    assert refusal is None or refusal.reason == "api_budget"


def test_what_hubspots_day_lacks_is_said() -> None:
    """With the numbers it was judged by."""
    refusal = hubspot_refusal(Facts(hubspot_calls_used=620_000, hubspot_calls_limit=650_000), 100)
    assert refusal is not None
    assert refusal.detail == "620000 of the HubSpot account's 650000 API calls of the day are used, 100 more are wanted"
