from typing import Any

import httpx
import pytest

from exporter.demo.simulator.control.verbs import VERBS
from exporter.demo.simulator.org import Org

# One good body for each verb.
BODIES: dict[str, dict[str, Any]] = {
    "fault": {"api": "bridge", "fault": "rate_limited", "count": 1, "retry_after": 3},
    "field-permission": {"object": "Contact", "field": "Email", "granted": False},
    "object-permission": {"object": "Account", "access": "edit", "granted": False},
    "permission-set": {"assigned": False},
    "assignment": {"way": "group", "ends_in": 3600, "active": True},
    "package": {"installed": False},
    "hide": {"names": ["UserLogin", "PermissionSetAssignment.IsRevoked"]},
    "user": {"active": False, "frozen": True, "locked": False},
    "monitoring": {"api_scope": False, "view_setup": None},
    "clock-ahead": {"seconds": -600},
    "expire-sessions": {},
    "use-api-calls": {"app": "Backup", "calls": 7, "seconds_ago": 60},
    "allocation": {"calls": None},
    "limit": {"calls": 5},
    "overage": {"allowed": True},
    "storage": {"kind": "data", "used_mb": 9, "max_mb": 10},
    "trust": {"status": "MINOR_INCIDENT_CORE"},
    "suspend": {"reason": "unknown_error", "cause_holds": True},
    "cause": {"name": "picklist:Industry", "holds": True},
    "add-errors": {"category": "other", "error_type": "unknown", "count": 2, "affected_records": 3},
    "add-records": {"object_type": "deals", "count": 1},
    "lose-changes": {"count": 1},
    "traffic": {"records_per_second": 0.5},
    "bridge-omits": {"parts": ["errors"]},
    "refuse-writes": {"hubspot_ids": ["101"]},
    "spoil-batches": {"hubspot_ids": ["101"]},
    "lock-writes": {"hubspot_ids": ["101"], "times": 2},
    "read-only-properties": {"names": ["notes"]},
    "account-out-of-scope": {"resources": ["api-usage"]},
    "hubspot-calls": {"calls": 5, "limit": 100},
    "hubspot-headers": {"daily": False},
    "out-of-scope": {"object_types": ["companies"]},
    "lock-objects": {"object_types": ["deals"]},
    "absent-properties": {"names": ["hs_salesforceopportunityid"]},
    "property-types": {"types": {"notes": "datetime"}},
    "missing-scopes": {"scopes": ["crm.objects.contacts.write"]},
    "unmap": {"properties": ["firstname"]},
    "change-unmapped": {"object_type": "contacts", "count": 1, "seconds_ago": 60},
    "fall-silent": {"seconds_ago": 7200},
    "speak-again": {},
    "lose-syncs": {"hubspot_ids": ["101"]},
    "spoil-log-file": {"how": "cut"},
    "notify": {"mode": "daily"},
    "tick": {"rounds": 2},
}


async def state(client: httpx.AsyncClient) -> dict[str, Any]:
    content: dict[str, Any] = (await client.get("/control/acme")).json()
    return content


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_works(client: httpx.AsyncClient, verb: str) -> None:
    """Each takes its keys, and refuses one it does not know."""
    good = await client.post(f"/control/acme/{verb}", json=BODIES[verb])
    bad = await client.post(f"/control/acme/{verb}", json=BODIES[verb] | {"speed": 1})
    assert (good.status_code, good.json()["ok"]) == (200, True)
    assert (bad.status_code, "'speed'" in bad.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("verb", "body", "message"),
    [
        ("dance", {}, "unknown verb 'dance'"),
        ("limit", {}, "missing key 'calls'"),
        ("limit", {"calls": -1}, "calls: -1: expected a whole number, 0 or more"),
        ("limit", {"calls": True}, "calls: True"),
        ("fault", {"api": "moon", "fault": "hang"}, "api: 'moon': expected one of salesforce, token"),
        ("fault", {"api": "bridge", "fault": "rain"}, "fault: 'rain'"),
        ("permission-set", {"assigned": "yes"}, "assigned: 'yes': expected true or false"),
        ("traffic", {"records_per_second": "fast"}, "records_per_second: 'fast'"),
        ("suspend", {"reason": "weather"}, "reason: 'weather' is not one of"),
        ("trust", {"status": 7}, "status: 7: expected a text"),
        ("storage", {"kind": "tape", "used_mb": 1, "max_mb": 1}, "kind: 'tape'"),
        ("object-permission", {"object": "Shoe", "granted": True}, "object: 'Shoe'"),
        ("field-permission", {"object": "Shoe", "field": "Size", "granted": True}, "object: 'Shoe'"),
        ("field-permission", {"object": "", "field": "Email", "granted": True}, "object: '': expected a text"),
        ("bridge-omits", {"parts": "errors"}, "parts: 'errors': expected a list"),
        ("add-errors", {"category": "o", "error_type": "u", "count": 1, "object_type": "shoes"}, "object_type"),
    ],
)
async def test_a_wrong_verb_key_or_value_is_named(
    client: httpx.AsyncClient, verb: str, body: dict[str, Any], message: str
) -> None:
    """400 and what was wrong with it."""
    answer = await client.post(f"/control/acme/{verb}", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


async def test_the_state_shows_what_was_done(client: httpx.AsyncClient) -> None:
    """All verbs at once, then one look."""
    for verb, body in BODIES.items():
        await client.post(f"/control/acme/{verb}", json=body)
    seen = await state(client)
    assert seen["api_calls"]["by_app"] == {"Backup": 7}
    assert (seen["api_calls"]["limit"], seen["api_calls"]["allocated"]) == (5, None)
    assert seen["storage"]["data"] == {"used_mb": 9, "max_mb": 10}
    assert seen["suspension"]["reason"] == "unknown_error"
    assert seen["errors"] == {
        "total": 2,
        "by_type": [{"category": "other", "error_type": "unknown", "errors": 2, "affected_records": 6}],
    }
    assert seen["causes"] == ["picklist:Industry", "unknown_error"]
    assert "field:Contact.Email" in seen["permissions"]["missing"]
    assert seen["permissions"]["user_active"] is False
    assert seen["trust"] == "MINOR_INCIDENT_CORE"
    assert seen["faults"] == [BODIES["fault"]]
    assert seen["records"]["deals"]["total"] - seen["records"]["deals"]["linked"] == 1
    assert (seen["waiting"], seen["records_per_second"]) == (12, 0.5)


async def test_faults_end_together(client: httpx.AsyncClient, acme: Org) -> None:
    """One request for all of them."""
    await client.post("/control/acme/fault", json={"api": "status", "fault": "hang", "count": None})
    await client.request("DELETE", "/control/acme/fault")
    assert (await state(client))["faults"] == []


async def test_resyncs_are_told_record_by_record(client: httpx.AsyncClient, acme: Org) -> None:
    """So a test can say that each was resynced, and none twice."""
    acme.resync(acme.add_errors("other", "unknown", 2))
    assert (await client.get("/control/acme/resyncs")).json() == {
        "requests": 1,
        "records": {"121": 1, "122": 1},
        "largest_request": 2,
        "touches": {"requests": 0, "records": {}, "largest_request": 0},
    }


async def test_clearing_answers_as_the_bridge_does(client: httpx.AsyncClient, acme: Org) -> None:
    """409 while the cause holds, then 202."""
    acme.suspend("unknown_error", cause_holds=True)
    refused = await client.post("/control/acme/clear-suspension")
    acme.set_cause("unknown_error", holds=False)
    done = await client.post("/control/acme/clear-suspension")
    assert (refused.status_code, refused.json(), done.status_code) == (409, {"reason": "unknown_error"}, 202)


async def test_orgs_are_listed_and_unknown_ones_refused(client: httpx.AsyncClient) -> None:
    """404 names the org."""
    listed = (await client.get("/control")).json()
    assert listed == {"orgs": [{"name": "acme", "instance": "SIM1"}, {"name": "beta", "instance": "SIM2"}]}
    answer = await client.get("/control/nobody")
    assert (answer.status_code, answer.json()) == (404, {"error": "no org named 'nobody'"})


async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient) -> None:
    """400."""
    assert (await client.post("/control/acme/limit", content=b"[1]")).status_code == 400
