"""Thousands of records touched on simulated time: ``python -m tests.remediation.touch_load [RECORDS [BATCH]]``.

HubSpot takes a while to answer, refuses some records (207), finds others locked (423 each, and whole requests), and
lets 190 calls through in ten seconds. Time stands still while the store is at work: what is measured is the pace.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import httpx
import stamina

from exporter.clients.connection import Connection
from exporter.config.secret import Secret
from exporter.config.settings import Config, HubSpot, Integration, OwnRemediation, SyncHealthFeed
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.remediation.actions import Ways
from exporter.remediation.actions.touch import KIND, Touch
from exporter.remediation.outcomes import LONGEST_AGAIN
from tests.clocks import ManualClock
from tests.remediation.idle_time import open_watched, pass_when_idle
from tests.remediation.payloads import sync_errors

T = TypeVar("T")

ALLOWED, WINDOW = 190, 10.0
REFUSED_EVERY, LOCKED_EVERY, BATCH_LOCKED_EVERY = 53, 31, 40
LATENCIES = (0.25, 0.4, 0.3, 0.7, 0.35)
SIMULATOR = "http://127.0.0.1:1/acme"
MOST_ATTEMPTS = 5


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """The way to the simulator, with latency; notes when batch updates arrive, how many records are in them for the
    first time, and the statuses of their answers."""

    org: Org
    inner: httpx.ASGITransport
    clock: ManualClock
    arrivals: list[float] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/batch/update"):
            return await self.inner.handle_async_request(request)
        latency = LATENCIES[len(self.arrivals) % len(LATENCIES)]
        await self.clock.sleep(latency / 2)
        ids = {one["id"] for one in json.loads(request.content)["inputs"]}
        self.arrivals.append(self.clock.time())
        self.fresh.append(len(ids - self._seen))
        self._seen |= ids
        if len(self.arrivals) % BATCH_LOCKED_EVERY == 0:
            self.org.faults.put(Fault("hubspot", "locked", count=1))
        answer = await self.inner.handle_async_request(request)
        self.statuses.append(answer.status_code)
        await self.clock.sleep(latency / 2)
        return answer


@dataclass(frozen=True)
class Figures:
    """What a run was like. ``rate`` is the share of the allowed rate from the first request to the last that holds new
    records; ``most`` the most requests that came in any ten seconds."""

    records: int
    requests: int
    seconds: float
    rate: float
    most: int
    statuses: dict[int, int]
    outcomes: dict[str, int]
    touched_twice: int
    left: int
    refused: int


async def play(records: int, batch: int, folder: Path) -> Figures:
    """Touches so many records in requests of so many, from the alert to the last outcome in the store."""
    clock = ManualClock()
    world = World(["acme"], clock.time, Settings(records=0, records_per_second=0, allocation=None, daily_limit=10**7))
    org = world.orgs["acme"]
    half = records // 2
    org.add_errors("other", "unknown", half)
    org.add_errors("other", "unknown", records - half, object_type="companies")
    ids = list(org.records.by_id)
    org.refused_writes = frozenset(ids[::REFUSED_EVERY])
    org.lock_writes(ids[::LOCKED_EVERY])
    org.batch_spoilers = frozenset(ids[7:8])
    wire = Wire(org, httpx.ASGITransport(build_app(world, sync_interval=None)), clock)

    def ways(connection: Connection) -> Ways:
        touch = KIND.made_from(connection)
        assert isinstance(touch, Touch)
        touch.batch_size = batch
        touch.on_trial = False  # the pause of a trial says nothing of the pace
        return Ways({"touch": touch}, "touch")

    async with open_watched(_config(folder), clock, wire, make_ways=ways) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other"))
        for _attempt in range(MOST_ATTEMPTS):  # those that HubSpot refuses are asked for again, later and later
            await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
            await bench.later(LONGEST_AGAIN)
        (job,) = await bench.listed()
    world.tick()
    return _figures(records, wire, org, job["records"])


def _config(folder: Path) -> Config:
    (folder / "bridge").write_text(Settings().bridge_token)
    (folder / "hubspot").write_text(Settings().hubspot_token)
    acme = Integration(
        "acme",
        None,
        HubSpot(f"{SIMULATOR}/hubspot", "2026-09", Secret(file=folder / "hubspot"), None, (), ()),
        SyncHealthFeed(f"{SIMULATOR}/bridge", Secret(file=folder / "bridge"), None),
        "immediate",
        {"sync_health": 60.0},
        OwnRemediation("touch", "salesforce_resync_requested_at"),
    )
    return replace(Config(f"sqlite:///{folder / 'exporter.db'}", (acme,)))


def _figures(records: int, wire: Wire, org: Org, outcomes: dict[str, int]) -> Figures:
    steady = [at for at, fresh in zip(wire.arrivals, wire.fresh, strict=True) if fresh]
    until = bisect_left(wire.arrivals, steady[-1])
    seconds = wire.arrivals[until] - wire.arrivals[0]
    return Figures(
        records=records,
        requests=len(wire.arrivals),
        seconds=seconds,
        rate=until / seconds / (ALLOWED / WINDOW),
        most=max(index + 1 - bisect_left(wire.arrivals, at - WINDOW) for index, at in enumerate(wire.arrivals)),
        statuses={status: wire.statuses.count(status) for status in sorted(set(wire.statuses))},
        outcomes=outcomes,
        touched_twice=sum(times > 1 for times in org.touches.records.values()),
        left=len(org.errors),
        refused=len(org.refused_writes | org.batch_spoilers),
    )


def main(records: int = 10_000, batch: int = 100) -> None:
    """Prints the figures."""
    with stamina.set_testing(True, attempts=100, cap=True), tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(play(records, batch, Path(folder)))
    for name in Figures.__dataclass_fields__:
        sys.stdout.write(f"{name:>14} {getattr(figures, name)}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
