"""What polls do when the machine's clock is set, or a machine wakes that was suspended."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.settings import Config
from exporter.errors import ServerError
from exporter.model import OrgLimits, OrgUsage, Part
from exporter.polling.budget import Budget
from exporter.polling.poller import Poller
from exporter.polling.schedule import JITTER
from exporter.polling.target import Target
from exporter.self_metrics import SelfMetrics
from exporter.sources import Source
from exporter.state.snapshots import Snapshots
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from exporter.store.polls import PollStore
from tests.polling.test_poller import WatchedClock, eventually, running

HOUR, DAY = 3_600.0, 86_400.0
MINUTE, SIX_HOURS = 60.0, 6 * HOUR
STEPS = [HOUR, -HOUR, DAY, -DAY, 60 * 365 * DAY, -57 * 365 * DAY]
"""The last two: to 2087, and to the seventies, as a machine has it whose battery is empty."""


class Polled:
    """Two sources of one integration, one every minute and one every six hours; seconds that have passed when each was
    polled, by a clock that nobody sets."""

    def __init__(self, clock: WatchedClock, poller: Poller, frequent: Target, rare: Target) -> None:
        self._clock, self._poller = clock, poller
        self._set_by = 0.0
        self._began = clock.time()
        self.targets = frequent, rare
        self.at: dict[str, list[float]] = {target.source.name: [] for target in self.targets}
        self.error: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def passed(self) -> float:
        return self._clock.time() - self._began - self._set_by

    async def all_wait(self) -> None:
        """Nobody polls, everybody waits to be due."""
        await eventually(lambda: self._clock.asleep == 2 and all(each > 0 for each in self.due_in()))

    async def live(self, seconds: float) -> None:
        end = self.passed() + seconds
        while self.passed() < end:
            self._clock.advance(min(5.0, end - self.passed()))
            await self.all_wait()

    def advance(self, seconds: float) -> None:
        """Time passes, whoever is at work."""
        self._clock.advance(seconds)

    def set_by(self, seconds: float) -> None:
        self._set_by += seconds
        self._clock.set_by(seconds)

    def due_in(self) -> list[float]:
        return [self._poller.due_at(target) - self._clock.time() for target in self.targets]


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture
async def connection(config: Config, clock: WatchedClock) -> AsyncIterator[Connection]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(500))) as http:
        yield connect(config.integrations[0], http, clock, lambda _integration, _api: None)


@pytest.fixture
async def polled(tmp_path: Path, config: Config, connection: Connection, clock: WatchedClock) -> AsyncIterator[Polled]:
    """At work, and polled once."""
    database = await open_database(f"sqlite:///{tmp_path / 'steps.db'}")
    seen: list[Polled] = []

    def target(name: str, interval: float) -> Target:
        async def fetch(_connection: Connection, _previous: object = None) -> object:
            seen[0].at[name].append(seen[0].passed())
            await seen[0].may_answer.wait()
            if seen[0].error is not None:
                raise seen[0].error
            return 1

        return Target("acme", Source(name, lambda _integration: True, fetch, _part), interval, connection)

    targets = target("sync_health", MINUTE), target("hubspot_unsynced", SIX_HOURS)
    store, budget = PollStore(database), Budget(CallStore(database), clock)
    poller = Poller(targets, store, Snapshots(config.integrations), budget, SelfMetrics(), clock)
    await poller.restore()
    seen.append(Polled(clock, poller, *targets))
    async with running(poller):
        clock.advance(0)
        await seen[0].all_wait()
        yield seen[0]
    await database.close()


def _part(_payload: object, read_at: float) -> Part:
    return OrgLimits(OrgUsage(1, 100, read_at), ())


@pytest.mark.parametrize("step", STEPS)
async def test_no_poll_is_missed_and_none_comes_twice(polled: Polled, step: float) -> None:
    """However it is set: forward, what is overdue by the clock is polled once, and everything goes on from there;
    back, everything is due as long from then as it was."""
    await polled.live(10 * MINUTE)
    polled.set_by(step)
    await polled.all_wait()
    await polled.live(10 * MINUTE)
    frequent, rare = polled.at["sync_health"], polled.at["hubspot_unsynced"]
    pauses = [later - earlier for earlier, later in itertools.pairwise(frequent)]
    assert max(pauses) <= MINUTE * (1 + JITTER) + 5
    assert sum(pause < MINUTE for pause in pauses) == (1 if step > 0 else 0)
    assert len(rare) == (2 if step > SIX_HOURS else 1)


@pytest.mark.parametrize("step", STEPS)
async def test_a_poll_that_is_under_way_meanwhile(polled: Polled, step: float) -> None:
    """Was begun by another clock; the next comes when the interval is over."""
    polled.may_answer.clear()
    await eventually(lambda: polled.due_in()[0] > 0)
    polled.advance(2 * MINUTE)
    await eventually(lambda: len(polled.at["sync_health"]) == 2)
    polled.set_by(step)
    polled.may_answer.set()
    await polled.all_wait()
    assert max(polled.due_in()[:1]) <= MINUTE * (1 + JITTER)


async def test_who_was_asked_to_wait_waits_on(polled: Polled) -> None:
    """A clock that is set back makes a pause neither longer nor shorter."""
    polled.error = ServerError("busy", retry_after=600)
    await polled.live(70)
    before = polled.due_in()[0]
    assert before > 2 * MINUTE
    polled.set_by(-HOUR)
    await polled.all_wait()
    assert polled.due_in()[0] == pytest.approx(before)
