"""Orders at the store itself: this process works on the job, unless a running exporter on the same store does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import structlog

from exporter.clock import Clock
from exporter.commands.resync.job import UNFINISHED, Job, is_same, job_of
from exporter.commands.resync.plan import Plan
from exporter.commands.resync.wanted import Wanted
from exporter.errors import StoreError, UsageError
from exporter.polling.target import Target
from exporter.remediation.orders import Request
from exporter.service import Service
from exporter.store.history import JobFilter
from exporter.web.api.ledger_json import job_json

SYNC_HEALTH = "sync_health"
SOURCES = (SYNC_HEALTH, "salesforce_limits", "salesforce_usage_log", "hubspot_account")
"""What the guards go by."""

IDLE_PAUSE = 0.5
"""Seconds until it is tried again to get the job."""

READ_PAUSE = 1.0
"""Seconds until it is looked whether something is to be read."""

GRACE = 15.0
"""Seconds that a request under way has to come to its end when the job is left."""

MOST_JOBS, MOST_REFUSALS = 100, 100

log = structlog.get_logger(__name__)


class Alone:
    """``service`` polls nothing by itself: what the guards go by is read here, when it is due."""

    look_pause = 0.3
    leaving = "A request under way still gets its answer; interrupted once more, it does not."

    def __init__(self, service: Service, flag: str, clock: Clock) -> None:
        self.flag = flag
        self._service = service
        self._clock = clock
        self._has_looked = False

    async def plan(self, wanted: Wanted) -> Plan:
        await self._look()
        preview = await self._service.crew.orders.preview(_request(wanted))
        plan, waits_for = preview.plan, preview.waits_for
        return Plan(
            action=preview.action,
            records=len(plan.errors),
            batches=preview.batches,
            calls=plan.calls,
            seconds=preview.seconds,
            refused=plan.refused,
            waits_for=None if waits_for is None else (waits_for.reason, waits_for.detail),
            needs_approval=preview.needs_approval,
        )

    async def unfinished(self, wanted: Wanted) -> Job | None:
        for state in UNFINISHED:
            page = await self._service.history.jobs(JobFilter(wanted.integration, state), MOST_JOBS)
            for row in page.rows:
                job = job_json(row)
                if is_same(job, wanted):
                    return job_of({"job": job})
        return None

    async def place(self, wanted: Wanted) -> int:
        placed = await self._service.crew.orders.place(_request(wanted))
        return placed.job

    async def job(self, job_id: int) -> Job:
        row = await self._service.history.job(job_id)
        if row is None:
            raise UsageError(f"there is no job {job_id} in the store")
        refusals = await self._service.history.refusals(MOST_REFUSALS, job_id=job_id)
        return job_of({"job": job_json(row), "refusals": refusals.rows})

    async def approve(self, job_id: int) -> None:
        if not await self._service.crew.orders.approve(job_id):
            raise UsageError(f"job {job_id} does not wait for approval")

    async def cancel(self, job_id: int) -> None:
        if not await self._service.crew.orders.cancel(job_id):
            raise UsageError(f"job {job_id} has ended")

    @contextlib.asynccontextmanager
    async def at_work(self, job: Job) -> AsyncIterator[None]:
        leaving = asyncio.Event()
        if not job.has_ended:
            await self._look()
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._keep_reading(), name="sources")
            working = tasks.create_task(self._work(job.id, leaving), name=f"job {job.id}")
            try:
                yield
            finally:
                leaving.set()
                self._service.crew.waiting.stop()
                await asyncio.wait([working], timeout=GRACE)
                working.cancel()
                reading.cancel()

    def left(self, job: Job) -> str:
        return f"Job {job.id} is back in the queue: a running exporter on the same store goes on with it."

    async def _work(self, job_id: int, leaving: asyncio.Event) -> None:
        """As often as the job is to be had, until it is left."""
        while not leaving.is_set():
            try:
                if await self._service.crew.worker.work_on(job_id) or await self._service.crew.prover.look(job_id):
                    continue
            except StoreError as error:
                log.debug("store failed, job goes on later", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_PAUSE):
                    await leaving.wait()

    async def _look(self) -> None:
        """Reads HubSpot's page anew, which costs no API call, and the rest where it is due."""
        if not self._has_looked:
            await self._service.look_at_reports()
            await self._read(lambda target: target.source.name == SYNC_HEALTH or self._is_due(target))
        self._has_looked = True

    async def _keep_reading(self) -> None:
        while True:
            await self._clock.sleep(READ_PAUSE)
            await self._service.look_at_reports()
            await self._read(self._is_due)

    def _is_due(self, target: Target) -> bool:
        return self._service.poller.due_at(target) <= self._clock.time()

    async def _read(self, wanted: Callable[[Target], bool]) -> None:
        poller = self._service.poller
        chosen = [target for target in poller.targets if target.source.name in SOURCES and wanted(target)]
        await asyncio.gather(*(poller.poll(target) for target in chosen))


def _request(wanted: Wanted) -> Request:
    return Request(wanted.integration, wanted.pairs, action=wanted.action)
