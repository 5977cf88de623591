"""The remediation of a configuration with its parts laid open: a test polls, notifies and works when it wants to."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette

from exporter.clients.bridge import BridgeClient
from exporter.clients.connection import Connection, connect
from exporter.config.settings import Config
from exporter.counters import COUNTED
from exporter.exports.loading import Shelf
from exporter.polling.poller import Poller
from exporter.remediation.actions import Action, Ways
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.assembly import Crew, assemble
from exporter.remediation.lease import LEASE
from exporter.remediation.notification import Notification
from exporter.remediation.receiver import Receipt, Receiver
from exporter.remediation.worker import Worker
from exporter.self_metrics import SelfMetrics
from exporter.service import Service
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore
from exporter.store.database import Database, open_database
from exporter.store.exports import ExportStore
from exporter.store.history import ResyncHistory
from exporter.store.job import TRIAL_SENT, Job
from exporter.store.jobs import JobStore
from tests.clocks import ManualClock
from tests.remediation.payloads import parsed

MakeJobs = Callable[[Database], JobStore]
MakeBatches = Callable[[Database], BatchStore]
MakeAction = Callable[[BridgeClient], Action]
MakeWays = Callable[[Connection], Ways]


@dataclass(frozen=True)
class Bench:
    """Poller, receiver and worker on one store; ``app`` is the HTTP side of a replica that works off nothing."""

    jobs: JobStore
    batches: BatchStore
    history: ResyncHistory
    poller: Poller
    crew: Crew
    metrics: SelfMetrics
    clock: ManualClock
    verify_after: float
    app: Starlette
    snapshots: Snapshots

    @property
    def receiver(self) -> Receiver:
        return self.crew.receiver

    @property
    def worker(self) -> Worker:
        return self.crew.worker

    async def poll(self, *sources: str) -> None:
        """Reads what the gate looks at, or these sources."""
        wanted = sources or ("sync_health", "salesforce_limits", "salesforce_access")
        for target in self.poller.targets:
            if target.source.name in wanted:
                await self.poller.poll(target)

    async def notify(self, *alerts: dict[str, Any]) -> Receipt:
        return await self.receiver.receive(Notification(tuple(map(parsed, alerts)), truncated=0))

    async def claim(self) -> Job:
        job = await self.jobs.claim(self.clock.time(), LEASE)
        assert job is not None
        return job

    async def work(self) -> int:
        """Does every job that may run now, and returns how often one was taken up."""
        taken_up = 0
        while (job := await self.worker.claim()) is not None:
            taken_up += 1
            await self.worker.do(job)
        return taken_up

    async def work_off(self) -> None:
        """The same, and what is to go on after its trial then does."""
        await self.work()
        while any(job["state"] == "queued" and job["trial"] == TRIAL_SENT for job in await self.listed()):
            await self.later(self.verify_after)
            await self.work()

    async def later(self, seconds: float) -> None:
        """Time passes, and everything is polled again."""
        self.clock.advance(seconds)
        await self.poll()

    async def listed(self, integration: str | None = None) -> list[dict[str, Any]]:
        """All jobs, the newest first."""
        return (await self.history.listing(integration, 1000))["jobs"]

    async def refusals(self) -> list[tuple[str, str]]:
        """(alert, reason) of every refusal, the oldest first."""
        rows = (await self.history.listing(None, 1000))["refusals"]
        return [(row["alert"].removeprefix("HubSpotSalesforce"), row["reason"]) for row in reversed(rows)]

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.counters.numbers("acme", name).get(tuple(labels[each] for each in COUNTED[name].labels))


@contextlib.asynccontextmanager
async def open_bench(
    config: Config,
    clock: ManualClock,
    transport: httpx.AsyncBaseTransport,
    make_jobs: MakeJobs = JobStore,
    make_batches: MakeBatches = BatchStore,
    make_action: MakeAction = BridgeResync,
    make_ways: MakeWays | None = None,
) -> AsyncIterator[Bench]:
    """Takes the service of a configuration, and gives it another store or action where a test passes one."""
    database = await open_database(config.store)
    try:
        async with httpx.AsyncClient(transport=transport) as http:
            service = Service(config, database, lambda _network: http, clock)
            snapshots, metrics = service.snapshots, service.metrics
            jobs, batches = make_jobs(database), make_batches(database)
            ways = _ways(config, clock, http, metrics, make_ways or _by_bridge(make_action), ExportStore(database))
            crew = assemble(
                *(lambda: config.remediation, database, ways, snapshots, metrics, clock, service.poller.hasten),
                jobs=jobs,
                batches=batches,
            )
            await service.poller.restore()
            await crew.worker.restore()
            pause = config.remediation.verify_after
            yield Bench(
                jobs,
                batches,
                ResyncHistory(database),
                service.poller,
                crew,
                metrics,
                clock,
                pause,
                service.app,
                snapshots,
            )
    finally:
        await database.close()


def _ways(
    config: Config, clock: ManualClock, http: httpx.AsyncClient, metrics: SelfMetrics, make: MakeWays, shelf: Shelf
) -> dict[str, Ways]:
    return {
        entry.name: make(connect(entry, http, clock, metrics.request, shelf=shelf)) for entry in config.integrations
    }


def _by_bridge(make_action: MakeAction) -> MakeWays:
    def made(connection: Connection) -> Ways:
        if connection.bridge is None:
            return Ways()
        action = make_action(connection.bridge)
        return Ways({action.name: action}, action.name, connection.settings.remediation.guards)

    return made
