"""Records that have not reached Salesforce: counted by object and kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import Config, HubSpot, Integration, Unsynced
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import AuthError, InvalidAnswer, RateLimited, UpstreamError, UpstreamTimeout
from exporter.model import UnsyncedObject
from exporter.sources.hubspot_unsynced import applies, fetch, parse, span_of
from exporter.sources.source import Fetched
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR

OBJECTS = ("contacts", "companies", "deals")
Connect = Callable[..., Connection]


@pytest.fixture
def connect_over(config: Config, clock: ManualClock, tmp_path: Path) -> Connect:
    """Acme's HubSpot account over a transport, with what it looks for."""
    token = tmp_path / "hubspot-token"
    token.write_text(Settings().hubspot_token)

    def make(transport: httpx.AsyncBaseTransport, **wanted: Any) -> Connection:
        url = f"{SIMULATOR}/acme/hubspot"
        account = HubSpot(url, "2026-09", Secret(file=token), None, ("HubSpot",), (), Unsynced(**wanted))
        integration = replace(config.integrations[0], hubspot=account)
        return connect(integration, httpx.AsyncClient(transport=transport), clock, lambda _name, _api: None)

    return make


@pytest.fixture
def world(clock: ManualClock) -> World:
    """A hundred linked records, and nothing that happens by itself."""
    return World(("acme",), clock.time, Settings(records=100, records_per_second=0))


@pytest.fixture
def acme(world: World) -> Org:
    return world.orgs["acme"]


@pytest.fixture
def transport(world: World) -> httpx.ASGITransport:
    return httpx.ASGITransport(build_app(world, sync_interval=None))


async def polled(connection: Connection, clock: ManualClock) -> Fetched:
    """A poll whose payload went through the store."""
    told = await clock.pass_during(fetch(connection, None))
    assert isinstance(told, Fetched)
    return Fetched(json.loads(json.dumps(told.payload)), told.parts)


async def counts(connection: Connection, clock: ManualClock) -> dict[str, tuple[int | None, int | None]]:
    """(stale, never synced) by object."""
    told = await polled(connection, clock)
    return {one.object: (one.stale, one.never_synced) for one in parse(told.payload, clock.time()).objects}


def pass_hours(acme: Org, clock: ManualClock, hours: float) -> None:
    """Time in which HubSpot has its rounds."""
    for _quarter in range(round(4 * hours)):
        clock.advance(900)
        acme.tick()


async def test_a_quiet_account_has_none(
    connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
) -> None:
    """That is known, so it is 0; three searches an object."""
    pass_hours(acme, clock, 48)
    assert await counts(connect_over(transport), clock) == dict.fromkeys(OBJECTS, (0, 0))
    assert acme.requests == {"hubspot.search": 9}


@pytest.mark.parametrize("synced_before", [30, 1])
async def test_an_incident_shows_in_its_records_and_ends_with_it(
    connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org, synced_before: float
) -> None:
    """While HubSpot has suspended the sync, what changes and what is created waits, and counts once its grace is over,
    whether its last sync lies before the window or within it; within minutes after the end none does."""
    connection = connect_over(transport)
    pass_hours(acme, clock, synced_before)
    acme.suspend("unknown_error")
    for object_type, count in (("contacts", 7), ("companies", 3)):
        for record in acme.records.by_type[object_type][:count]:
            acme.records.change(record, clock.time())
    acme.add_records("deals", 2)
    seen = []
    for _half_hour in range(2):
        pass_hours(acme, clock, 0.5)
        clock.advance(1)
        seen.append(await counts(connection, clock))
    waiting = {"contacts": (7, 0), "companies": (3, 0), "deals": (0, 2)}
    assert seen == [waiting, waiting]
    acme.clear_suspension()
    acme.tick()
    assert await counts(connection, clock) == dict.fromkeys(OBJECTS, (0, 0))


async def test_within_the_grace_nothing_counts(
    connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
) -> None:
    """HubSpot's next round may sync it yet. However short the grace, a search must be able to have seen the sync."""
    pass_hours(acme, clock, 30)
    acme.records.change(acme.records.by_type["contacts"][0], clock.time())
    seen = {}
    for grace in (600.0, 1.0):
        for seconds in (60, 20, 500, 30):
            clock.advance(seconds)
            seen[grace, clock.time()] = (await counts(connect_over(transport, grace=grace), clock))["contacts"][0]
    assert list(seen.values()) == [0, 0, 0, 1, 1, 1, 1, 1]
    assert span_of(Unsynced(grace=1.0, window=600.0), 1000.0).end == 925.0


async def test_it_is_an_upper_bound(
    connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
) -> None:
    """What is not mapped syncs nothing, and who is outside the inclusion segment is never created: both count, unless
    the owner's filters leave them out."""
    pass_hours(acme, clock, 30)
    acme.change_unmapped("contacts", 5)
    outside = acme.add_records("contacts", 4, in_segment=False)
    for name in outside:
        acme.records.by_id[name].written["lifecyclestage"] = "subscriber"
    pass_hours(acme, clock, 1)
    assert (await counts(connect_over(transport), clock))["contacts"] == (5, 4)
    segment = ({"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"},)
    narrowed = connect_over(transport, filters={"contacts": segment})
    assert await counts(narrowed, clock) == dict.fromkeys(OBJECTS, (0, 0))


class TestParts:
    async def test_an_object_out_of_scope_costs_that_object_alone(
        self, connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
    ) -> None:
        """It is absent, the scope is named."""
        acme.objects_out_of_scope = frozenset({"companies"})
        told = await polled(connect_over(transport), clock)
        assert set(told.payload["objects"]) == {"contacts", "deals"}
        failed = {name: error for name, error in told.parts.items() if error is not None}
        assert list(failed) == ["companies"]
        assert "crm.objects.companies.read" in str(failed["companies"])

    async def test_an_account_without_deal_sync_is_told_what_to_leave_out(
        self, connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
    ) -> None:
        """HubSpot's 400 names the property it does not know; the sentence says which key to change."""
        acme.absent_properties = frozenset({"hs_salesforceopportunityid"})
        told = await polled(connect_over(transport), clock)
        assert set(told.payload["objects"]) == {"contacts", "companies"}
        assert "leave deals out of hubspot.unsynced.objects" in str(told.parts["deals"])

    async def test_a_property_of_the_owners_filters_is_named_too(
        self, connect_over: Connect, transport: httpx.ASGITransport, clock: ManualClock, acme: Org
    ) -> None:
        """It may be the one that is not there."""
        acme.absent_properties = frozenset({"segment"})
        filters = {"contacts": ({"propertyName": "segment", "operator": "HAS_PROPERTY"},)}
        told = await polled(connect_over(transport, filters=filters), clock)
        assert "those of hubspot.unsynced.filters.contacts (segment)" in str(told.parts["contacts"])
        assert (told.parts["companies"], told.parts["deals"]) == (None, None)

    @pytest.mark.parametrize(
        ("fault", "error", "asked"), [("unauthorized", AuthError, 1), ("daily_limit", RateLimited, 1)]
    )
    async def test_what_is_refused_to_the_account_is_asked_once(
        self,
        connect_over: Connect,
        transport: httpx.ASGITransport,
        clock: ManualClock,
        acme: Org,
        fault: str,
        error: type[UpstreamError],
        asked: int,
    ) -> None:
        """Every object would meet it."""
        acme.faults.put(Fault("hubspot", fault))
        with pytest.raises(error):
            await clock.pass_during(fetch(connect_over(transport), None))
        assert acme.requests["hubspot.search"] == asked

    async def test_an_object_that_hangs_costs_its_share_of_the_time(
        self, connect_over: Connect, clock: ManualClock
    ) -> None:
        """A poll may take half a minute."""
        transport = CannedTransport(httpx.ReadTimeout("no answer"))
        with pytest.raises(UpstreamTimeout):
            await clock.pass_during(fetch(connect_over(transport), None))


class TestPayload:
    def test_what_is_not_known_is_absent(self) -> None:
        """An object of which one kind could not be counted has only the other."""
        payload = {"objects": {"contacts": {"stale": 3}, "deals": {"stale": None, "never_synced": 0.0}}}
        assert parse(payload, 0.0).objects == (UnsyncedObject("contacts", 3, None), UnsyncedObject("deals", None, 0))

    @pytest.mark.parametrize(
        "payload",
        [None, {}, {"objects": []}, {"objects": {"contacts": {"stale": -1}}}, {"objects": {"con\ntacts": {}}}],
    )
    def test_anything_else_is_no_payload(self, payload: Any) -> None:
        """Such as one that another version has kept."""
        with pytest.raises(InvalidAnswer):
            parse(payload, 0.0)

    async def test_an_answer_that_is_none_is_an_error(self, connect_over: Connect, clock: ManualClock) -> None:
        """A total that is no number counts nothing."""
        page = {"total": "many", "results": []}
        with pytest.raises(InvalidAnswer):
            await clock.pass_during(fetch(connect_over(CannedTransport(Canned(200, page))), None))


def test_where_it_applies(config: Config, tmp_path: Path) -> None:
    """With a token of HubSpot's, and an object to look at."""
    token = Secret(file=tmp_path / "token")
    account = HubSpot("https://api.hubapi.com", "2026-09", token, None, (), ())
    acme: Integration = config.integrations[0]
    assert applies(replace(acme, hubspot=account))
    assert not applies(replace(acme, hubspot=replace(account, token=None)))
    assert not applies(replace(acme, hubspot=replace(account, unsynced=Unsynced(objects=()))))
    assert not applies(replace(acme, hubspot=None))
