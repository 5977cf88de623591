"""The heartbeat: newest sync, newest change, and since when a change has waited for a sync."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.connection import Connection, connect
from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.config.settings import Canary, Config, HubSpot, Integration
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import AuthError, InvalidAnswer, RateLimited, UpstreamError, UpstreamTimeout
from exporter.model import Heartbeat, ObjectHeartbeat
from exporter.sources.hubspot_heartbeat import GOOD_FOR, NEWEST, applies, fetch, parse
from exporter.sources.source import Fetched
from exporter.sources.waiting_changes import (
    AT_ONCE,
    CROWD,
    ECHO,
    MOMENT,
    MOST_WAITING,
    SLACK,
    Change,
    waiting_records,
    waiting_since,
)
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR
from tests.examples import examples
from tests.pages import Page

OBJECTS = ("contacts", "companies", "deals")
EMPTY = {"total": 0, "results": []}


@pytest.fixture
def integration(config: Config, tmp_path: Path) -> Integration:
    """Acme, with its HubSpot account."""
    token = tmp_path / "hubspot-token"
    token.write_text(Settings().hubspot_token)
    account = HubSpot(f"{SIMULATOR}/acme/hubspot", "2026-09", Secret(file=token), None, ("HubSpot",), OBJECTS)
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


async def polled(connection: Connection, clock: ManualClock, previous: Any = None) -> Fetched:
    """A poll whose payload went through the store."""
    told = await clock.pass_during(fetch(connection, previous))
    assert isinstance(told, Fetched)
    return Fetched(json.loads(json.dumps(told.payload)), told.parts)


async def look(connection: Connection, clock: ManualClock, previous: Any = None) -> Any:
    """The payload of a poll that read every object."""
    told = await polled(connection, clock, previous)
    assert set(told.parts.values()) == {None}
    return told.payload


def of(payload: Any, name: str = "contacts") -> ObjectHeartbeat:
    """The heartbeat of one object."""
    (found,) = (entry for entry in parse(payload, 0.0).objects if entry.object == name)
    return found


def times_of(payload: Any, name: str = "contacts") -> tuple[float | None, float | None, float | None]:
    """Newest sync, newest change, and since when one waits."""
    one = of(payload, name)
    return one.last_sync, one.last_change, one.waiting_since


class TestTimes:
    async def test_a_quiet_account_is_healthy(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """Every object shows its newest sync and change, and nothing waits, however old they are."""
        began = clock.time()
        clock.advance(48 * 3600)
        heartbeat = parse(await look(connection, clock), clock.time())
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
        assert times_of(await look(connection, clock), "deals") == (synced, synced, None)

    async def test_the_record_of_the_canary_does_not_count(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """Neither what the exporter writes to it nor the sync of that; other objects have records of the same id."""
        canary = Canary("contacts", "101", "salesforce_canary", "Contact", "003000000000101SIM", "HubSpot_Canary__c")
        watched = replace(connection, settings=replace(connection.settings, canary=canary))
        before = of(await look(watched, clock))
        clock.advance(1000)
        acme.records.change(acme.records.by_id["101"], clock.time())
        assert of(await look(connection, clock)) != before
        assert of(await look(watched, clock)) == before
        acme.tick()
        clock.advance(60)
        assert times_of(await look(connection, clock))[0] != before.last_sync
        assert of(await look(watched, clock)) == before

    async def test_only_linked_records_count_as_changed(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """A record that is not in Salesforce may change as it likes: there is nothing to sync it to."""
        before = of(await look(connection, clock))
        clock.advance(1000)
        acme.records.add("contacts", clock.time())
        assert of(await look(connection, clock)) == before

    async def test_a_contact_linked_to_a_lead_counts(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """A contact is linked to a contact or to a lead."""
        clock.advance(1000)
        lead = next(record for record in acme.records.by_type["contacts"] if record.salesforce_object == "Lead")
        lead.changed = clock.time()
        assert of(await look(connection, clock)).last_change == lead.changed

    async def test_no_record_is_unknown_not_zero(self, connect_over: Connect, clock: ManualClock) -> None:
        """An object nobody uses has no times."""
        payload = await look(connect_over(CannedTransport(Canned(200, EMPTY))), clock)
        assert of(payload) == ObjectHeartbeat("contacts", None, None, None)

    @pytest.mark.parametrize(("value", "expected"), [("1795262400000", 1_795_262_400.0), (None, None), ("", None)])
    async def test_a_property_without_a_value_is_unknown(
        self, connect_over: Connect, clock: ManualClock, value: str | None, expected: float | None
    ) -> None:
        """HubSpot writes null, and sometimes nothing."""
        page = {"total": 1, "results": [{"id": "1", "properties": {"salesforcelastsynctime": value}}]}
        payload = await look(connect_over(CannedTransport(Canned(200, page))), clock)
        assert times_of(payload) == (expected, None, None)


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
        payload = await look(connection, clock)
        clock.advance(1800)
        first = clock.time()
        for record in contacts[:4]:
            acme.records.change(record, clock.time())
            payload = await look(connection, clock, payload)
            assert of(payload).waiting_since == pytest.approx(first, abs=0.001)  # HubSpot writes milliseconds
            assert of(payload, "deals").waiting_since is None
            clock.advance(900)
        acme.tick()
        payload = await look(connection, clock, payload)
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
        assert of(await look(connection, clock, previous)).waiting_since == changed


class TestWaitingRecords:
    """Which records wait, one by one: what tells a sync that stands still from a change that never syncs."""

    SYNC = 1_800_000_000.0
    LATER = SYNC + 1e6

    def test_a_record_waits_from_the_first_change_known(self) -> None:
        """A workflow that changes the same record every ten minutes leaves one record waiting, since its first time."""
        known: dict[str, float] = {}
        for minutes in (10, 20, 30):
            known = waiting_records([Change("7", self.SYNC + 60 * minutes, None)], self.SYNC, known, self.LATER)
        assert known == {"7": self.SYNC + 600}

    def test_those_that_are_no_longer_the_newest_are_known_from_before(self) -> None:
        """A poll looks at the newest few alone."""
        known = waiting_records([Change("1", self.SYNC + 700, None)], self.SYNC, {}, self.LATER)
        known = waiting_records([Change("2", self.SYNC + 900, None)], self.SYNC, known, self.LATER)
        assert known == {"1": self.SYNC + 700, "2": self.SYNC + 900}

    def test_a_sync_ends_the_wait_of_all_before_it(self) -> None:
        """Of whichever object: records still sync."""
        known = {"1": self.SYNC + 700, "2": self.SYNC + 2000}
        assert waiting_records([], self.SYNC + 1000, known, self.LATER) == {"2": self.SYNC + 2000}

    @pytest.mark.parametrize(
        ("at", "synced", "waits"),
        [
            (SYNC + SLACK, SYNC - 9000, False),  # the sync's own write
            (SYNC + SLACK + 1, SYNC - 9000, True),
            (SYNC + SLACK + 1, SYNC, False),  # what follows its own sync: a workflow, a score
            (SYNC + ECHO, SYNC, False),
            (SYNC + ECHO + 1, SYNC, True),
            (SYNC + ECHO, None, True),
        ],
    )
    def test_what_a_sync_itself_sets_off_does_not_wait(self, at: float, synced: float | None, waits: bool) -> None:
        """The sync writes to its records late, and workflows answer to what it brought, on as many as were synced."""
        assert bool(waiting_records([Change("1", at, synced)], self.SYNC, {}, self.LATER)) is waits

    def test_where_nothing_was_ever_synced_nothing_waits(self) -> None:
        """The account may have no sync at all."""
        assert waiting_records([Change("1", self.SYNC, None)], None, {"2": self.SYNC}, self.LATER) == {}

    @pytest.mark.parametrize(
        ("seconds", "waiting"),
        [
            ([0.0] * CROWD, []),
            ([0.0] * (CROWD - 1), [0.0] * (CROWD - 1)),
            ([number * AT_ONCE / (CROWD - 1) for number in range(CROWD)], []),
            ([number * AT_ONCE for number in range(CROWD)], [number * AT_ONCE for number in range(CROWD)]),
            ([-3600.0, *[0.0] * 8, 3600.0], [-3600.0, 3600.0]),
        ],
    )
    def test_what_changes_in_a_crowd_does_not_count(self, seconds: list[float], waiting: list[float]) -> None:
        """It is the work of a job, and nobody knows whether its property is mapped."""
        changes = [Change(str(number), self.SYNC + 9000 + at, None) for number, at in enumerate(seconds)]
        assert list(waiting_records(changes, self.SYNC, {}, self.LATER).values()) == [
            self.SYNC + 9000 + at for at in waiting
        ]

    def test_a_job_is_known_though_each_poll_sees_some_of_it(self) -> None:
        """500 records in forty minutes, looked at every two, also just as the first ones change. A record that waited
        before goes on waiting, and one that changes later does."""
        known = {"7": self.SYNC + 4000}
        changes = [Change(str(number), self.SYNC + 9000 + 4.8 * number, None) for number in range(500)]
        changes.append(Change("alone", self.SYNC + 12_000, None))
        for now in range(9010, 12_200, 120):
            seen = [change for change in changes if change.at <= self.SYNC + now][-NEWEST:]
            known = waiting_records(seen, self.SYNC, known, self.SYNC + now)
        assert known == {"7": self.SYNC + 4000, "alone": self.SYNC + 12_000}

    def test_what_has_just_changed_is_left_to_the_next_poll(self) -> None:
        """Which sees whether it was the first of a crowd."""
        change = Change("1", self.SYNC + 9000, None)
        assert waiting_records([change], self.SYNC, {}, change.at + AT_ONCE - 1) == {}
        assert waiting_records([change], self.SYNC, {}, change.at + AT_ONCE) == {"1": change.at}

    def test_no_more_are_kept_than_needed(self) -> None:
        """One of each moment: the first ones, so that a stop that is told is not forgotten, and the newest, so that one
        is told that came later."""
        changes = [Change(str(number), self.SYNC + 700 + 100 * number, None) for number in range(600)]
        known = waiting_records(changes, self.SYNC, {}, self.LATER)
        times = list(known.values())
        assert len(times) == MOST_WAITING
        assert [times[0], times[-1]] == [self.SYNC + 700, self.SYNC + 700 + 597 * 100]
        assert all(later - earlier >= MOMENT for earlier, later in itertools.pairwise(times))
        assert waiting_records([], self.SYNC, known, self.LATER) == known

    async def test_the_newest_of_every_object_are_looked_at(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """Without a search more than before; what changes later is found by the next polls."""
        payload, times = None, []
        for record in acme.records.by_type["contacts"][:3]:
            clock.advance(1500)
            record.touch(clock.time())
            times.append(clock.time())
            clock.advance(AT_ONCE)
            payload = await look(connection, clock, payload)
        assert of(payload).waiting == pytest.approx(times, abs=0.001)
        assert of(payload, "deals").waiting == ()
        assert acme.requests == {"hubspot.search": 18}

    async def test_a_job_over_many_records_leaves_none_waiting(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """However many; of the change itself the heartbeat tells."""
        clock.advance(1000)
        began = clock.time()
        acme.change_unmapped("contacts", NEWEST + 5)
        payload = await look(connection, clock)
        assert of(payload).waiting == ()
        assert of(payload).waiting_since == pytest.approx(began, abs=0.001)

    async def test_search_lag_and_late_sync_times_are_no_wait(self, connect_over: Connect, clock: ManualClock) -> None:
        """A search is a minute behind, and the time of a sync comes 13 s late and moves the modification date."""
        world = World(["acme"], clock.time, Settings(search_lag=60, sync_written_late=13, records_per_second=0))
        connection = connect_over(httpx.ASGITransport(build_app(world, sync_interval=None)))
        org = world.orgs["acme"]
        clock.advance(3600)
        payload = None
        for minute in range(90):
            if minute % 15 == 0:
                org.tick()
                org.records.change_next(20, clock.time())
            payload = await look(connection, clock, payload)
            # 20 records change right after a round and wait for the next one: nothing is older than two rounds.
            waiting = [moment for name in OBJECTS for moment in of(payload, name).waiting]
            assert all(clock.time() - moment < 1000 for moment in waiting)
            clock.advance(60)


class TestParts:
    async def test_an_object_out_of_scope_costs_that_object(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """Contacts and deals are read; of companies nothing is said, but which scope is missing."""
        acme.objects_out_of_scope = frozenset({"companies"})
        told = await polled(connection, clock)
        assert [entry.object for entry in parse(told.payload, 0.0).objects] == ["contacts", "deals"]
        assert list(told.parts) == list(OBJECTS)
        assert (told.parts["contacts"], told.parts["deals"]) == (None, None)
        missing = told.parts["companies"]
        assert isinstance(missing, AuthError)
        assert missing.code == "MISSING_SCOPES"
        assert "crm.objects.companies.read" in str(missing)

    async def test_an_account_without_deal_sync(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """HubSpot refuses to search by a property that is not there; the key that leaves the object out is named."""
        acme.absent_properties = frozenset({"hs_salesforceopportunityid"})
        told = await polled(connection, clock)
        assert [entry.object for entry in parse(told.payload, 0.0).objects] == ["contacts", "companies"]
        missing = told.parts["deals"]
        assert isinstance(missing, InvalidAnswer)
        assert "hs_salesforceopportunityid" in str(missing)
        assert "leave deals out of hubspot.heartbeat_objects" in str(missing)

    @pytest.mark.parametrize("refused", [("contacts",), ("deals",), ("contacts", "companies"), ("companies", "deals")])
    async def test_whichever_object_it_is(
        self, connection: Connection, clock: ManualClock, acme: Org, refused: tuple[str, ...]
    ) -> None:
        """The first, the last, two of three."""
        acme.objects_out_of_scope = frozenset(refused)
        told = await polled(connection, clock)
        assert {name for name, error in told.parts.items() if error} == set(refused)
        assert {entry.object for entry in parse(told.payload, 0.0).objects} == set(OBJECTS) - set(refused)

    async def test_when_all_fail_the_source_fails(self, connection: Connection, clock: ManualClock, acme: Org) -> None:
        """With what the first one met."""
        acme.objects_out_of_scope = frozenset(OBJECTS)
        with pytest.raises(AuthError, match=r"contacts.*MISSING_SCOPES"):
            await clock.pass_during(fetch(connection, None))

    @pytest.mark.parametrize("searches", [2, 3, 4])
    async def test_a_limit_in_the_middle_keeps_what_was_read(
        self, connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, searches: int
    ) -> None:
        """And nothing further is asked in that poll."""
        limited = Stopping(transport, searches, Canned(429, {"policyName": "DAILY"}))
        told = await polled(connect_over(limited), clock)
        read = OBJECTS[: searches // 2]
        assert [entry.object for entry in parse(told.payload, 0.0).objects] == list(read)
        assert {name for name, error in told.parts.items() if isinstance(error, RateLimited)} == set(OBJECTS) - set(
            read
        )
        assert limited.sent == searches + 1

    async def test_a_token_that_is_refused_is_tried_once(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """For the other objects it is the same one."""
        acme.faults.put(Fault("hubspot", "unauthorized"))
        with pytest.raises(AuthError):
            await clock.pass_during(fetch(connection, None))
        assert acme.requests == {"hubspot.search": 1}

    @pytest.mark.parametrize(
        ("answer", "asked", "lost"),
        [
            (Canned(423, {"category": "LOCKED"}), OBJECTS, {"companies"}),
            (Canned(423, {}), OBJECTS, {"companies"}),
            (Canned(423, b"<html>Locked</html>", {"Content-Type": "text/html"}), OBJECTS, {"companies"}),
            (Canned(403, {"category": "MISSING_SCOPES"}), OBJECTS, {"companies"}),
            (Canned(403, {}), OBJECTS, {"companies"}),
            (Canned(404, {}), OBJECTS, {"companies"}),
            (Canned(500, {}), OBJECTS, {"companies"}),
            (Canned(401, b""), OBJECTS[:2], {"companies", "deals"}),
            (Canned(401, {}), OBJECTS[:2], {"companies", "deals"}),
            (Canned(401, {"category": "INVALID_AUTHENTICATION"}), OBJECTS[:2], {"companies", "deals"}),
            (Canned(401, {"category": "EXPIRED_AUTHENTICATION"}), OBJECTS[:2], {"companies", "deals"}),
            (Canned(429, {}), OBJECTS[:2], {"companies", "deals"}),
            (Canned(429, {"policyName": "SECONDLY"}), OBJECTS[:2], {"companies", "deals"}),
            (Canned(429, {"policyName": "DAILY"}), OBJECTS[:2], {"companies", "deals"}),
        ],
    )
    async def test_whether_the_others_would_meet_it_too(
        self,
        connect_over: Connect,
        transport: httpx.ASGITransport,
        clock: ManualClock,
        answer: Canned,
        asked: tuple[str, ...],
        lost: set[str],
    ) -> None:
        """A lock or a scope costs one object; what is the token's or the account's ends the poll there, with what is
        read."""
        refusing = Refusing(transport, "companies", answer)
        told = await polled(connect_over(refusing), clock)
        assert {name for name, error in told.parts.items() if error is not None} == lost
        assert tuple(dict.fromkeys(refusing.asked)) == asked

    async def test_searches_of_one_object_that_hang_cost_that_object(
        self, connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock
    ) -> None:
        """The others are asked all the same."""
        hanging = Hanging(transport, "/companies/search")
        told = await polled(connect_over(hanging), clock)
        assert isinstance(told.parts["companies"], UpstreamTimeout)
        assert [entry.object for entry in parse(told.payload, 0.0).objects] == ["contacts", "deals"]

    async def test_what_was_known_of_a_missing_object_is_kept_as_of_then(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """For an hour: its syncs still show that records sync, its waiting changes still wait; its times are not shown
        as those of now."""
        clock.advance(1000)
        acme.records.by_type["companies"][0].touch(clock.time())
        payload = await look(connection, clock)
        before, read_at = of(payload, "companies"), clock.time()
        acme.objects_out_of_scope = frozenset({"companies"})
        clock.advance(GOOD_FOR - 100)
        payload = (await polled(connection, clock, payload)).payload
        kept = of(payload, "companies")
        assert kept.read_at == pytest.approx(read_at, abs=2)
        assert replace(kept, read_at=None) == before
        assert of(payload, "contacts").read_at is None
        clock.advance(200)
        payload = (await polled(connection, clock, payload)).payload
        assert [entry.object for entry in parse(payload, 0.0).objects] == ["contacts", "deals"]

    async def test_the_wait_goes_on_when_the_object_is_back(
        self, connection: Connection, clock: ManualClock, acme: Org
    ) -> None:
        """Nothing begins anew because of one poll that failed."""
        clock.advance(1000)
        acme.records.by_type["deals"][0].touch(began := clock.time())
        clock.advance(AT_ONCE)
        payload = await look(connection, clock)
        for out_of_scope in (frozenset({"deals"}), frozenset[str]()):
            clock.advance(300)
            acme.objects_out_of_scope = out_of_scope
            acme.records.by_type["deals"][0].touch(clock.time())
            payload = (await polled(connection, clock, payload)).payload
        assert of(payload, "deals").waiting_since == pytest.approx(began, abs=0.001)
        assert of(payload, "deals").waiting == pytest.approx([began], abs=0.001)

    def test_a_payload_of_the_version_before_is_read(self) -> None:
        """Without records that wait."""
        old = {"objects": {"contacts": {"last_sync": 5.0, "last_change": 9.0, "waiting_since": 9.0}}}
        assert of(old) == ObjectHeartbeat("contacts", 5.0, 9.0, 9.0)

    async def test_the_poller_shows_what_is_missing(
        self, config_data: dict[str, Any], write_config: Any, tmp_path: Path, start: Any, acme: Org, clock: ManualClock
    ) -> None:
        """On the page of metrics: two objects with their times, the third as a part that is down."""
        (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
        entry = {"name": "acme", "hubspot": {"url": f"{SIMULATOR}/acme/hubspot", "token_file": "hubspot-token"}}
        acme.objects_out_of_scope = frozenset({"companies"})
        async with start(load_config(write_config(config_data | {"integrations": [entry]}))) as service:
            (target,) = (one for one in service.poller.targets if one.source.name == "hubspot_heartbeat")
            await clock.pass_during(service.poller.poll(target))
            page = Page(service.exposition.page("")[0].decode())
        labels = {"integration": "acme", "source": "hubspot_heartbeat"}
        assert page.value("source_up", **labels) == 1
        parts = {name: page.value("source_part_up", **labels, part=name) for name in OBJECTS}
        assert parts == {"contacts": 1, "companies": 0, "deals": 1}
        for metric in ("last_sync_timestamp_seconds", "last_change_timestamp_seconds"):
            shown = {name for name in OBJECTS if page.value(metric, integration="acme", object=name) is not None}
            assert shown == {"contacts", "deals"}
        assert page.value("source_errors_total", **labels, kind="auth") == 1


class Stopping(httpx.AsyncBaseTransport):
    """Answers so many searches, then only this."""

    def __init__(self, inner: httpx.AsyncBaseTransport, good: int, then: Canned) -> None:
        self._inner = inner
        self._good = good
        self._then = CannedTransport(then)
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        inner = self._inner if self.sent <= self._good else self._then
        return await inner.handle_async_request(request)


class Refusing(httpx.AsyncBaseTransport):
    """Answers the searches of one object with this, and writes down whose were asked for."""

    def __init__(self, inner: httpx.AsyncBaseTransport, name: str, answer: Canned) -> None:
        self._inner = inner
        self._name = name
        self._answer = CannedTransport(answer)
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.split("/")[-2])
        inner = self._answer if self.asked[-1] == self._name else self._inner
        return await inner.handle_async_request(request)


class Hanging(httpx.AsyncBaseTransport):
    """Gives no answer at one path; the client's own patience, ten seconds, is not waited for."""

    def __init__(self, inner: httpx.AsyncBaseTransport, path: str) -> None:
        self._inner = inner
        self._path = path

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._path):
            raise httpx.ReadTimeout("no answer", request=request)
        return await self._inner.handle_async_request(request)


class TestFailure:
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


@settings(derandomize=True, deadline=None, max_examples=examples(400))
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
