from typing import Any

import httpx
import pytest

from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.records import RecordBook
from tests.demo.simulator.conftest import NOON, ManualClock

MINUTE_AGO = "2026-11-21T11:59:00.000Z"


def search_body(**changes: Any) -> dict[str, Any]:
    return {"filterGroups": [], "sorts": [], "properties": [], "limit": 10, "after": ""} | changes


async def search(hubspot: httpx.AsyncClient, object_type: str = "contacts", **changes: Any) -> dict[str, Any]:
    answer = await hubspot.post(f"{object_type}/search", json=search_body(**changes))
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def matching(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"filterGroups": [{"filters": list(filters)}]}


class TestSearch:
    @pytest.mark.parametrize(
        "sort", [{"propertyName": "salesforcelastsynctime", "direction": "DESCENDING"}, "-salesforcelastsynctime"]
    )
    async def test_the_newest_sync_is_the_first_of_a_sorted_search(self, hubspot: httpx.AsyncClient, sort: Any) -> None:
        """The heartbeat: sorted by last sync time, descending, one result."""
        content = await search(hubspot, sorts=[sort], properties=["salesforcelastsynctime"], limit=1)
        assert content["results"][0]["properties"]["salesforcelastsynctime"] == MINUTE_AGO
        assert content["total"] == 10

    async def test_both_versions_answer(self, client: httpx.AsyncClient, hubspot: httpx.AsyncClient) -> None:
        """v3 and the date-based one."""
        answer = await client.post("http://simulator/acme/hubspot/crm/v3/objects/deals/search", json=search_body())
        assert answer.json()["total"] == 4
        assert (await search(hubspot, "deals"))["total"] == 4

    async def test_stale_records_can_be_counted(
        self, hubspot: httpx.AsyncClient, acme: Org, clock: ManualClock
    ) -> None:
        """Changed in the window, last synced before it: errors are."""
        acme.add_errors("other", "unknown", 3)
        modified = {"propertyName": "lastmodifieddate", "operator": "BETWEEN"}
        window = {"value": str(int((NOON - 600) * 1000)), "highValue": str(int(NOON * 1000))}
        before = {"propertyName": "salesforcelastsynctime", "operator": "LT", "value": window["value"]}
        assert (await search(hubspot, **matching(modified | window, before)))["total"] == 3

    async def test_records_that_never_synced_can_be_counted(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """They have no Salesforce id of either kind."""
        acme.add_records("contacts", 2)
        lacking = [
            {"propertyName": name, "operator": "NOT_HAS_PROPERTY"}
            for name in ("salesforcecontactid", "salesforceleadid")
        ]
        assert (await search(hubspot, **matching(*lacking)))["total"] == 2
        acme.tick()
        assert (await search(hubspot, **matching(*lacking)))["total"] == 0

    @pytest.mark.parametrize(
        ("one", "expected"),
        [
            ({"propertyName": "createdate", "operator": "GTE", "value": MINUTE_AGO}, 1),
            ({"propertyName": "createdate", "operator": "GT", "value": MINUTE_AGO}, 0),
            ({"propertyName": "createdate", "operator": "EQ", "value": MINUTE_AGO}, 1),
            ({"propertyName": "hs_object_id", "operator": "IN", "values": ["101", "102"]}, 2),
            ({"propertyName": "hs_object_id", "operator": "NEQ", "value": "101"}, 9),
            ({"propertyName": "salesforceleadid", "operator": "HAS_PROPERTY"}, 2),
            ({"propertyName": "salesforceaccountid", "operator": "HAS_PROPERTY"}, 0),
        ],
    )
    async def test_filters(self, hubspot: httpx.AsyncClient, one: dict[str, Any], expected: int) -> None:
        """Times are compared as times, whether ISO or milliseconds."""
        assert (await search(hubspot, **matching(one)))["total"] == expected

    async def test_paging_goes_through_all_results(self, hubspot: httpx.AsyncClient) -> None:
        """Each page tells where the next one begins, the last does not."""
        first = await search(hubspot, limit=6)
        second = await search(hubspot, limit=6, after=first["paging"]["next"]["after"])
        assert len({record["id"] for record in first["results"] + second["results"]}) == 10
        assert "paging" not in second

    @pytest.mark.parametrize(
        "changes",
        [
            {"limit": 201},
            {"limit": 0},
            {"after": 10},
            {"sorts": "name"},
            {"sorts": [{}]},
            {"filterGroups": ["x"]},
            matching({"propertyName": "createdate", "operator": "ROUGHLY", "value": "1"}),
            matching({"propertyName": "createdate", "operator": "GT", "value": 1}),
            matching({"propertyName": "createdate", "operator": "GT", "value": "yesterday"}),
            matching({"operator": "GT", "value": "1"}),
            matching(*[{"propertyName": "createdate", "operator": "HAS_PROPERTY"}] * 7),
        ],
    )
    async def test_a_wrong_search_is_refused(self, hubspot: httpx.AsyncClient, changes: dict[str, Any]) -> None:
        """400 in HubSpot's form."""
        answer = await hubspot.post("contacts/search", json=search_body(**changes))
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")

    async def test_no_search_goes_beyond_ten_thousand_results(self, hubspot: httpx.AsyncClient) -> None:
        """400, and no more is said of it than that."""
        assert (await search(hubspot, limit=1, after="9999"))["results"] == []
        answer = await hubspot.post("contacts/search", json=search_body(limit=2, after="9999"))
        told = answer.json()
        assert (answer.status_code, told["message"], told["status"]) == (
            400,
            "There was a problem with the request.",
            "error",
        )
        assert "category" not in told

    async def test_five_searches_a_second(self, hubspot: httpx.AsyncClient, clock: ManualClock) -> None:
        """The sixth is refused; a second later all is well."""
        for _ in range(5):
            await search(hubspot)
        answer = await hubspot.post("contacts/search", json=search_body())
        assert (answer.status_code, answer.json()["errorType"]) == (429, "RATE_LIMIT")
        assert answer.json()["policyName"] == "SECONDLY"
        assert "Retry-After" not in answer.headers
        clock.pass_seconds(1)
        await search(hubspot)

    async def test_a_token_is_needed(self, hubspot: httpx.AsyncClient) -> None:
        """401 in HubSpot's form."""
        answer = await hubspot.post("contacts/search", json={}, headers={"Authorization": "Bearer else"})
        assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


class TestBatchUpdate:
    async def test_a_touched_record_syncs(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """Writing the property made for it makes HubSpot sync the record in its next round."""
        inputs = [{"id": "101", "properties": {"salesforce_resync_requested_at": "2026-11-21T12:00:00Z"}}]
        answer = await hubspot.post("contacts/batch/update", json={"inputs": inputs})
        assert (answer.status_code, answer.json()["results"][0]["id"]) == (200, "101")
        acme.tick()
        assert acme.records.by_id["101"].synced == NOON
        assert acme.touches.as_json() == {"requests": 1, "records": {"101": 1}, "largest_request": 1}

    async def test_some_records_may_be_refused(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """207 tells which and why; the others are written."""
        acme.refused_writes = frozenset({"102"})
        touch = {"salesforce_resync_requested_at": "1"}
        inputs = [
            {"id": "101", "properties": touch},
            {"id": "102", "properties": touch},
            {"id": "999", "properties": touch},
            {"id": "103", "properties": {"shoe_size": "44"}},
        ]
        answer = await hubspot.post("contacts/batch/update", json={"inputs": inputs})
        content = answer.json()
        assert (answer.status_code, content["numErrors"]) == (207, 3)
        assert [error["context"]["ids"] for error in content["errors"]] == [["102"], ["999"], ["103"]]
        required = {"status", "category", "message", "context", "errors", "links"}
        assert all(required <= set(error) for error in content["errors"])
        assert list(acme.records.waiting) == ["101"]

    async def test_a_locked_record_is_written_later(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """Another program writes it as well: 207 says so, as often as was set."""
        acme.lock_writes(["101"], times=2)
        inputs = [{"id": one, "properties": {"salesforce_resync_requested_at": "1"}} for one in ("101", "102")]
        statuses = []
        for _ in range(3):
            answer = await hubspot.post("contacts/batch/update", json={"inputs": inputs})
            statuses.append((answer.status_code, [error["category"] for error in answer.json().get("errors", [])]))
        assert statuses == [(207, ["LOCKED"]), (207, ["LOCKED"]), (200, [])]

    async def test_one_record_may_spoil_the_batch(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """400 for all of it, and nobody says because of which."""
        acme.batch_spoilers = frozenset({"102"})
        inputs = [{"id": one, "properties": {"salesforce_resync_requested_at": "1"}} for one in ("101", "102")]
        answer = await hubspot.post("contacts/batch/update", json={"inputs": inputs})
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
        assert not acme.records.by_id["101"].written

    async def test_so_many_calls_in_ten_seconds(
        self, hubspot: httpx.AsyncClient, acme: Org, clock: ManualClock
    ) -> None:
        """Searches apart. Headers say what is left; beyond it 429 names the limit."""
        acme.hubspot_calls.most = 2
        for left in ("1", "0"):
            answer = await hubspot.get("http://simulator/acme/hubspot/crm/v3/properties/deals")
            assert (answer.status_code, answer.headers["X-HubSpot-RateLimit-Remaining"]) == (200, left)
        refused = await hubspot.get("http://simulator/acme/hubspot/crm/v3/properties/deals")
        assert (refused.status_code, refused.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
        assert (await hubspot.post("contacts/search", json=search_body())).status_code == 200
        clock.pass_seconds(10)
        assert (await hubspot.get("http://simulator/acme/hubspot/crm/v3/properties/deals")).status_code == 200

    @pytest.mark.parametrize("base", ["v3/properties", "properties/2026-09"])
    async def test_properties_are_defined(self, base: str, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """Which are HubSpot's own, and which can be written; archived ones are not there."""
        acme.read_only_properties = frozenset({"notes"})
        acme.absent_properties = frozenset({"industry"})
        listed = (await hubspot.get(f"http://simulator/acme/hubspot/crm/{base}/contacts")).json()["results"]
        by_name = {one["name"]: one for one in listed}
        touched, notes = by_name["salesforce_resync_requested_at"], by_name["notes"]
        assert (touched["type"], touched["hubspotDefined"]) == ("datetime", False)
        assert touched["modificationMetadata"]["readOnlyValue"] is False
        assert notes["modificationMetadata"]["readOnlyValue"] is True
        assert by_name["email"]["hubspotDefined"] is True
        assert "industry" not in by_name

    @pytest.mark.parametrize(
        "inputs", [[], "x", [{"id": 1, "properties": {}}], [{"id": "101", "properties": {}}] * 101]
    )
    async def test_a_wrong_batch_is_refused(self, hubspot: httpx.AsyncClient, inputs: Any) -> None:
        """No inputs, wrong ones, or more than 100."""
        answer = await hubspot.post("contacts/batch/update", json={"inputs": inputs})
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


class TestBatchRead:
    @pytest.mark.parametrize("base", ["v3/objects", "objects/2026-09"])
    async def test_records_are_read_by_id(self, base: str, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """With the properties that were asked for, null where there is no value, as before the first sync."""
        (fresh,) = acme.add_records("contacts", 1)
        body = {"inputs": [{"id": "101"}, {"id": fresh}], "properties": ["salesforcelastsynctime"]}
        answer = await hubspot.post(f"http://simulator/acme/hubspot/crm/{base}/contacts/batch/read", json=body)
        read = {one["id"]: one["properties"]["salesforcelastsynctime"] for one in answer.json()["results"]}
        assert (answer.status_code, read) == (200, {"101": MINUTE_AGO, fresh: None})

    async def test_what_is_not_there_is_named_once(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """207 with one error for all of them; a record of another type is none. The calls count as all others do."""
        company = acme.records.by_type["companies"][0].hubspot_id
        body = {"inputs": [{"id": "999"}, {"id": "101"}, {"id": company}]}
        answer = await hubspot.post("contacts/batch/read", json=body)
        content = answer.json()
        assert (answer.status_code, [one["id"] for one in content["results"]]) == (207, ["101"])
        (error,) = content["errors"]
        assert (content["numErrors"], error["category"]) == (1, "OBJECT_NOT_FOUND")
        assert error["context"]["ids"] == ["999", company]
        assert "Could not get some CONTACT objects" in error["message"]
        assert int(answer.headers["X-HubSpot-RateLimit-Remaining"]) == acme.hubspot_calls.most - 1

    async def test_a_property_the_account_does_not_have_is_left_out(
        self, hubspot: httpx.AsyncClient, acme: Org
    ) -> None:
        """Without a word."""
        acme.absent_properties = frozenset({"salesforcelastsynctime"})
        body = {"inputs": [{"id": "101"}], "properties": ["salesforcelastsynctime", "notes"]}
        (read,) = (await hubspot.post("contacts/batch/read", json=body)).json()["results"]
        assert "salesforcelastsynctime" not in read["properties"]
        assert read["properties"]["notes"] is None

    @pytest.mark.parametrize(
        "body", [{}, {"inputs": []}, {"inputs": [{"id": 1}]}, {"inputs": [{"id": "1"}] * 101}, {"properties": "email"}]
    )
    async def test_a_wrong_batch_is_refused(self, hubspot: httpx.AsyncClient, body: Any) -> None:
        """No inputs, wrong ones, or more than 100."""
        answer = await hubspot.post("contacts/batch/read", json=body)
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


class TestHabits:
    """What some accounts are like."""

    async def test_an_object_out_of_scope(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """Its scope is named, the other objects answer."""
        acme.objects_out_of_scope = frozenset({"companies"})
        refused = await hubspot.post("companies/search", json=search_body())
        assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
        (error,) = refused.json()["errors"]
        assert error["context"] == {"requiredGranularScopes": ["crm.objects.companies.read"]}
        assert (await search(hubspot, "deals"))["total"] == 4

    async def test_a_locked_object(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """It is refused without a time to wait, the other objects answer."""
        acme.locked_objects = frozenset({"companies"})
        refused = await hubspot.post("companies/search", json=search_body())
        assert (refused.status_code, refused.json()["category"]) == (423, "LOCKED")
        assert "Retry-After" not in refused.headers
        assert (await search(hubspot, "deals"))["total"] == 4

    async def test_a_property_the_account_does_not_have(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """No search can go by it; asked for, it is left out."""
        acme.absent_properties = frozenset({"hs_salesforceopportunityid"})
        linked = {"propertyName": "hs_salesforceopportunityid", "operator": "HAS_PROPERTY"}
        for body in (matching(linked), {"sorts": ["-hs_salesforceopportunityid"]}):
            refused = await hubspot.post("deals/search", json=search_body(**body))
            assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")
            assert 'Property "hs_salesforceopportunityid" does not exist' in refused.json()["message"]
        (deal, *_) = (await search(hubspot, "deals", properties=["hs_salesforceopportunityid"]))["results"]
        assert "hs_salesforceopportunityid" not in deal["properties"]

    async def test_an_unmapped_change_moves_the_modification_date_and_never_syncs(
        self, acme: Org, clock: ManualClock
    ) -> None:
        """However often HubSpot looks."""
        clock.pass_seconds(600)
        acme.change_unmapped("deals", 2, seconds_ago=60)
        acme.tick()
        changed = [deal for deal in acme.records.by_type["deals"] if deal.changed == clock.now - 60]
        assert len(changed) == 2
        assert all((deal.synced or 0) < clock.now - 600 for deal in changed)
        assert not acme.records.waiting

    async def test_a_search_lags_behind_and_a_sync_is_noted_late(self, clock: ManualClock) -> None:
        """A change shows after a minute; the time of a sync after that and 13 s, with a modification of its own."""
        record = RecordBook(1, clock.now).by_id["101"]
        former = record.changed
        changed = clock.now
        record.touch(changed)
        record.mark_synced(changed + 5, late=13)
        seen = {after: record.as_of(changed + after) for after in (-1, 0, 17, 18)}
        assert [(one.changed, one.synced) for one in seen.values()] == [
            (former, former),
            (changed, former),
            (changed, former),
            (changed + 18, changed + 5),
        ]
