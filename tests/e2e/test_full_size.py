"""The schedule of many integrations at the default intervals, on simulated time and so on any machine.

``make full-size`` runs it by hand with 500. The poller, the clients, the store and the simulator are those of every
day; only the clock and the network are not. Time stands still while anybody is at work, and moves on once all are
asleep.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import heapq
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.search_pace import SearchPace
from exporter.config import defaults
from exporter.config.defaults import LONGEST_HEARTBEAT
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.polling.poller import POLL_DEADLINE
from exporter.polling.schedule import JITTER
from tests.e2e.load import Load, open_poller, org_names, resident_mebibytes, write_config
from tests.pages import Page

TEN_MINUTES = 600.0
STEP = 0.1
"""Seconds by which time moves on at least, so that polls overlap as they do in reality."""

ROUNDS_BEFORE = 3
"""Rounds of the most frequent sources until memory counts: what there is once of every target is there by then."""


class CrowdClock:
    """Implements ``exporter.clock.Clock`` for a known number of tasks: moves on whenever all of them are asleep."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[float]]] = []
        self._numbers = itertools.count()
        self._asleep = 0
        self._queued: Callable[[], int] = lambda: 0
        self._somebody_fell_asleep = asyncio.Event()

    def time(self) -> float:
        return self._now

    def mind(self, queued: Callable[[], int]) -> None:
        """So many are not asleep and wait all the same, for one who is."""
        self._queued = queued

    def look(self) -> None:
        """Somebody more may be waiting now."""
        self._somebody_fell_asleep.set()

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.alarm(seconds)

    def alarm(self, seconds: float) -> asyncio.Future[float]:
        waking: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + max(0.0, seconds), next(self._numbers), waking))
        self._asleep += 1
        self._somebody_fell_asleep.set()
        waking.add_done_callback(self._woken)
        if seconds <= 0:
            waking.set_result(0.0)
        return waking

    def _woken(self, _: object) -> None:
        self._asleep -= 1

    async def run(self, everybody: int, done: Callable[[], bool]) -> None:
        """Lets time pass until ``done``, which is asked while all are asleep."""
        while True:
            async with asyncio.timeout(60):
                while self._asleep + self._queued() < everybody:
                    self._somebody_fell_asleep.clear()
                    await self._somebody_fell_asleep.wait()
            if done():
                return
            self._now = max(self._now + STEP, self._sleepers[0][0])
            while self._sleepers and self._sleepers[0][0] <= self._now:
                waking = heapq.heappop(self._sleepers)[2]
                if not waking.done():
                    waking.set_result(0.0)
            # Those who were woken get up.
            await asyncio.sleep(0)


class WatchedPaces(AccountPaces):
    """Of one process. ``queued`` wait behind those whose turn is next, who are asleep."""

    def __init__(self, clock: CrowdClock) -> None:
        super().__init__(clock)
        self._watched: dict[SearchPace, WatchedPace] = {}
        self._crowd = clock

    def queued(self) -> int:
        return sum(max(0, pace.waiting - 1) for pace in self._watched.values())

    def searches(self, url: str, token: str) -> SearchPace:
        pace = super().searches(url, token)
        return self._watched.setdefault(pace, WatchedPace(self._crowd))


class WatchedPace(SearchPace):
    """Knows how many are waiting."""

    def __init__(self, clock: CrowdClock) -> None:
        super().__init__(clock)
        self.waiting = 0
        self._crowd = clock

    async def wait(self) -> None:
        self.waiting += 1
        self._crowd.look()
        try:
            await super().wait()
        finally:
            self.waiting -= 1


async def live(folder: Path, integrations: int, seconds: float) -> Load:
    """Polls for so long after the first rounds."""
    clock = CrowdClock()
    names = org_names(integrations)
    world = World(names, clock.time, Settings(records=20, records_per_second=0, daily_limit=10_000_000))
    transport = httpx.ASGITransport(build_app(world, sync_interval=None))
    config = write_config(folder, "http://127.0.0.1:1", integrations, defaults.INTERVALS)
    paces = WatchedPaces(clock)
    clock.mind(paces.queued)
    async with open_poller(config, clock, transport, paces=paces) as (poller, exposition):
        everybody = len(poller.targets)
        polling = asyncio.create_task(poller.run())
        try:
            await clock.run(everybody, lambda: poller.tried() and min(poller.ended.values()) >= 1)
            end = clock.time() + ROUNDS_BEFORE * min(defaults.INTERVALS.values())
            await clock.run(everybody, lambda: clock.time() >= end)
            asked = sum(org.requests.total() for org in world.orgs.values())
            poller.forget_times()
            cpu, memory, began = time.process_time(), resident_mebibytes(), clock.time()
            await clock.run(everybody, lambda: clock.time() >= began + seconds)
            took, cpu = clock.time() - began, time.process_time() - cpu
            memory_last = resident_mebibytes()
        finally:
            polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await polling
        simulated = {name: org.requests for name, org in world.orgs.items()}
        requests = sum(org.requests.total() for org in world.orgs.values()) - asked
        page = Page(exposition.page("")[0].decode())
        return Load(poller, simulated, requests, page, took, cpu, memory, memory_last)


def check(load: Load) -> None:
    """No poll failed, none was late or early, none was made twice or left out, and memory stayed flat."""
    assert load.errors() == {}
    assert load.surplus() == []
    assert load.closest() >= 1
    assert load.poller.late_by_intervals < 1
    assert load.poller.longest < POLL_DEADLINE
    assert load.memory_last < 1.1 * load.memory_first
    for target in load.poller.targets:
        turn = LONGEST_HEARTBEAT if target.source.one_call else 0.0
        pause = target.longest_interval * (1 + JITTER) + turn
        pauses = int(load.seconds / (pause + STEP + load.poller.longest))
        assert load.poller.ended[target] >= 1 + pauses
        assert load.page.value("source_up", integration=target.integration, source=target.source.name) == 1


async def test_ten_minutes_of_many_integrations(tmp_path: Path) -> None:
    """At the default intervals every poll begins within its interval and ends within its deadline, exactly once."""
    load = await live(tmp_path, integrations=25, seconds=TEN_MINUTES)
    check(load)


def main() -> None:
    """Prints what the run was like; fails if the schedule was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=TEN_MINUTES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load = asyncio.run(live(Path(folder), options.integrations, options.seconds))
    title = f"{options.integrations} integrations at the default intervals, {load.seconds:.0f} simulated seconds"
    sys.stdout.write("\n".join([title, *load.report(), ""]))
    check(load)
    sys.stdout.write("the schedule was kept\n")


if __name__ == "__main__":
    main()
