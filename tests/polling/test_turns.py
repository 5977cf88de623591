"""Who asks the org when its usage was not told for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.settings import Config
from exporter.errors import AuthError, ServerError, UpstreamError
from exporter.model import OrgLimits, OrgUsage, Part
from exporter.polling.budget import Budget
from exporter.polling.poller import Poller
from exporter.polling.schedule import FILLS_IN_INTERVALS, FILLS_IN_JITTER, JITTER, STANDS_BY
from exporter.polling.target import Target
from exporter.self_metrics import SelfMetrics
from exporter.sources import Source
from exporter.state.snapshots import Snapshots
from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from exporter.store.polls import PollStore
from tests.clocks import ManualClock

TURN = 300.0
LONG = 3600.0


class Org:
    """What asks one org, by name: each poll is a call, and tells the org's usage. It writes down who asked when."""

    def __init__(self, poller: Poller, targets: dict[str, Target], clock: ManualClock, asked: list[str]) -> None:
        self.poller = poller
        self._targets = targets
        self._clock = clock
        self.asked = asked

    async def turn(self, name: str) -> None:
        """What happens when a source is due."""
        assert await self.poller.take_turn(self._targets[name])

    async def everybody(self) -> None:
        """All are polled now, for the first time or again."""
        for target in self._targets.values():
            assert await self.poller.poll(target)
        self.asked.clear()

    def due_in(self, name: str) -> float:
        return self.poller.due_at(self._targets[name]) - self._clock.time()

    async def live(self, seconds: float) -> None:
        """Whatever is due has its turn, for so long."""
        end = self._clock.time() + seconds
        while (due_at := self.poller.due_at(first := min(self._targets.values(), key=self.poller.due_at))) < end:
            self._clock.advance(max(0.0, due_at - self._clock.time()))
            assert await self.poller.take_turn(first)
        self._clock.advance(end - self._clock.time())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def connection(config: Config, clock: ManualClock) -> AsyncIterator[Connection]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(500))) as http:
        yield connect(config.integrations[0], http, clock, lambda _integration, _api: None)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite:///{tmp_path / 'turns.db'}")
    yield opened
    await opened.close()


class Beginning:
    """Starts a poller of ``filler``, ``check`` (one call a poll) and ``log`` (whose polls may take none)."""

    def __init__(self, connection: Connection, database: Database, config: Config, clock: ManualClock) -> None:
        self._connection, self._database, self._config, self._clock = connection, database, config, clock
        self.asked: list[str] = []
        self.failures: dict[str, UpstreamError] = {}

    async def start(self, check: float = LONG, log: float = LONG) -> Org:
        targets = {
            "filler": self._target("filler", TURN, fills_in=True),
            "check": self._target("check", check, one_call=True),
            "log": self._target("log", log),
        }
        calls = Budget(CallStore(self._database), self._clock)
        calls.caps = {"acme": 1000}
        snapshots = Snapshots(self._config.integrations)
        store = PollStore(self._database)
        poller = Poller(targets.values(), store, snapshots, calls, SelfMetrics(), self._clock)
        await poller.restore()
        return Org(poller, targets, self._clock, self.asked)

    def _target(self, name: str, interval: float, *, fills_in: bool = False, one_call: bool = False) -> Target:
        async def fetch(_connection: Connection, _previous: Any) -> Any:
            self.asked.append(name)
            if name in self.failures:
                raise self.failures[name]
            return {}

        def parse(_payload: Any, read_at: float) -> Part:
            return OrgLimits(OrgUsage(1, 100, read_at), ())

        source = Source(name, lambda _: True, fetch, parse, asks_salesforce=True, fills_in=fills_in, one_call=one_call)
        return Target("acme", source, interval, self._connection)


@pytest.fixture
def beginning(connection: Connection, database: Database, config: Config, clock: ManualClock) -> Beginning:
    return Beginning(connection, database, config, clock)


async def test_it_is_polled_when_nobody_else_has_asked(beginning: Beginning, clock: ManualClock) -> None:
    org = await beginning.start()
    await org.everybody()
    clock.advance(TURN * (1 + FILLS_IN_JITTER))
    await org.turn("filler")
    assert org.asked == ["filler"]


async def test_it_waits_an_interval_from_the_newest_call_of_anybody(beginning: Beginning, clock: ManualClock) -> None:
    org = await beginning.start()
    await org.everybody()
    clock.advance(200)
    assert await org.poller.poll(org.poller.targets[2])
    clock.advance(120)
    await org.turn("filler")
    assert org.asked == ["log"]
    assert TURN - 120 <= org.due_in("filler") <= TURN * (1 + FILLS_IN_JITTER) - 120


async def test_it_does_not_wait_for_ever(beginning: Beginning) -> None:
    """However often others ask, it is polled after some intervals, for what it alone tells."""
    org = await beginning.start(log=60)
    await org.everybody()
    await org.live(FILLS_IN_INTERVALS * TURN - 1)
    assert "filler" not in org.asked
    await org.live(2)
    assert "filler" in org.asked


async def test_what_is_due_soon_takes_its_turn(beginning: Beginning, clock: ManualClock) -> None:
    """One call for both. If that does not work, it has its turn all the same, a moment later."""
    org = await beginning.start(check=TURN + 200)
    await org.everybody()
    clock.advance(TURN * (1 + FILLS_IN_JITTER))
    await org.turn("filler")
    assert org.asked == []
    assert (org.due_in("check"), org.due_in("filler")) == (0, STANDS_BY)
    await org.live(STANDS_BY + 1)
    assert org.asked == ["check"]
    assert org.due_in("filler") > TURN - STANDS_BY - 2


async def test_who_took_the_turn_and_failed_has_not_had_it(beginning: Beginning, clock: ManualClock) -> None:
    org = await beginning.start(check=TURN + 200)
    await org.everybody()
    beginning.failures["check"] = ServerError("it is down")
    clock.advance(TURN * (1 + FILLS_IN_JITTER))
    await org.turn("filler")
    await org.live(STANDS_BY + 1)
    assert org.asked == ["check", "filler"]


async def test_another_source_waits_for_the_turn_too(beginning: Beginning, clock: ManualClock) -> None:
    """What is due just after a call would tell the same again; it waits a turn beyond its interval at most."""
    org = await beginning.start(check=LONG)
    await org.everybody()
    clock.advance(LONG * (1 + JITTER))
    assert await org.poller.poll(org.poller.targets[0])
    await org.turn("check")
    assert org.asked == ["filler"]
    assert TURN <= org.due_in("check") <= TURN * (1 + FILLS_IN_JITTER)
    clock.advance(TURN)
    assert await org.poller.poll(org.poller.targets[0])
    await org.turn("check")
    assert org.asked == ["filler", "filler", "check"]


async def test_a_source_that_failed_waits_for_nobody(beginning: Beginning, clock: ManualClock) -> None:
    """It is asked again when that may help, as ever."""
    org = await beginning.start()
    await org.everybody()
    beginning.failures = {"check": ServerError("it is down"), "filler": ServerError("it is down")}
    await org.everybody()
    clock.advance(60)
    assert await org.poller.poll(org.poller.targets[2])
    await org.turn("check")
    await org.turn("filler")
    assert org.asked == ["log", "check", "filler"]


async def test_what_a_person_has_to_mend_costs_no_more_calls(beginning: Beginning, clock: ManualClock) -> None:
    """A heartbeat without its permissions still fills in, and does not ask more often for it."""
    org = await beginning.start()
    beginning.failures["filler"] = AuthError("it may not read")
    await org.everybody()
    clock.advance(200)
    assert await org.poller.poll(org.poller.targets[2])
    clock.advance(120)
    await org.turn("filler")
    assert org.asked == ["log"]


async def test_the_turn_outlives_a_restart(beginning: Beginning, clock: ManualClock) -> None:
    """The next process knows from the store when the org was asked."""
    org = await beginning.start()
    await org.everybody()
    clock.advance(200)
    assert await org.poller.poll(org.poller.targets[2])
    again = await beginning.start()
    clock.advance(TURN - 200 + TURN * FILLS_IN_JITTER)
    await again.turn("filler")
    assert again.asked == ["log"]
    assert again.due_in("filler") > 0
