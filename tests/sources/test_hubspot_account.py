"""Which HubSpot account it is, and what is left of its API calls of the day."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import Config, HubSpot, Integration
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import SECONDS_PER_DAY, Settings
from exporter.errors import Again, AuthError, InvalidAnswer, RateLimited, ServerError, UpstreamError, UpstreamTimeout
from exporter.model import HubSpotAccount
from exporter.sources.hubspot_account import API_USAGE, DETAILS, applies, calls_of, fetch, parse
from exporter.sources.source import Fetched
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR

NOW = 1_800_000_000.0
DETAILS_TOLD = {"portalId": 123456, "uiDomain": "app-eu1.hubspot.com", "accountType": "STANDARD", "utcOffset": "-05:00"}
ENTRY = {
    "name": "private-apps-api-calls-daily",
    "usageLimit": 1_000_000,
    "currentUsage": 2,
    "collectedAt": "2027-01-15T07:55:00.655Z",
    "fetchStatus": "SUCCESS",
    "resetsAt": "2027-01-16T05:00:00Z",
}
"""As HubSpot's guide has it."""
MIDNIGHT = 1_800_075_600.0
DAILY = {"X-HubSpot-RateLimit-Daily": "650000", "X-HubSpot-RateLimit-Daily-Remaining": "649986"}

Connect = Callable[[httpx.AsyncBaseTransport], Connection]


@pytest.fixture
def integration(config: Config, tmp_path: Path) -> Integration:
    """Acme, with its HubSpot account."""
    token = tmp_path / "hubspot-token"
    token.write_text(Settings().hubspot_token)
    account = HubSpot(f"{SIMULATOR}/acme/hubspot", "2026-09", Secret(file=token), None, ("HubSpot",), ("contacts",))
    return replace(config.integrations[0], hubspot=account)


@pytest.fixture
def connect_over(integration: Integration, clock: ManualClock) -> Connect:
    def make(transport: httpx.AsyncBaseTransport) -> Connection:
        return connect(integration, httpx.AsyncClient(transport=transport), clock, lambda _name, _api: None)

    return make


@pytest.fixture
def connection(connect_over: Connect, transport: httpx.ASGITransport) -> Connection:
    """The simulated account."""
    return connect_over(transport)


async def polled(connection: Connection, clock: ManualClock) -> tuple[HubSpotAccount, dict[str, UpstreamError | None]]:
    """What a poll says once its payload went through the store, and how its parts are."""
    told = await clock.pass_during(fetch(connection, None))
    assert isinstance(told, Fetched)
    return parse(json.loads(json.dumps(told.payload)), clock.time()), dict(told.parts)


def usage(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"results": list(entries)}


class TestTheSimulatedAccount:
    async def test_both_parts_are_told(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """Two requests; their own calls are among those counted."""
        acme.use_hubspot_calls(1_000)
        account, parts = await polled(connection, clock)
        midnight = (clock.time() // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY
        assert account == HubSpotAccount(acme.portal_id, "app.hubspot.com", 1_002, 650_000, midnight)
        assert parts == {DETAILS: None, API_USAGE: None}
        assert acme.requests == {"hubspot.account": 2}

    @pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
    async def test_every_version_has_them(
        self, integration: Integration, transport: httpx.ASGITransport, clock: ManualClock, version: str
    ) -> None:
        """The configured one is asked."""
        assert integration.hubspot is not None
        asked = replace(integration, hubspot=replace(integration.hubspot, api_version=version))
        http = httpx.AsyncClient(transport=transport)
        account, _parts = await polled(connect(asked, http, clock, lambda _name, _api: None), clock)
        assert account.calls_limit == 650_000

    async def test_the_headers_count_up_to_now(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """What the account's page says comes from a cache."""
        await polled(connection, clock)
        acme.use_hubspot_calls(5_000)
        assert (await polled(connection, clock))[0].calls_used == 5_004
        acme.tells_daily_calls = False
        assert (await polled(connection, clock))[0].calls_used == 2
        clock.advance(acme.settings.usage_cached)
        assert (await polled(connection, clock))[0].calls_used == 5_008

    async def test_a_day_begins_at_nought(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """At the account's midnight."""
        acme.use_hubspot_calls(5_000)
        before, _parts = await polled(connection, clock)
        clock.advance(SECONDS_PER_DAY)
        assert before.used_at(clock.time()) is None
        assert before.calls_limit == 650_000
        assert (await polled(connection, clock))[0].used_at(clock.time()) == 2

    async def test_a_scope_that_lacks_costs_its_part(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """The other is read, and HubSpot's own word for the scope is passed on."""
        acme.account_out_of_scope = frozenset({"details"})
        account, parts = await polled(connection, clock)
        assert (account.portal_id, account.ui_domain, account.calls_limit) == (None, None, 650_000)
        assert isinstance(parts[DETAILS], AuthError)
        assert "A scope is missing: oauth." in str(parts[DETAILS])
        assert parts[API_USAGE] is None
        acme.account_out_of_scope, acme.tells_daily_calls = frozenset({"api-usage"}), False
        account, parts = await polled(connection, clock)
        assert (account.portal_id, account.calls_used, account.calls_limit) == (acme.portal_id, None, None)
        assert isinstance(parts[API_USAGE], AuthError)

    async def test_headers_tell_what_may_not_be_asked(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """So the part is read: nothing that it is for is missing."""
        acme.account_out_of_scope = frozenset({"api-usage"})
        account, parts = await polled(connection, clock)
        assert (account.calls_used, account.calls_limit, account.resets_at) == (1, 650_000, None)
        assert parts == {DETAILS: None, API_USAGE: None}

    @pytest.mark.parametrize(("fault", "kind"), [("unauthorized", AuthError), ("daily_limit", RateLimited)])
    async def test_what_is_refused_to_the_account_is_asked_once(
        self, connection: Connection, clock: ManualClock, acme: Org, fault: str, kind: type[UpstreamError]
    ) -> None:
        """A bad token or a used-up day would meet the other request as well."""
        acme.faults.put(Fault("hubspot", fault))
        with pytest.raises(kind):
            await polled(connection, clock)
        assert acme.requests == {"hubspot.account": 1}

    async def test_a_day_that_is_used_up_is_refused(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """By the simulator as by HubSpot."""
        acme.use_hubspot_calls(0, limit=1)
        await polled(connection, clock)
        with pytest.raises(RateLimited) as refused:
            await polled(connection, clock)
        assert (refused.value.code, refused.value.again) == ("DAILY", Again.HOURLY)


class Hanging(httpx.AsyncBaseTransport):
    """Gives no answer at one path."""

    def __init__(self, path: str, end: Exception) -> None:
        self._path = path
        self._end = end

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._path):
            raise self._end
        return Canned(200, usage(ENTRY)).response()


class TestOneOfTwoFails:
    async def test_an_answer_that_is_none(self, connect_over: Connect, clock: ManualClock) -> None:
        """Details without an account; the calls are known."""
        transport = CannedTransport(Canned(200, {"portalId": None}), Canned(200, usage(ENTRY)))
        account, parts = await polled(connect_over(transport), clock)
        assert (account.portal_id, account.calls_used) == (None, 2)
        assert isinstance(parts[DETAILS], InvalidAnswer)

    async def test_both(self, connect_over: Connect, clock: ManualClock) -> None:
        """Then the source has failed."""
        with pytest.raises(ServerError):
            await polled(connect_over(CannedTransport(Canned(500, {}))), clock)

    @pytest.mark.parametrize("end", [httpx.ReadTimeout("no answer"), TimeoutError()])
    async def test_one_that_hangs(self, connect_over: Connect, clock: ManualClock, end: Exception) -> None:
        """Costs its part, whether a request or the whole part takes too long; neither is waited for here."""
        account, parts = await polled(connect_over(Hanging("/details", end)), clock)
        assert account.calls_used == 2
        assert isinstance(parts[DETAILS], UpstreamTimeout)

    @pytest.mark.parametrize("host", ["", None, "app.hubspot.com/x", "a" * 254, "app hubspot", "\ud800", "@evil"])
    async def test_a_host_that_is_none_is_unknown(
        self, connect_over: Connect, clock: ManualClock, host: str | None
    ) -> None:
        """The account is known all the same."""
        transport = CannedTransport(Canned(200, {**DETAILS_TOLD, "uiDomain": host}), Canned(200, usage(ENTRY)))
        account, parts = await polled(connect_over(transport), clock)
        assert (account.portal_id, account.ui_domain, parts[DETAILS]) == (123456, None, None)

    async def test_the_headers_of_either_tell(self, connect_over: Connect, clock: ManualClock) -> None:
        """The later one is the newer; it knows nothing of when the day ends, the answer does."""
        transport = CannedTransport(Canned(200, DETAILS_TOLD, DAILY), Canned(200, usage(ENTRY)))
        account, _parts = await polled(connect_over(transport), clock)
        assert (account.calls_used, account.calls_limit) == (14, 650_000)
        assert account.resets_at == MIDNIGHT


class TestCallsOf:
    def test_as_documented(self) -> None:
        """One entry, of all private apps together."""
        assert calls_of(usage(ENTRY), NOW) == {"used": 2, "limit": 1_000_000, "resets_at": MIDNIGHT}

    @pytest.mark.parametrize("status", ["CACHED", "SUCCESS", "A_NEW_ONE", None])
    def test_from_a_cache_is_as_good(self, status: str | None) -> None:
        """Only what HubSpot says that it failed at has."""
        assert calls_of(usage({**ENTRY, "fetchStatus": status}), NOW) is not None

    @pytest.mark.parametrize("status", ["FAILURE", "TIMEOUT"])
    def test_a_look_up_that_failed_is_no_count(self, status: str) -> None:
        """Whatever stands beside it; it passes."""
        with pytest.raises(ServerError, match=f"fetchStatus {status}") as failed:
            calls_of(usage({**ENTRY, "currentUsage": 0, "fetchStatus": status}), NOW)
        assert failed.value.again is Again.SOON

    @pytest.mark.parametrize("answer", [usage(), usage({**ENTRY, "fetchStatus": "NOTFOUND"})])
    def test_no_count_is_unknown(self, answer: dict[str, Any]) -> None:
        """An account without private apps has none: nobody has to mend that."""
        assert calls_of(answer, NOW) is None

    @pytest.mark.parametrize("name", ["DAILY_LIMIT", "", None])
    def test_the_only_limit_may_have_any_name(self, name: str | None) -> None:
        """It is what was asked for."""
        assert calls_of(usage({**ENTRY, "name": name}), NOW) == calls_of(usage(ENTRY), NOW)

    def test_limits_of_other_things_are_left_out(self) -> None:
        """Seats stood there once, first or last."""
        seats = {**ENTRY, "name": "sales-pro-seats", "usageLimit": 2, "fetchStatus": "FAILURE", "resetsAt": None}
        assert calls_of(usage(seats, ENTRY), NOW) == calls_of(usage(ENTRY), NOW) == calls_of(usage(ENTRY, seats), NOW)

    def test_apps_share_the_limit(self) -> None:
        """It is the account's, and what they have used adds up; of one that is not known neither is the sum."""
        one, other = {**ENTRY, "name": "one", "currentUsage": 10}, {**ENTRY, "name": "other", "currentUsage": 32}
        assert calls_of(usage(one, other), NOW) == {"used": 42, "limit": 1_000_000, "resets_at": MIDNIGHT}
        told = calls_of(usage(one, {**other, "currentUsage": None}), NOW)
        assert told == {"used": None, "limit": 1_000_000, "resets_at": MIDNIGHT}

    def test_several_limits_are_no_limit(self) -> None:
        """Nobody can say which is the account's."""
        with pytest.raises(InvalidAnswer, match="2 limits"):
            calls_of(usage(ENTRY, {**ENTRY, "usageLimit": 500}), NOW)

    @pytest.mark.parametrize(("field", "known"), [("currentUsage", "limit"), ("usageLimit", "used")])
    def test_null_is_unknown(self, field: str, known: str) -> None:
        """The other number is told."""
        for entry in ({**ENTRY, field: None}, {key: value for key, value in ENTRY.items() if key != field}):
            told = calls_of(usage(entry), NOW)
            assert told is not None
            assert {key for key in ("used", "limit") if told[key] is not None} == {known}

    def test_a_known_nought(self) -> None:
        """Of use is one; of a limit it is none, since this was a call."""
        told = calls_of(usage({**ENTRY, "currentUsage": 0, "usageLimit": 0}), NOW)
        assert told == {"used": 0, "limit": None, "resets_at": MIDNIGHT}

    def test_more_than_the_limit(self) -> None:
        """Is told as it is."""
        told = calls_of(usage({**ENTRY, "currentUsage": 1_000_007}), NOW)
        assert told is not None
        assert told["used"] == 1_000_007

    def test_yesterdays_count_is_none_of_today(self) -> None:
        """A cache may outlive midnight."""
        assert calls_of(usage(ENTRY), MIDNIGHT) == {"used": None, "limit": 1_000_000, "resets_at": None}
        assert calls_of(usage(ENTRY), MIDNIGHT - 1) == calls_of(usage(ENTRY), NOW)

    @pytest.mark.parametrize("text", ["", None, "soon", "2027-01-16T05:00:00", "0001-01-01T00:00:00Z", "9" * 5000])
    def test_an_end_that_is_no_time_is_unknown(self, text: str | None) -> None:
        """The count is good as long as the reading is."""
        told = calls_of(usage({**ENTRY, "resetsAt": text}), NOW)
        assert told == {"used": 2, "limit": 1_000_000, "resets_at": None}


class TestWhoIsAsked:
    def test_an_account_with_a_token(self, integration: Integration) -> None:
        """Without one nothing is asked at HubSpot."""
        assert integration.hubspot is not None
        assert applies(integration)
        assert not applies(replace(integration, hubspot=replace(integration.hubspot, token=None)))
        assert not applies(replace(integration, hubspot=None))

    async def test_no_account(self, config: Config, clock: ManualClock, transport: httpx.ASGITransport) -> None:
        """Is said."""
        http = httpx.AsyncClient(transport=transport)
        connection = connect(config.integrations[0], http, clock, lambda _name, _api: None)
        with pytest.raises(AuthError, match="no HubSpot token is configured"):
            await asyncio.wait_for(fetch(connection, None), 5)
