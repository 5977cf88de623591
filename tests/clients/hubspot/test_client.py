"""HubSpot's search: what is sent, how fast, and what its refusals mean."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import connect
from exporter.clients.http.retry import ATTEMPTS, pause_before_retry
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.search_pace import SEARCHES_PER_SECOND, SPACING
from exporter.config.secret import Secret
from exporter.config.settings import Config, HubSpot
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import Again, AuthError, InvalidAnswer, RateLimited, ServerError
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeHttp, Sent
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR

URL = f"{SIMULATOR}/acme/hubspot"
PAGE = {"total": 1, "results": [{"id": "101", "properties": {"email": None}}]}
SECONDLY = {"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT"}
SORT = "salesforcelastsynctime"

Client = Callable[..., HubSpotClient]


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "hubspot-token"
    file.write_text(Settings().hubspot_token + "\n")
    return file


@pytest.fixture
def paces(clock: ManualClock) -> AccountPaces:
    return AccountPaces(clock)


@pytest.fixture
def client_over(make_http: MakeHttp, clock: ManualClock, sent: Sent, token_file: Path, paces: AccountPaces) -> Client:
    """A client of acme's HubSpot account over a transport."""

    def make(transport: httpx.AsyncBaseTransport, **changes: Any) -> HubSpotClient:
        secret = Secret(file=changes.pop("token_file", token_file))
        settings = replace(HubSpot(URL, "2026-09", secret, None, ("HubSpot",), ("contacts",)), **changes)
        return HubSpotClient(settings, secret, Upstream(make_http(transport), clock, sent.one), paces)

    return make


class Timed(CannedTransport):
    """Notes when each request came."""

    def __init__(self, clock: ManualClock, *answers: Canned | Exception) -> None:
        super().__init__(*answers)
        self._clock = clock
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.times.append(self._clock.time())
        return await super().handle_async_request(request)

    @property
    def most_in_a_second(self) -> int:
        return max(sum(start <= other < start + 1 for other in self.times) for start in self.times)


async def search(client: HubSpotClient) -> Any:
    return await client.search("contacts", [[]], SORT, [SORT])


class TestRequest:
    @pytest.mark.parametrize(
        ("version", "path"),
        [
            ("2026-09", "/crm/objects/2026-09/deals/search"),
            ("2027-03", "/crm/objects/2027-03/deals/search"),
            ("v3", "/crm/v3/objects/deals/search"),
        ],
    )
    async def test_a_search(self, client_over: Client, clock: ManualClock, sent: Sent, version: str, path: str) -> None:
        """All five keys are sent, under the path of the version, with the token as it stands in the file."""
        transport = CannedTransport(Canned(200, PAGE))
        client = client_over(transport, api_version=version)
        linked = {"propertyName": "hs_salesforceopportunityid", "operator": "HAS_PROPERTY"}
        assert await clock.pass_during(client.search("deals", [(linked,), ()], SORT, (SORT, "amount"))) == PAGE
        (request,) = transport.requests
        assert (request.method, str(request.url)) == ("POST", URL + path)
        assert request.headers["Authorization"] == f"Bearer {Settings().hubspot_token}"
        assert json.loads(request.content) == {
            "filterGroups": [{"filters": [linked]}, {"filters": []}],
            "sorts": [{"propertyName": SORT, "direction": "DESCENDING"}],
            "properties": [SORT, "amount"],
            "limit": 1,
            "after": "0",
        }
        assert sent.count == 1

    @pytest.mark.parametrize("version", ["2026-09", "v3"])
    async def test_the_simulator_answers(
        self, client_over: Client, transport: httpx.ASGITransport, clock: ManualClock, version: str
    ) -> None:
        """The newest of a sorted search, and the page after it."""
        client = client_over(transport, api_version=version)
        first = await clock.pass_during(client.search("contacts", [[]], "createdate", ["createdate"], limit=2))
        after = first["paging"]["next"]["after"]
        second = await clock.pass_during(
            client.search("contacts", [[]], "createdate", ["createdate"], limit=2, after=after)
        )
        created = [result["properties"]["createdate"] for page in (first, second) for result in page["results"]]
        assert len(created) == 4
        assert created == sorted(created, reverse=True)

    async def test_a_rotated_token_is_used_at_once(
        self, client_over: Client, transport: httpx.ASGITransport, token_file: Path, clock: ManualClock
    ) -> None:
        """No restart is needed once the file is right."""
        client = client_over(transport)
        token_file.write_text("not-the-token")
        with pytest.raises(AuthError):
            await clock.pass_during(search(client))
        token_file.write_text(Settings().hubspot_token)
        assert await clock.pass_during(search(client))

    @pytest.mark.parametrize("content", [None, b"\xff\xfe", b"", b"two\nlines", "tökén".encode()])
    async def test_a_token_that_cannot_be_sent(
        self, client_over: Client, token_file: Path, sent: Sent, content: bytes | None
    ) -> None:
        """Gone, not text, empty or not fit for a header: an AuthError that does not show it, and nothing is sent."""
        token_file.unlink() if content is None else token_file.write_bytes(content)
        with pytest.raises(AuthError, match="HubSpot token") as caught:
            await search(client_over(CannedTransport(Canned(200, PAGE))))
        assert "lines" not in str(caught.value)
        assert sent.count == 0

    async def test_a_connection_has_a_client_if_there_is_a_token(
        self, config: Config, make_http: MakeHttp, clock: ManualClock, sent: Sent, token_file: Path
    ) -> None:
        """And its requests are counted as HubSpot's; what it is made of stands in the connection too."""
        settings = HubSpot(URL, "2026-09", Secret(file=token_file), None, ("HubSpot",), ("contacts",))
        acme = replace(config.integrations[0], hubspot=settings)
        connection = connect(acme, make_http(CannedTransport(Canned(200, PAGE))), clock, sent.of)
        assert (connection.settings, connection.clock) == (acme, clock)
        assert connection.hubspot is not None
        await search(connection.hubspot)
        assert sent.apis == [("acme", "hubspot")]

    async def test_without_a_token_there_is_no_client(
        self, config: Config, make_http: MakeHttp, clock: ManualClock, sent: Sent
    ) -> None:
        """Nor without a HubSpot section."""
        acme = replace(config.integrations[0], hubspot=HubSpot(URL, "v3", None, None, ("HubSpot",), ()))
        for integration in (acme, replace(acme, hubspot=None)):
            assert connect(integration, make_http(None), clock, sent.of).hubspot is None


class TestRefusals:
    async def test_a_wrong_token(self, client_over: Client, sent: Sent) -> None:
        """401: HubSpot's own word for it and nothing of its message, after one request."""
        refused = {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "secret-token is not valid"}
        with pytest.raises(AuthError) as caught:
            await search(client_over(CannedTransport(Canned(401, refused))))
        assert caught.value.code == "INVALID_AUTHENTICATION"
        assert str(caught.value).startswith("HubSpot does not take the token. Put a valid one into")
        assert str(caught.value).endswith("contacts/search: status 401 INVALID_AUTHENTICATION)")
        assert "secret-token" not in str(caught.value)
        assert sent.count == 1

    async def test_missing_scopes_are_named(
        self, client_over: Client, sent: Sent, transport: httpx.ASGITransport, acme: Org
    ) -> None:
        """The message says what to tick in HubSpot."""
        acme.faults.put(Fault("hubspot", "missing_scopes"))
        with pytest.raises(AuthError, match=r"^A scope is missing: crm\.objects\.companies\.read, crm\.") as caught:
            await search(client_over(transport))
        assert caught.value.code == "MISSING_SCOPES"
        assert sent.count == 1

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"category": "MISSING_SCOPES"}, "A scope is missing, and HubSpot does not say which."),
            ({"category": "BANNED"}, "HubSpot forbids it."),
            (b"", "HubSpot forbids it."),
        ],
    )
    async def test_scopes_that_are_not_named(self, client_over: Client, body: Any, told: str) -> None:
        """The message still says where scopes are granted."""
        with pytest.raises(
            AuthError, match=rf"^{re.escape(told)} Check the scopes of the token in hubspot\.token_file"
        ):
            await search(client_over(CannedTransport(Canned(403, body))))

    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "5"}])
    async def test_the_daily_limit_is_not_retried_into(
        self, client_over: Client, sent: Sent, headers: dict[str, str]
    ) -> None:
        """One request, also if a short pause is asked for."""
        refused = Canned(429, SECONDLY | {"policyName": "DAILY"}, headers)
        with pytest.raises(RateLimited, match=r"DAILY\)$") as caught:
            await search(client_over(CannedTransport(refused)))
        assert (caught.value.code, caught.value.again) == ("DAILY", Again.HOURLY)
        assert sent.count == 1

    async def test_a_long_pause_is_left_to_the_schedule(self, client_over: Client, sent: Sent) -> None:
        """Whichever limit it is."""
        for policy in ("DAILY", "TEN_SECONDLY_ROLLING"):
            refused = Canned(429, SECONDLY | {"policyName": policy}, {"Retry-After": "600"})
            with pytest.raises(RateLimited) as caught:
                await search(client_over(CannedTransport(refused), url=f"{URL}/{policy}"))
            assert caught.value.retry_after == 600
        assert sent.count == 2

    @pytest.mark.parametrize(
        ("policy", "pause"),
        [({"policyName": "TEN_SECONDLY_ROLLING"}, 5.0), ({"policyName": "SECONDLY"}, 1.0), ({}, 1.0)],
    )
    async def test_a_limit_of_seconds_is_waited_out(
        self, client_over: Client, sent: Sent, clock: ManualClock, policy: dict[str, str], pause: float
    ) -> None:
        """A second or five later if HubSpot names no pause; it seldom does on searches. Three times in all."""
        refused = Canned(429, SECONDLY | policy)
        assert await clock.pass_during(search(client_over(CannedTransport(refused, Canned(200, PAGE))))) == PAGE
        with pytest.raises(RateLimited) as caught:
            await clock.pass_during(search(client_over(CannedTransport(refused))))
        assert pause_before_retry(caught.value) == pause
        assert sent.count == 2 + ATTEMPTS

    async def test_a_server_error_is_retried_although_a_search_is_a_post(
        self, client_over: Client, sent: Sent, clock: ManualClock
    ) -> None:
        """It changes nothing."""
        assert await clock.pass_during(search(client_over(CannedTransport(Canned(502), Canned(200, PAGE))))) == PAGE
        with pytest.raises(ServerError):
            await clock.pass_during(search(client_over(CannedTransport(Canned(500, b"<html>")))))
        assert sent.count == 2 + ATTEMPTS

    @pytest.mark.parametrize(
        "answer",
        [
            Canned(400, {"category": "VALIDATION_ERROR", "message": "no such property"}),
            Canned(200, b"<html>"),
            Canned(200, []),
            Canned(200, {"total": 0}),
            Canned(200, {"total": 1, "results": [{"id": 101, "properties": {}}]}),
            Canned(200, {"total": 1, "results": [{"id": "101", "properties": {"email": 7}}]}),
        ],
    )
    async def test_an_answer_that_makes_no_sense(self, client_over: Client, sent: Sent, answer: Canned) -> None:
        """An InvalidAnswer after one request."""
        with pytest.raises(InvalidAnswer):
            await search(client_over(CannedTransport(answer)))
        assert sent.count == 1


class TestPace:
    async def test_never_more_than_five_searches_in_a_second(self, client_over: Client, clock: ManualClock) -> None:
        """However many are asked at once, of however many objects and integrations; none waits for long."""
        transport = Timed(clock, Canned(200, PAGE))
        clients = [client_over(transport) for _ in range(3)]
        began = clock.time()
        await clock.pass_during(_all(search(clients[number % 3]) for number in range(30)))
        assert len(transport.times) == 30
        assert transport.most_in_a_second == SEARCHES_PER_SECOND
        assert transport.times[-1] - began == pytest.approx(29 * SPACING)

    async def test_a_pause_does_not_earn_a_burst(self, client_over: Client, clock: ManualClock) -> None:
        """After a quiet minute five in a second are still all."""
        transport = Timed(clock, Canned(200, PAGE))
        client = client_over(transport)
        for _ in range(3):
            await clock.pass_during(_all(search(client) for _ in range(7)))
            clock.advance(60)
        assert transport.most_in_a_second == SEARCHES_PER_SECOND

    async def test_retries_keep_the_pace(self, client_over: Client, clock: ManualClock) -> None:
        """What is sent again is a search too."""
        transport = Timed(clock, Canned(500))
        client = client_over(transport)
        await clock.pass_during(_all((search(client) for _ in range(6)), return_exceptions=True))
        assert len(transport.times) == 6 * ATTEMPTS
        assert transport.most_in_a_second == SEARCHES_PER_SECOND

    async def test_hubspot_never_has_to_refuse(
        self, client_over: Client, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
    ) -> None:
        """The simulator refuses a sixth search in any second; it was asked as often as there were searches."""
        await clock.pass_during(_all(search(client_over(transport)) for _ in range(24)))
        assert acme.requests["hubspot.search"] == 24

    async def test_accounts_do_not_wait_for_each_other(
        self, client_over: Client, clock: ManualClock, tmp_path: Path
    ) -> None:
        """Another address or another token is another account."""
        other = tmp_path / "other-token"
        other.write_text("other")
        transport = Timed(clock, Canned(200, PAGE))
        clients = (
            client_over(transport),
            client_over(transport, url=f"{URL}2"),
            client_over(transport, token_file=other),
        )
        await _all(search(client) for client in clients)
        assert len(set(transport.times)) == 1

    async def test_a_clock_set_back_does_not_stop_searches(self, client_over: Client, clock: ManualClock) -> None:
        """The wait is a fraction of a second, not the hour the clock lost."""
        transport = Timed(clock, Canned(200, PAGE))
        client = client_over(transport)
        await clock.pass_during(search(client))
        clock.advance(-3600)
        began = clock.time()
        await clock.pass_during(search(client))
        assert clock.time() - began == pytest.approx(SPACING)

    async def test_a_search_that_gives_up_waiting_lets_the_next_one_through(
        self, client_over: Client, clock: ManualClock
    ) -> None:
        """A poll that runs out of time is cancelled; the account is not blocked by it."""
        client = client_over(Timed(clock, Canned(200, PAGE)))
        await clock.pass_during(search(client))
        waiting = asyncio.ensure_future(search(client))
        for _ in range(10):
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await clock.pass_during(search(client)) == PAGE


class TestLastSyncs:
    @pytest.mark.parametrize("version", ["2026-09", "v3"])
    async def test_the_simulator_answers(
        self, client_over: Client, transport: httpx.ASGITransport, acme: Org, version: str, clock: ManualClock
    ) -> None:
        """A record that was synced, one that waits for its first sync, and one that is not there."""
        (fresh,) = acme.add_records("deals", 1)
        deal = acme.records.by_type["deals"][0]
        client = client_over(transport, api_version=version)
        read = await clock.pass_during(client.last_syncs("deals", [deal.hubspot_id, fresh, "999"]))
        assert read == {deal.hubspot_id: deal.synced, fresh: None}

    async def test_reads_keep_the_pace_of_calls(self, client_over: Client, clock: ManualClock) -> None:
        """And a busy HubSpot is asked again: nothing is changed by it."""
        transport = Timed(clock, Canned(503), Canned(200, {"results": []}))
        client = client_over(transport)
        await clock.pass_during(_all(client.last_syncs("contacts", ["1"]) for _ in range(100)))
        assert len(transport.times) == 101
        assert transport.times[-1] - transport.times[0] > 100 * 10 / 190

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Canned(200, {"results": [{"id": "1", "properties": {SORT: "soon"}}]}), InvalidAnswer),
            (Canned(200, {"results": [{"properties": {}}]}), InvalidAnswer),
            (Canned(403, {"category": "MISSING_SCOPES"}), AuthError),
            (Canned(400, {"category": "VALIDATION_ERROR"}), InvalidAnswer),
        ],
    )
    async def test_what_cannot_be_read_is_said(
        self, client_over: Client, answer: Canned, error: type[Exception], clock: ManualClock
    ) -> None:
        """Not taken for records that were never synced."""
        with pytest.raises(error):
            await clock.pass_during(client_over(CannedTransport(answer)).last_syncs("contacts", ["1"]))


async def _all(searches: Any, return_exceptions: bool = False) -> None:
    await asyncio.gather(*searches, return_exceptions=return_exceptions)
