"""What can be taken away from whoever monitors, and what the APIs then answer."""

from typing import Any

import httpx
import pytest

from exporter.demo.simulator.org import Org
from tests.demo.simulator.conftest import NOON

TOUCH = "salesforce_resync_requested_at"
QUERY = "SELECT Id FROM {}"


async def refusal(salesforce: httpx.AsyncClient, resource: str, **params: str) -> tuple[int, str]:
    answer = await salesforce.get(resource, params=params)
    return answer.status_code, answer.json()[0]["errorCode"]


async def touch(hubspot: httpx.AsyncClient) -> httpx.Response:
    body = {"inputs": [{"id": "101", "properties": {TOUCH: "1"}}]}
    return await hubspot.post("contacts/batch/update", json=body)


class TestSalesforce:
    async def test_anybody_is_told_the_versions(self, client: httpx.AsyncClient, acme: Org) -> None:
        """Without a session, and for no call of the org."""
        answer = await client.get("/acme/salesforce/services/data/")
        assert {"label": "Release 62", "url": "/services/data/v62.0", "version": "62.0"} in answer.json()
        assert acme.calls.used() == 0

    async def test_an_app_without_the_scope_api(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """The session is not valid for the REST API."""
        acme.set_monitoring(api_scope=False)
        answer = await salesforce.get("limits")
        assert (answer.status_code, answer.json()) == (
            401,
            [{"message": "This session is not valid for use with the REST API", "errorCode": "INVALID_SESSION_ID"}],
        )

    async def test_a_user_without_the_api(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        acme.set_monitoring(api_enabled=False)
        assert await refusal(salesforce, "limits") == (403, "API_DISABLED_FOR_ORG")

    @pytest.mark.parametrize(
        ("right", "hidden", "shown"),
        [
            ("view_setup", "PermissionSetAssignment", "EventLogFile"),
            ("view_event_log_files", "EventLogFile", "UserLogin"),
            ("manage_users", "UserLogin", "PermissionSetAssignment"),
        ],
    )
    async def test_what_the_user_may_not_see(
        self, salesforce: httpx.AsyncClient, acme: Org, right: str, hidden: str, shown: str
    ) -> None:
        """There is no such object for it; others there are."""
        acme.set_monitoring(**{right: False})
        assert await refusal(salesforce, "query", q=QUERY.format(hidden)) == (400, "INVALID_TYPE")
        assert (await salesforce.get("query", params={"q": QUERY.format(shown)})).status_code == 200

    async def test_limits_are_part_of_the_setup(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        acme.set_monitoring(view_setup=False)
        assert await refusal(salesforce, "limits") == (403, "FORBIDDEN")


class TestHubSpot:
    @pytest.mark.parametrize(
        ("scope", "refused"),
        [
            ("crm.objects.contacts.read", ["search", "batch/read"]),
            ("crm.objects.contacts.write", ["batch/update"]),
            ("crm.schemas.contacts.read", ["properties"]),
            ("crm.objects.deals.read", []),
        ],
    )
    async def test_a_scope_the_token_lacks(
        self, hubspot: httpx.AsyncClient, acme: Org, scope: str, refused: list[str]
    ) -> None:
        """Only what needs it is refused, and the answer names it."""
        acme.missing_scopes = frozenset({scope})
        inputs: list[dict[str, Any]] = [{"id": "101", "properties": {TOUCH: "1"}}]
        search = {"filterGroups": [], "sorts": [], "properties": [], "limit": 1, "after": "0"}
        bodies: dict[str, Any] = {
            "search": search,
            "batch/read": {"inputs": inputs},
            "batch/update": {"inputs": inputs},
        }
        answers = {name: await hubspot.post(f"contacts/{name}", json=body) for name, body in bodies.items()}
        answers["properties"] = await hubspot.get("http://simulator/acme/hubspot/crm/properties/2026-09/contacts")
        assert [name for name, answer in answers.items() if answer.status_code == 403] == refused
        for name in refused:
            (error,) = answers[name].json()["errors"]
            assert error["context"] == {"requiredGranularScopes": [scope]}

    async def test_a_mapping_that_was_taken_away(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """The property is written, the record changes, and nothing syncs."""
        acme.unmapped = frozenset({TOUCH})
        assert (await touch(hubspot)).status_code == 200
        acme.tick()
        record = acme.records.by_id["101"]
        assert (record.changed, record.synced) == (NOON, NOON - 60)

    async def test_another_type_of_a_property(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        acme.property_types = {TOUCH: "string"}
        listed = await hubspot.get("http://simulator/acme/hubspot/crm/properties/2026-09/contacts")
        assert {one["name"]: one["type"] for one in listed.json()["results"]}[TOUCH] == "string"


class TestClock:
    async def test_every_answer_says_when_it_was_made(self, client: httpx.AsyncClient, acme: Org) -> None:
        """By the clock of whoever answers, which may be another than everybody's."""
        path = "/acme/salesforce/services/data/"
        assert (await client.get(path)).headers["date"] == "Sat, 21 Nov 2026 12:00:00 GMT"
        acme.clock_ahead = -600.0
        assert (await client.get(path)).headers["date"] == "Sat, 21 Nov 2026 11:50:00 GMT"
