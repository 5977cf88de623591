import asyncio
import json
import time

import httpx
import pytest

from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
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
            ("concurrent_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
            ("org_transaction_limit", 500, "UNKNOWN_EXCEPTION"),
            ("old_api_version", 410, "UNSUPPORTED_API_VERSION"),
            ("query_timeout", 400, "QUERY_TIMEOUT"),
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
        assert answer.json()["policyName"] == "SECONDLY"

    @pytest.mark.parametrize(
        ("fault", "status", "category", "policy", "retry_after"),
        [
            ("rate_limited", 429, "RATE_LIMIT", "SECONDLY", None),
            ("ten_secondly_limit", 429, "RATE_LIMIT", "TEN_SECONDLY_ROLLING", None),
            ("daily_limit", 429, "RATE_LIMIT", "DAILY", None),
            ("locked", 423, "LOCKED", None, None),
            ("migrating", 477, "MIGRATION_IN_PROGRESS", None, "3600"),
        ],
    )
    async def test_hubspot_says_which_limit_it_is(
        self,
        hubspot: httpx.AsyncClient,
        acme: Org,
        fault: str,
        status: int,
        category: str,
        policy: str | None,
        retry_after: str | None,
    ) -> None:
        """In its own form; of a migration it says how long to wait."""
        acme.faults.put(Fault("hubspot", fault))
        answer = await hubspot.post("contacts/search", json={})
        content = answer.json()
        assert (answer.status_code, content["category"], content.get("policyName")) == (status, category, policy)
        assert answer.headers.get("Retry-After") == retry_after

    @pytest.mark.parametrize(
        ("fault", "status", "location"),
        [
            ("maintenance_page", 200, None),
            ("web_page", 200, None),
            ("edge_html", 502, None),
            ("edge_without_routing", 420, None),
            ("maintenance_redirect", 302, "https://maintenance.salesforce.com/maintenance.html"),
            ("moved_domain", 302, "https://acme--moved.my.salesforce.com/acme/salesforce/services/data/v62.0/limits/"),
        ],
    )
    async def test_somebody_in_front_may_answer(
        self, salesforce: httpx.AsyncClient, acme: Org, fault: str, status: int, location: str | None
    ) -> None:
        """A page or a redirect, never JSON; for so many requests, with a Retry-After if told to."""
        acme.faults.put(Fault("salesforce", fault, count=1, retry_after=9))
        answer = await salesforce.get("limits/", follow_redirects=False)
        assert (answer.status_code, answer.headers.get("Location")) == (status, location)
        assert answer.headers["Retry-After"] == "9"
        with pytest.raises(json.JSONDecodeError):
            answer.json()
        assert (await salesforce.get("limits/")).status_code == 200

    async def test_hubspots_edge_has_a_status_of_its_own(self, hubspot: httpx.AsyncClient, acme: Org) -> None:
        """520, with HTML."""
        acme.faults.put(Fault("hubspot", "edge_html"))
        answer = await hubspot.post("contacts/search", json={})
        assert (answer.status_code, answer.headers["content-type"]) == (520, "text/html; charset=utf-8")

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


async def test_an_answer_takes_its_time() -> None:
    """What is asked happens in the middle of it."""
    world = World(["acme"], lambda: 0.0, Settings(latency=0.1))
    acme = world.orgs["acme"]
    error_ids = acme.add_errors("other", "unknown", 1)
    headers = {"Authorization": f"Bearer {acme.settings.bridge_token}"}
    began = time.monotonic()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(world, None)), headers=headers) as http:
        sending = asyncio.create_task(http.post("http://x/acme/bridge/resync", json={"error_ids": error_ids}))
        while not acme.resyncs.requests:
            assert not sending.done()
            await asyncio.sleep(0.001)
        assert time.monotonic() - began >= 0.05
        assert not sending.done()
        assert (await sending).status_code == 202
    assert time.monotonic() - began >= 0.1
