import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from exporter.demo.simulator.org import Org
from exporter.demo.simulator.salesforce.event_log import log_file_csv, log_file_rows
from tests.demo.simulator.conftest import QUIET, ManualClock

ASSIGNMENTS = (
    "SELECT PermissionSetId, PermissionSet.Label, PermissionSet.IsOwnedByProfile, "
    "PermissionSet.PermissionsApiEnabled, Assignee.IsActive "
    "FROM PermissionSetAssignment WHERE Assignee.Username='hubspot@acme.example'"
)
OBJECTS = "SELECT ParentId, SobjectType, PermissionsRead, PermissionsEdit FROM ObjectPermissions"
FIELDS = "SELECT ParentId, SobjectType, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions"
ASSIGNED = (
    "ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE Assignee.Username = 'hubspot@acme.example')"
)


async def ask(salesforce: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    answer = await salesforce.get("query", params={"q": query})
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalSize"] == len(answer.json()["records"])
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def part(query: str, reference: str) -> dict[str, str]:
    url = str(httpx.URL("/services/data/v62.0/query/", params={"q": query}))
    return {"method": "GET", "url": url, "referenceId": reference}


class TestCalls:
    async def test_limits_tell_what_is_left(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Calls of all apps count, this one included; apps beneath have no quota of their own."""
        acme.use_api_calls("HubSpot", 40)
        acme.set_storage("file", None, None)
        content = (await salesforce.get("limits")).json()
        no_quota = {"Max": 0, "Remaining": 0}
        assert content["DailyApiRequests"] == {
            "Max": 100_000,
            "Remaining": 99_959,
            "HubSpot": no_quota,
            "monitoring": no_quota,
        }
        assert content["DataStorageMB"] == {"Max": 1_024, "Remaining": 924}
        assert "FileStorageMB" not in content
        assert content["PermissionSets"]["CreateCustom"]["Max"] == 1_000

    async def test_every_answer_tells_the_use_of_the_org(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Errors too, although they are not counted as calls."""
        good = await salesforce.get("limits/")
        acme.sessions.expire_all()
        bad = await salesforce.get("limits/")
        assert good.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
        assert bad.headers["Sforce-Limit-Info"] == "api-usage=1/100000"

    async def test_a_session_ends(self, salesforce: httpx.AsyncClient, clock: ManualClock) -> None:
        """After two hours the token is no good any more."""
        clock.pass_seconds(7_201)
        answer = await salesforce.get("limits/")
        assert (answer.status_code, answer.json()) == (
            401,
            [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        )

    async def test_nothing_goes_beyond_the_limit(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """When the org has used its calls, even looking at the limits is refused."""
        acme.daily_limit = 1
        assert (await salesforce.get("limits/")).status_code == 200
        answer = await salesforce.get("limits/")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert acme.calls.used() == 1

    async def test_with_overage_less_than_nothing_remains(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Remaining goes below zero when overage is allowed."""
        acme.daily_limit, acme.overage_allowed = 1, True
        await salesforce.get("limits/")
        assert (await salesforce.get("limits/")).json()["DailyApiRequests"]["Remaining"] == -1

    async def test_requests_are_counted_by_kind(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """What was received, answered or not."""
        await salesforce.get("limits")
        await salesforce.get("limits/")
        acme.sessions.expire_all()
        await salesforce.get("query", params={"q": ASSIGNMENTS})
        assert acme.requests == {"salesforce.limits": 2, "salesforce.query": 1}


class TestAccess:
    async def test_profile_and_permission_set_are_assigned(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """The profile shows up as a permission set; API access is the profile's."""
        acme.set_user(active=False)
        profile, hubspot = await ask(salesforce, ASSIGNMENTS)
        assert profile["PermissionSet"]["IsOwnedByProfile"] is True
        assert profile["PermissionSet"]["PermissionsApiEnabled"] is True
        assert hubspot["PermissionSet"]["Label"] == "HubSpot Integration"
        assert hubspot["Assignee"]["IsActive"] is False
        acme.set_permission_set(assigned=False)
        assert len(await ask(salesforce, ASSIGNMENTS)) == 1

    async def test_a_withdrawn_object_has_no_row(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Edit withdrawn: a row that says so. Read too: no row."""
        query = f"{OBJECTS} WHERE {ASSIGNED} AND SobjectType IN ('Contact', 'Account') ORDER BY SobjectType"
        acme.set_object_permission("Contact", granted=False, access="edit")
        rows = [(row["SobjectType"], row["PermissionsEdit"]) for row in await ask(salesforce, query)]
        assert rows == [("Account", True), ("Contact", False)]
        acme.set_object_permission("Contact", granted=False)
        assert [row["SobjectType"] for row in await ask(salesforce, query)] == ["Account"]

    async def test_fields_are_named_with_their_object(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """`Contact.Email`, and nothing once it is withdrawn."""
        query = f"{FIELDS} WHERE Parent.Label = 'HubSpot Integration' AND Field IN ('Contact.Email')"
        (row,) = await ask(salesforce, query)
        assert (row["SobjectType"], row["PermissionsRead"], row["PermissionsEdit"]) == ("Contact", True, True)
        acme.set_field_permission("Contact", "Email", granted=False)
        assert await ask(salesforce, query) == []

    async def test_the_org_names_its_instance(self, salesforce: httpx.AsyncClient) -> None:
        """It is the key to ask Salesforce Status with."""
        (row,) = await ask(salesforce, "SELECT InstanceName, IsSandbox FROM Organization")
        assert (row["InstanceName"], row["IsSandbox"]) == ("SIM1", False)

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("SELECT Id FROM Quote", "INVALID_TYPE"),
            ("SELECT Colour FROM Organization", "INVALID_FIELD"),
            ("SELECT Id Organization", "MALFORMED_QUERY"),
        ],
    )
    async def test_a_bad_query_is_refused(self, salesforce: httpx.AsyncClient, query: str, code: str) -> None:
        """With Salesforce's own code for it."""
        answer = await salesforce.get("query", params={"q": query})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


class TestComposite:
    async def test_many_questions_cost_one_call(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """A part may fail by itself; the whole is still 200."""
        parts = [part(ASSIGNMENTS, "assigned"), part(OBJECTS, "objects"), part("SELECT X FROM User", "bad")]
        answer = await salesforce.post("composite", json={"compositeRequest": parts})
        told = {one["referenceId"]: one for one in answer.json()["compositeResponse"]}
        assert answer.status_code == 200
        assert {name: one["httpStatusCode"] for name, one in told.items()} == {
            "assigned": 200,
            "objects": 200,
            "bad": 400,
        }
        assert told["objects"]["body"]["totalSize"] == 7
        assert told["bad"]["body"][0]["errorCode"] == "INVALID_FIELD"
        assert acme.calls.used() == 1

    @pytest.mark.parametrize(
        "parts",
        [
            [part(ASSIGNMENTS, str(number)) for number in range(6)],
            [{"method": "GET", "url": "/services/data/v62.0/sobjects", "referenceId": str(n)} for n in range(26)],
            [],
            "no list",
        ],
    )
    async def test_too_much_at_once_is_refused(self, salesforce: httpx.AsyncClient, parts: Any) -> None:
        """More than 5 queries, more than 25 parts, or none."""
        answer = await salesforce.post("composite", json={"compositeRequest": parts})
        assert answer.status_code == 400
        assert answer.json()[0]["errorCode"]

    async def test_limits_are_not_allowed_inside(self, salesforce: httpx.AsyncClient) -> None:
        """That part fails."""
        limits = {"method": "GET", "url": "/services/data/v62.0/limits", "referenceId": "limits"}
        answer = await salesforce.post("composite/", json={"compositeRequest": [limits]})
        assert answer.json()["compositeResponse"][0]["httpStatusCode"] == 400


class TestEventLog:
    QUERY = "SELECT Id, LogDate, Interval FROM EventLogFile WHERE EventType = 'ApiTotalUsage' ORDER BY LogDate DESC"

    async def test_the_log_holds_a_line_for_each_call(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Each hour has a file; its lines name the app that called."""
        acme.use_api_calls("HubSpot", 3, seconds_ago=7_200)
        acme.use_api_calls("HubSpot", 2)
        newest, older = await ask(salesforce, self.QUERY)
        assert newest["LogDate"] == "2026-11-21T12:00:00.000+0000"
        assert older["Interval"] == "Hourly"
        content = await salesforce.get(f"sobjects/EventLogFile/{newest['Id']}/LogFile")
        lines = list(csv.DictReader(io.StringIO(content.text)))
        assert [line["CONNECTED_APP_NAME"] for line in lines] == ["HubSpot"] * 2 + ["monitoring"] * 2
        assert {line["COUNTS_AGAINST_API_LIMIT"] for line in lines} == {"1"}

    def test_a_file_is_as_long_as_it_is_said_to_be(self, make_org: Callable[..., Org]) -> None:
        """Byte for byte, whoever called, named or not."""
        org = make_org(replace(QUIET, event_log_nameless=0.3, event_log_sequences=2))
        for seconds_ago in (0, 7_200, 7_500):
            for app, count in (("HubSpot", 13), ('The "other" one', 8)):
                org.use_api_calls(app, count, seconds_ago)
        files = {row["Id"]: row["LogFileLength"] for row in log_file_rows(org)}
        assert len(files) == 6
        assert files == {file_id: len((log_file_csv(org, file_id) or "").encode()) for file_id in files}

    def test_a_file_does_not_become_shorter_than_it_is_said_to_be(self, org: Org, clock: ManualClock) -> None:
        """Though calls leave the window between the list and the download."""
        for seconds_ago in (86_340, 86_300, 86_200):
            org.use_api_calls("HubSpot", 5, seconds_ago)
        (listed,) = log_file_rows(org)
        whole = log_file_csv(org, listed["Id"]) or ""
        clock.pass_seconds(120)
        assert listed["LogFileLength"] <= len(log_file_csv(org, listed["Id"]) or "") < len(whole)

    async def test_files_can_be_asked_for_by_date(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Dates are compared as times."""
        acme.use_api_calls("HubSpot", 3, seconds_ago=7_200)
        query = "SELECT Id FROM EventLogFile WHERE LogDate >= 2026-11-21T11:00:00Z"
        assert len(await ask(salesforce, query)) == 1
        assert len(await ask(salesforce, "SELECT Id FROM EventLogFile WHERE LogDate = LAST_N_DAYS:2")) == 2

    async def test_an_unknown_file_is_not_found(self, salesforce: httpx.AsyncClient) -> None:
        """404 in Salesforce's form."""
        answer = await salesforce.get("sobjects/EventLogFile/0ATnone/LogFile")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
