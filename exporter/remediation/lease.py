"""A job belongs to the process that claimed it until its lease runs out, unless that process gives a sign of life.

A process that was stopped or cut off for longer sends nothing more when it is back: another may be at the job. What it
writes is refused by the store (``store.fence``); what it would send is stopped here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from exporter.clock import Clock
from exporter.errors import LeaseLost, StoreError
from exporter.store.job import Job
from exporter.store.jobs import JobStore

LEASE = 20.0
"""Seconds a job stays with the process that claimed it without a sign of life."""

MARGIN = 2.0
"""Seconds before its end at which a lease is no longer trusted: clocks do not run alike, and a request takes time."""

log = structlog.get_logger(__name__)


class Lease:
    """How long a job is ours for sure. Time is that of the event loop, which goes on while the process stands still,
    but not while the machine is suspended: after that a request may be sent that is no longer ours to send."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._until = _now() + LEASE - MARGIN
        self._sending: set[asyncio.Timeout] = set()

    def extend(self, asked_at: float) -> None:
        """The store has renewed it for whoever asked at that moment."""
        self._until = asked_at + LEASE - MARGIN
        for sending in self._sending:
            sending.reschedule(self._until)

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """What is sent inside is sent while the job is ours; raises ``LeaseLost`` once that is not certain any more.

        After a standstill the timer goes off before whatever waited inside goes on.
        """
        if _now() >= self._until:
            raise self._lost()
        try:
            async with asyncio.timeout_at(self._until) as sending:
                self._sending.add(sending)
                yield
        except TimeoutError as error:
            if not sending.expired():
                raise
            raise self._lost() from error
        finally:
            self._sending.discard(sending)

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"the lease of job {self._job.id} has run out before it could be renewed")


@contextlib.asynccontextmanager
async def kept(job: Job, jobs: JobStore, clock: Clock) -> AsyncIterator[Lease]:
    """The job stays ours inside, however slowly the other side answers."""
    lease = Lease(job)
    keeper = asyncio.create_task(_keep(job, lease, jobs, clock), name=f"lease of job {job.id}")
    try:
        yield lease
    finally:
        keeper.cancel()


async def _keep(job: Job, lease: Lease, jobs: JobStore, clock: Clock) -> None:
    while True:
        await clock.sleep(LEASE / 4)
        asked_at = _now()
        try:
            await jobs.renew(job, clock.time(), LEASE)
        except StoreError as error:
            log.debug("lease not renewed", job=job.id, error=str(error))
        except LeaseLost:
            return
        else:
            lease.extend(asked_at)


def _now() -> float:
    return asyncio.get_running_loop().time()
