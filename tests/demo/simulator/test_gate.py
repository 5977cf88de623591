import asyncio
import json

import httpx
import pytest

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World

TOKEN_URL = "http://simulator/acme/salesforce/services/oauth2/token"
STATUS_URL = "http://simulator/status/v1/instances/SIM1/status"


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            ("unauthorized", 401, "INVALID_SESSION_ID"),
            ("quota", 403, "REQUEST_LIMIT_EXCEEDED"),
            ("rate_limited", 429, "RATE_LIMIT"),
            ("server_error", 500, "UNKNOWN_EXCEPTION"),
            ("api_disabled", 403, "API_DISABLED_FOR_ORG"),
            ("org_locked", 403, "ORG_LOCKED"),
            ("unable_to_lock_row", 400, "UNABLE_TO_LOCK_ROW"),
            ("storage_exceeded", 403, "STORAGE_LIMIT_EXCEEDED"),
            ("session_refused", 401, "INVALID_SESSION_ID"),
        ],
    )
    async def test_salesforce_says_its_code(
        self, salesforce: httpx.AsyncClient, acme: Org, fault: str, status: int, code: str
    ) -> None:
        """In an array, with the status that goes with it, and without counting a call."""
        acme.faults.put(Fault("salesforce", fault))
        answer = await salesforce.get("limits/")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
        assert acme.calls.used() == 0

    async def test_a_fault_lasts_as_many_requests_as_it_says(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """Two, then it works again; other APIs are not touched, and all requests are counted."""
        acme.faults.put(Fault("salesforce", "server_error", count=2))
        assert (await salesforce.get(STATUS_URL)).status_code == 200
        assert [(await salesforce.get("limits/")).status_code for _ in range(3)] == [500, 500, 200]
        assert acme.requests["salesforce.limits"] == 3

    async def test_a_rate_limit_may_say_when_to_come_back(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """Only if it was told to."""
        acme.faults.put(Fault("hubspot", "rate_limited", retry_after=7))
        answer = await hubspot.post("contacts/search", json={})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING"

    async def test_hubspot_may_lack_scopes(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """403 names the scopes it wants."""
        acme.faults.put(Fault("hubspot", "missing_scopes"))
        content = (await hubspot.post("contacts/search", json={})).json()
        assert content["category"] == "MISSING_SCOPES"
        assert content["errors"][0]["context"]["requiredGranularScopes"]

    @pytest.mark.parametrize(
        ("name", "status", "error"),
        [("server_error", 500, "unknown_exception"), ("unauthorized", 401, "invalid_client")],
    )
    async def test_the_token_endpoint_fails_apart(
        self, client: httpx.AsyncClient, acme: Org, name: str, status: int, error: str
    ) -> None:
        """Its errors are objects."""
        acme.faults.put(Fault("token", name))
        answer = await client.post(TOKEN_URL)
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    async def test_an_outage_answers_with_a_page(self, bridge: httpx.AsyncClient, acme: Org) -> None:
        """503, and HTML where JSON belongs."""
        acme.faults.put(Fault("bridge", "unavailable_html"))
        answer = await bridge.get("sync-health")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")

    async def test_json_may_be_cut(self, bridge: httpx.AsyncClient, acme: Org) -> None:
        """The headers are in order, the body stops in the middle."""
        acme.faults.put(Fault("bridge", "cut_json"))
        answer = await bridge.get("sync-health")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        with pytest.raises(json.JSONDecodeError):
            answer.json()

    async def test_types_may_be_wrong(self, salesforce: httpx.AsyncClient, acme: Org) -> None:
        """The keys are right, but no number is a number; without numbers no text is a text."""
        acme.faults.put(Fault("salesforce", "wrong_types"))
        acme.faults.put(Fault("status", "wrong_types"))
        calls = (await salesforce.get("limits/")).json()["DailyApiRequests"]
        status = (await salesforce.get(STATUS_URL)).json()
        assert list(calls) == ["Max", "Remaining", "monitoring"]
        assert not isinstance(calls["Max"], int)
        assert not isinstance(calls["Remaining"], int)
        assert status["status"] == 7

    async def test_a_hanging_request_ends_when_the_simulator_stops(
        self, bridge: httpx.AsyncClient, acme: Org, world: World
    ) -> None:
        """Until then nothing is answered."""
        acme.faults.put(Fault("bridge", "hang"))
        request = asyncio.create_task(bridge.get("sync-health"))
        while not acme.requests:  # noqa: ASYNC110 - the simulator has no event for it
            await asyncio.sleep(0)
        assert not request.done()
        world.stopping.set()
        assert (await asyncio.wait_for(request, 5)).status_code == 503


async def test_an_unknown_org_is_not_found(client: httpx.AsyncClient) -> None:
    """404 in the form of the API that was asked."""
    answer = await client.get("http://simulator/nobody/salesforce/services/data/v62.0/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


async def test_orgs_do_not_share_anything(salesforce: httpx.AsyncClient, world: World) -> None:
    """A session of acme is none of beta, and beta's counters are its own."""
    answer = await salesforce.get("http://simulator/beta/salesforce/services/data/v62.0/limits")
    assert answer.status_code == 401
    assert (world.orgs["acme"].requests, world.orgs["beta"].requests) == ({}, {"salesforce.limits": 1})
