"""The heartbeat: newest sync, newest change, and since when a change has waited for a sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import Config, HubSpot, Integration
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import AuthError, InvalidAnswer, RateLimited, UpstreamError
from exporter.model import Heartbeat, ObjectHeartbeat
from exporter.sources.hubspot_heartbeat import SLACK, applies, fetch, parse, time_of, waiting_since
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR

OBJECTS = ("contacts", "companies", "deals")
EMPTY = {"total": 0, "results": []}


@pytest.fixture
def integration(config: Config, tmp_path: Path) -> Integration:
    """Acme, with its HubSpot account."""
    token = tmp_path / "hubspot-token"
    token.write_text(Settings().hubspot_token)
    account = HubSpot(f"{SIMULATOR}/acme/hubspot", "2026-09", Secret(file=token), None, "HubSpot", OBJECTS)
    return replace(config.integrations[0], hubspot=account)


Connect = Callable[[httpx.AsyncBaseTransport], Connection]


@pytest.fixture
def connect_over(integration: Integration, clock: ManualClock) -> Connect:
    def make(transport: httpx.AsyncBaseTransport) -> Connection:
        http = httpx.AsyncClient(transport=transport)
        return connect(integration, http, clock, lambda _integration, _api: None)

    return make


@pytest.fixture
def connection(connect_over: Connect, transport: httpx.ASGITransport) -> Connection:
    """The simulated account."""
    return connect_over(transport)


def of(payload: Any, name: str = "contacts") -> ObjectHeartbeat:
    """The heartbeat of one object."""
    (found,) = (entry for entry in parse(payload, 0.0).objects if entry.object == name)
    return found


class TestTimes:
    async def test_a_quiet_account_is_healthy(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """Every object shows its newest sync and change, and nothing waits, however old they are."""
        began = clock.time()
        clock.advance(48 * 3600)
        heartbeat = parse(await clock.pass_during(fetch(connection, None)), clock.time())
        assert [entry.object for entry in heartbeat.objects] == list(OBJECTS)
        for entry in heartbeat.objects:
            assert entry.last_sync == entry.last_change
            assert began - 70 < (entry.last_sync or 0) <= began - 60
            assert entry.waiting_since is None
        assert acme.requests == {"hubspot.search": 6}

    async def test_a_sync_shows(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """A record that changed and was synced moves both times."""
        clock.advance(1000)
        acme.records.change(acme.records.by_type["deals"][0], clock.time())
        acme.tick()
        synced = clock.time()
        deals = of(await clock.pass_during(fetch(connection, None)), "deals")
        assert deals == ObjectHeartbeat("deals", synced, synced, None)

    async def test_only_linked_records_count_as_changed(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """A record that is not in Salesforce may change as it likes: there is nothing to sync it to."""
        before = of(await clock.pass_during(fetch(connection, None)))
        clock.advance(1000)
        acme.records.add("contacts", clock.time())
        assert of(await clock.pass_during(fetch(connection, None))) == before

    async def test_a_contact_linked_to_a_lead_counts(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """A contact is linked to a contact or to a lead."""
        clock.advance(1000)
        lead = next(record for record in acme.records.by_type["contacts"] if record.salesforce_object == "Lead")
        lead.changed = clock.time()
        assert of(await clock.pass_during(fetch(connection, None))).last_change == lead.changed

    async def test_no_record_is_unknown_not_zero(self, connect_over: Connect, clock: ManualClock) -> None:
        """An object nobody uses has no times."""
        payload = await clock.pass_during(fetch(connect_over(CannedTransport(Canned(200, EMPTY))), None))
        assert of(payload) == ObjectHeartbeat("contacts", None, None, None)

    @pytest.mark.parametrize(("value", "expected"), [("1795262400000", 1_795_262_400.0), (None, None), ("", None)])
    async def test_a_property_without_a_value_is_unknown(
        self, connect_over: Connect, clock: ManualClock, value: str | None, expected: float | None
    ) -> None:
        """HubSpot writes null, and sometimes nothing."""
        page = {"total": 1, "results": [{"id": "1", "properties": {"salesforcelastsynctime": value}}]}
        payload = await clock.pass_during(fetch(connect_over(CannedTransport(Canned(200, page))), None))
        assert of(payload) == ObjectHeartbeat("contacts", expected, None, None)

    @pytest.mark.parametrize(
        "text",
        ["1795262400000", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000Z", "2026-11-21T13:00:00+01:00"],
    )
    def test_both_forms_of_a_time_are_read(self, text: str) -> None:
        """Epoch milliseconds and ISO 8601."""
        assert time_of(text, "x") == 1_795_262_400.0

    @pytest.mark.parametrize(
        "text", ["soon", "2026-11-21T12:00:00", "9" * 15, "9" * 16, "-5", "1969-12-31T23:59:59Z", "１２", "1e3", "nan"]
    )
    def test_what_is_no_time_is_refused(self, text: str) -> None:
        """Also one without a zone, or far out of this world."""
        with pytest.raises(InvalidAnswer, match=r"^contacts: changed"):
            time_of(text, "contacts: changed")


class TestWaiting:
    SYNC = 1_800_000_000.0

    @pytest.mark.parametrize(
        ("last_sync", "last_change"), [(None, SYNC), (SYNC, None), (None, None), (SYNC, SYNC - 5), (SYNC, SYNC + SLACK)]
    )
    def test_nothing_waits(self, last_sync: float | None, last_change: float | None) -> None:
        """Nothing changed since the sync but by the sync itself; or it is not known whether anything did."""
        for before in (None, self.SYNC - 5000, self.SYNC + 5000):
            assert waiting_since(last_sync, last_change, before) is None

    def test_a_change_after_the_sync_waits(self) -> None:
        """From the newest change on, which is all that can be searched for."""
        change = self.SYNC + SLACK + 1
        assert waiting_since(self.SYNC, change, None) == change

    def test_further_changes_do_not_start_the_wait_anew(self) -> None:
        """The oldest change that no sync has followed is what counts."""
        waiting = waiting_since(self.SYNC, self.SYNC + 100, None)
        for change in (self.SYNC + 200, self.SYNC + 5000):
            waiting = waiting_since(self.SYNC, change, waiting)
        assert waiting == self.SYNC + 100

    def test_a_sync_ends_the_wait(self) -> None:
        """Once it has passed the change; what changed after it waits from then on."""
        before = self.SYNC + 100
        assert waiting_since(self.SYNC + 90, self.SYNC + 1000, before) == self.SYNC + 1000
        assert waiting_since(self.SYNC + 900, self.SYNC + 1000, before) == self.SYNC + 1000
        assert waiting_since(self.SYNC + 950, self.SYNC + 1000, before) is None

    async def test_silence_is_seen_and_kept_over_polls(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """HubSpot stops syncing without a word: the wait begins with the first change, and ends with the next sync."""
        contacts = acme.records.by_type["contacts"]
        payload = await clock.pass_during(fetch(connection, None))
        clock.advance(1800)
        first = clock.time()
        for record in contacts[:4]:
            acme.records.change(record, clock.time())
            payload = await clock.pass_during(fetch(connection, payload))
            assert of(payload).waiting_since == pytest.approx(first, abs=0.001)  # HubSpot writes milliseconds
            assert of(payload, "deals").waiting_since is None
            clock.advance(900)
        acme.tick()
        payload = await clock.pass_during(fetch(connection, payload))
        assert of(payload).last_change == pytest.approx(contacts[3].changed, abs=0.001)
        assert of(payload).waiting_since is None

    @pytest.mark.parametrize(
        "previous", [None, [], {"objects": {"contacts": {"waiting_since": "old"}}}, {"objects": {}}, {"version": 2}]
    )
    async def test_a_payload_of_another_version_is_ignored(
        self, connection: Connection, clock: ManualClock, acme: Org, previous: Any
    ) -> None:
        """As if this were the first poll."""
        clock.advance(1000)
        acme.records.by_type["contacts"][0].changed = changed = clock.time()
        assert of(await clock.pass_during(fetch(connection, previous))).waiting_since == changed


class TestFailure:
    async def test_one_search_that_fails_fails_the_source(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """Half a heartbeat is not shown as a whole one."""
        acme.faults.put(Fault("hubspot", "missing_scopes", count=1))
        with pytest.raises(AuthError, match="MISSING_SCOPES"):
            await clock.pass_during(fetch(connection, None))
        acme.faults.put(Fault("hubspot", "rate_limited"))
        with pytest.raises(RateLimited):
            await clock.pass_during(fetch(connection, None))

    async def test_without_a_token_it_does_not_apply(
        self, integration: Integration, transport: httpx.ASGITransport, clock: ManualClock
    ) -> None:
        """And says so if it is asked all the same."""
        assert applies(integration)
        assert not applies(replace(integration, hubspot=None))
        assert integration.hubspot is not None
        tokenless = replace(integration, hubspot=replace(integration.hubspot, token=None))
        assert not applies(tokenless)
        connection = connect(tokenless, httpx.AsyncClient(transport=transport), clock, lambda _name, _api: None)
        with pytest.raises(AuthError, match="no HubSpot token"):
            await fetch(connection, None)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)
times = st.none() | st.floats(0, 4e9) | scalars
entries = st.fixed_dictionaries({"last_sync": times, "last_change": times, "waiting_since": times}) | anything
payloads = anything | st.fixed_dictionaries(
    {"objects": st.dictionaries(st.sampled_from(OBJECTS) | st.text(max_size=9), entries, max_size=3)}
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(payloads)
def test_any_json_is_parsed_or_refused(payload: Any) -> None:
    """And what is parsed says what the payload says, once an object."""
    try:
        heartbeat = parse(payload, 0.0)
    except UpstreamError:
        return
    assert isinstance(heartbeat, Heartbeat)
    assert [entry.object for entry in heartbeat.objects] == list(payload["objects"])
    for entry in heartbeat.objects:
        assert entry.waiting_since == payload["objects"][entry.object]["waiting_since"]
