"""The source ``salesforce_heartbeat``: what the integration user wrote last."""

from __future__ import annotations

import itertools
import json
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from exporter.clients.connection import Connection
from exporter.clients.salesforce.write_queries import user_query
from exporter.clock import parse_timestamp
from exporter.demo.simulator.org import Org
from exporter.errors import InvalidAnswer, UpstreamError
from exporter.model import LastWrite, LastWrites
from exporter.sources.last_writes import FARTHEST_LOOK, FIRST_LOOK, OVERLAP, USER_STANDS
from exporter.sources.salesforce_heartbeat import applies, fetch, parse
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import ManualClock
from tests.sources.conftest import USER, Connect

USER_ID = "005000000000001SIM"
OBJECTS = ["Lead", "Contact", "Account", "Opportunity", "User"]
LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})


@pytest.fixture
def connected(connected: Connect) -> Connect:
    """With these objects, where a test names no others."""
    return partial(connected, objects=OBJECTS)


class Polls:
    """One poll after the other: the payload goes through the store in between."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.payload: Any = None
        self.missing: dict[str, UpstreamError] = {}
        self.parts: tuple[str, ...] = ()

    async def next(self) -> dict[str, LastWrite]:
        told = await fetch(self.connection, self.payload)
        self.payload = json.loads(json.dumps(told.payload))
        self.parts = tuple(told.parts)
        self.missing = {name: error for name, error in told.parts.items() if error is not None}
        return {one.object: one for one in parse(self.payload, self.connection.clock.time()).objects}


class Wire(httpx.AsyncBaseTransport):
    """Passes everything on and keeps the queries of the newest composite request."""

    def __init__(self, to: httpx.AsyncBaseTransport) -> None:
        self._to = to
        self.queries: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/composite"):
            parts = json.loads(request.content)["compositeRequest"]
            self.queries = [parse_qs(urlsplit(part["url"]).query)["q"][0] for part in parts]
        return await self._to.handle_async_request(request)


class TestSimulatedOrg:
    async def test_the_newest_write_of_each_object(self, connected: Connect, acme: Org, clock: ManualClock) -> None:
        """One call, which tells the org's usage too. Nobody syncs to users."""
        record = next(iter(acme.records.by_id.values()))
        record.mark_synced(clock.time() - 5)
        connection = connected()
        written = await Polls(connection).next()
        assert list(written) == ["Lead", "Contact", "Account", "Opportunity"]
        assert written["Contact"] == LastWrite("Contact", clock.time() - 5, clock.time())
        assert acme.requests == {"token": 1, "salesforce.composite": 1}
        assert connection.org_usage is not None

    async def test_what_others_write_is_not_its(self, connected: Connect, acme: Org, clock: ManualClock) -> None:
        """A write by somebody else to the same record takes nothing back, nor does Salesforce's own touch count."""
        polls = Polls(connected())
        first = (await polls.next())["Contact"].at
        clock.advance(600)
        acme.change_in_salesforce("contacts", 1000)
        for record in acme.records.by_type["companies"]:
            record.touch_in_salesforce(clock.time())
        written = await polls.next()
        assert written["Contact"].at == first
        assert written["Account"].at is not None
        assert written["Account"].at < clock.time() - 600

    async def test_an_object_without_any_write_is_known_to_have_none(self, connected: Connect) -> None:
        written = await Polls(connected(objects=["Task"])).next()
        assert written["Task"].at is None
        assert not written["Task"].is_missing

    async def test_of_more_than_five_objects_the_last_take_turns(self, connected: Connect, clock: ManualClock) -> None:
        """The first ones are asked about every time, none more seldom than every second time."""
        names = ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task")
        polls = Polls(connected(objects=[*names, "User"]))
        assert list(await polls.next()) == ["Lead", "Contact", "Account", "Opportunity"]
        reads: dict[str, list[int]] = {name: [] for name in names}
        for number in range(8):
            clock.advance(345)
            for name, one in (await polls.next()).items():
                if one.read_at == clock.time():
                    reads[name].append(number)
        assert [len(reads[name]) for name in ("Lead", "Contact", "Account")] == [8, 8, 8]
        for read in reads.values():
            assert max(later - earlier for earlier, later in itertools.pairwise([-1, *read, 8])) <= 2

    async def test_an_object_that_may_not_be_read_costs_that_one(
        self, connected: Connect, acme: Org, clock: ManualClock
    ) -> None:
        """What was known of it is kept, and counts as missing until it is read again."""
        polls = Polls(connected())
        known = (await polls.next())["Lead"].at
        acme.hidden = frozenset({"Lead"})
        clock.advance(345)
        written = await polls.next()
        assert written["Lead"].is_missing
        assert written["Lead"].at == known
        assert not written["Contact"].is_missing
        assert "needs Read and View All on Lead" in str(polls.missing["Lead"])
        acme.hidden = frozenset()
        clock.advance(345)
        assert not (await polls.next())["Lead"].is_missing
        assert polls.missing == {}

    async def test_an_object_without_a_turn_is_as_it_was(
        self, connected: Connect, acme: Org, clock: ManualClock
    ) -> None:
        acme.hidden = frozenset({"Lead"})
        polls = Polls(connected(objects=["Lead", "Contact", "Account", "Opportunity", "Campaign", "Task"]))
        for _ in range(4):
            await polls.next()
            clock.advance(345)
            assert list(polls.missing) == ["Lead"]
            assert polls.missing["Lead"].code == "INVALID_TYPE"

    async def test_a_user_nobody_has(self, connected: Connect) -> None:
        """A wrong name would find no write, and look like a sync that stands."""
        with pytest.raises(InvalidAnswer, match=r'shows no user "nobody@acme.example": is that the username HubSpot'):
            await Polls(connected(integration_user="nobody@acme.example")).next()

    async def test_the_user_is_asked_for_once_an_hour(
        self, connected: Connect, transport: httpx.ASGITransport, clock: ManualClock
    ) -> None:
        """First by its name, then by its id: one call each time."""
        wire = Wire(transport)
        polls = Polls(connected(wire, objects=["Contact"]))
        await polls.next()
        assert len(wire.queries) == 2
        assert wire.queries[0] == user_query(USER)
        assert f"LastModifiedById IN ({wire.queries[0]})" in wire.queries[1]
        clock.advance(USER_STANDS - 1)
        await polls.next()
        assert len(wire.queries) == 1
        assert f"LastModifiedById = '{USER_ID}'" in wire.queries[0]
        clock.advance(1)
        await polls.next()
        assert len(wire.queries) == 2

    async def test_another_user_begins_anew(self, connected: Connect, acme: Org) -> None:
        """What is known is of the user who is configured, whoever has that name."""
        polls = Polls(connected())
        await polls.next()
        polls.payload["user_id"] = "005000000000777SIM"
        polls.payload["user_read_at"] = None
        assert await polls.next() == {}
        assert (await polls.next())["Contact"].at is not None
        acme.integration_user = "other@acme.example"
        other = Polls(connected(integration_user="other@acme.example"))
        other.payload = polls.payload
        assert (await other.next()).keys() == {"Lead", "Contact", "Account", "Opportunity"}

    async def test_how_far_it_looks_back(
        self, connected: Connect, transport: httpx.ASGITransport, clock: ManualClock
    ) -> None:
        """A day at first, then to the last look and some more; a week after a long absence."""
        wire = Wire(transport)
        polls = Polls(connected(wire, objects=["Contact"]))
        looked_back = []
        for pause in (0, 345, 30 * 86400):
            clock.advance(pause)
            await polls.next()
            since = wire.queries[-1].partition("SystemModstamp >= ")[2].partition(" ")[0]
            assert f"LastModifiedDate >= {since}" in wire.queries[-1]
            looked_back.append(clock.time() - parse_timestamp(since))
        assert looked_back == [FIRST_LOOK, OVERLAP + 345, FARTHEST_LOOK]


class TestAnswers:
    @pytest.mark.parametrize("told", [5, "soon", None, "9999-12-31T23:59:59.000+0000"])
    async def test_a_write_at_no_time(self, connected: Connect, told: Any) -> None:
        """It is unknown, and costs its object."""
        parts = [
            {"httpStatusCode": 200, "body": {"done": True, "records": [{"Id": USER_ID}]}, "referenceId": "user"},
            {
                "httpStatusCode": 200,
                "body": {"done": True, "records": [{"LastModifiedDate": told}]},
                "referenceId": "write_2",
            },
            {"httpStatusCode": 200, "body": {"done": True, "records": []}, "referenceId": "write_3"},
        ]
        answers = CannedTransport(LOGIN, Canned(200, {"compositeResponse": parts}))
        polls = Polls(connected(answers, objects=["Lead", "Task"]))
        assert (await polls.next())["Lead"].is_missing
        assert "no time" in str(polls.missing["Lead"])

    def test_a_payload_of_another_version(self) -> None:
        with pytest.raises(InvalidAnswer):
            parse({"objects": {}}, 0.0)

    def test_nothing_is_known_of_nothing(self) -> None:
        about = {"org": "https://acme.my.salesforce.com", "integration_user": USER}
        payload = {"about": about, "user_id": None, "user_read_at": None, "objects": {}}
        assert parse(payload, 0.0) == LastWrites(())


def test_it_applies_where_there_is_a_user_and_something_to_write(connected: Connect) -> None:
    assert applies(connected().settings)
    assert not applies(connected(objects=["User", "no name"]).settings)
