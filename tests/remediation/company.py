"""Two companies on the stage: what happens to them is for a test to say, who does their resyncs may die meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from exporter.clients.connection import Connection
from exporter.config.settings import Config
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import RateLimited, UpstreamTimeout
from exporter.model import SyncError
from exporter.remediation.actions import Pair, Ways
from exporter.remediation.actions.bridge import BridgeResync
from exporter.store.batches import Outcome
from exporter.store.database import Database
from exporter.store.job import Job
from tests.clocks import ManualClock
from tests.remediation.bench import Bench, open_bench
from tests.remediation.scissors import Cut, CutBatches, CutJobs, Scissors
from tests.remediation.watch import ALLOCATED, BATCH, ORG_LIMIT, Watch

T = TypeVar("T")

NAMES = ("acme", "beta")
APPS = ("HubSpot", "Backup")
CAUSE = "somebody's trigger"
LATENCY = 0.5
"""Seconds that a request takes to the bridge, and its answer back."""

EVENTS = ("", "", "suspended", *APPS, "cancelled", "answer_lost", "answer_lost", "refused", "round", "unread")
"""What may happen while a request is under way."""


class WatchedBridge(Cut, BridgeResync):
    """The real bridge, with small batches; every request is watched, and something may happen during it."""

    batch_size = BATCH

    def __init__(self, connection: Connection, scissors: Scissors, company: Company) -> None:
        assert connection.bridge is not None
        super().__init__(connection.bridge)
        self._name = connection.settings.name
        self._scissors = scissors
        self._company = company

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        wanted = tuple(pairs)
        errors = await super().find(wanted, selected)
        self._company.watch.found(self._name, wanted, selected, errors)
        return errors

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        company = self._company
        event = company.events.pop() if company.events else ""
        with company.watch.sending(job, error_ids) as request:
            company.clock.advance(LATENCY)
            if event == "refused":
                raise RateLimited("POST /resync: status 429")
            ids = [each for each in error_ids if not company.rejects(request.records[each])]
            answer = await super().resync(ids, job) if ids else {}
            request.accepted = frozenset(each for each, why in answer.items() if why is None)
            company.clock.advance(LATENCY)
            await company.happens(event, self._name, job)
            await self._scissors.perform("answer", _nothing)
        return {each: answer.get(each, "locked by a user") for each in error_ids} | dict(answer)


class WatchedJobs(CutJobs):
    """Says when a job has found nothing to plan."""

    def __init__(self, database: Database, scissors: Scissors, watch: Watch) -> None:
        super().__init__(database, scissors)
        self._watch = watch

    async def finish(self, job: Job, state: str, message: str, *more: Any) -> int:
        lost = await super().finish(job, state, message, *more)
        if message == "nothing to resync":
            self._watch.listed(job, 0)
        return lost


class WatchedBatches(CutBatches):
    """Says what was planned, and which answers were recorded."""

    def __init__(self, database: Database, scissors: Scissors, watch: Watch) -> None:
        super().__init__(database, scissors)
        self._watch = watch

    async def list_records(self, job: Job, records: Sequence[Any], *more: Any) -> None:
        await super().list_records(job, records, *more)
        self._watch.listed(job, len(records))

    async def record(
        self, job: Job, number: int, outcomes: Mapping[str, Outcome], now: float, lease: float, fault: str = ""
    ) -> None:
        await super().record(job, number, outcomes, now, lease, fault)
        if not fault:
            self._watch.heard(job)


class Company:
    """Two integrations, their simulated orgs, and a process that may die and be started again."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.clock = ManualClock()
        made = Settings(records=0, records_per_second=0, allocation=ALLOCATED, daily_limit=ORG_LIMIT)
        self.world = World(NAMES, self.clock.time, made)
        self.transport = httpx.ASGITransport(build_app(self.world, sync_interval=None))
        self.config = replace(config, store=f"sqlite:///{folder / 'exporter.db'}")
        self.watch = Watch(self.clock, self.world, folder / "exporter.db", config.remediation.verify_after)
        self.events: list[str] = []
        self.away: set[str] = set()
        self.rejecting = False
        self._runner = asyncio.Runner()
        self._open = contextlib.AsyncExitStack()
        self._scissors = Scissors()
        self.run(self.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def rejects(self, record: str) -> bool:
        """A third of the records are locked by somebody."""
        return self.rejecting and int(record.partition("/")[2]) % 3 == 0

    async def start(self) -> None:
        """A process on the store that the one before has left."""
        await self._open.aclose()
        self._scissors = scissors = Scissors()
        opened = open_bench(
            self.config,
            self.clock,
            self.transport,
            make_jobs=lambda database: WatchedJobs(database, scissors, self.watch),
            make_batches=lambda database: WatchedBatches(database, scissors, self.watch),
            make_ways=lambda connection: Ways(
                {"bridge": WatchedBridge(connection, scissors, self)}, "bridge", connection.settings.remediation.guards
            ),
        )
        self.bench: Bench = await self._open.enter_async_context(opened)
        await self.poll()
        self._scissors.armed = True

    async def poll(self) -> None:
        used = {
            name: (org.calls.used(org.settings.connected_app), org.calls.used())
            for name, org in self.world.orgs.items()
        }
        await self.bench.poll("sync_health", "salesforce_limits")
        for name in NAMES:
            self.watch.polled(name, name not in self.away, *used[name])

    async def cut(self, steps: int | None, work: Callable[[Bench], Coroutine[Any, Any, Any]]) -> bool:
        """Whether the process died in the middle of the work; then there is another."""
        if steps is not None:
            self._scissors.cut_after(steps)
        with contextlib.suppress(asyncio.CancelledError):
            await work(self.bench)
        died = self._scissors.has_cut
        self._scissors.spare()
        if died:
            self.clock.advance(LATENCY)
            await self.start()
        return died

    async def happens(self, event: str, name: str, job: Job) -> None:
        """Something, during a request, and the next poll sees it."""
        org = self.world.orgs[name]
        if event == "answer_lost":
            raise UpstreamTimeout("POST /resync: no complete answer within 10 s")
        if event == "cancelled":
            await self.bench.crew.orders.cancel(job.id)
        elif event == "suspended":
            org.suspend("unknown_error")
        elif event in APPS:
            self.use(name, 40, event)
        elif event == "round":
            self.world.tick()
        elif event == "unread":
            self.leave(name)
        if event:
            await self.poll()

    def use(self, name: str, calls: int, app: str) -> None:
        """Of an org that has some left."""
        org = self.world.orgs[name]
        org.use_api_calls(app, max(0, min(calls, ORG_LIMIT - 50 - org.calls.used())))

    def leave(self, name: str) -> None:
        self.away.add(name)
        self.world.orgs[name].faults.put(Fault("bridge", "server_error"))

    def come_back(self, name: str) -> None:
        self.away.discard(name)
        self.world.orgs[name].faults.clear()

    async def end(self) -> None:
        """Nothing stands in the way any more, and nobody approves anything."""
        self.events, self.rejecting = [], False
        for name, org in self.world.orgs.items():
            self.come_back(name)
            org.suspension = None
            org.set_cause(CAUSE, holds=False)
        waiting = "SELECT id, refused_for, message FROM jobs WHERE state IN ('queued', 'running')"
        for _times in range(13):
            for job in self.watch.rows(waiting):
                if job["refused_for"] == "needs_approval":
                    await self.bench.crew.orders.cancel(job["id"])
            if not self.watch.rows(waiting):
                return
            self.clock.advance(3 * 3600)
            await self.poll()
            await self.bench.work()
        assert [tuple(job) for job in self.watch.rows(waiting)] == []

    def close(self) -> None:
        self.run(self._open.aclose())
        self._runner.close()


async def _nothing() -> None:
    """An answer arrives."""
