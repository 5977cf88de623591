"""A job belongs to the process that claimed it until its lease runs out, unless that process gives a sign of life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from exporter.clock import Clock
from exporter.errors import StoreError
from exporter.store.job import Job
from exporter.store.jobs import JobStore

LEASE = 120.0
"""Seconds a job stays with the process that claimed it without a sign of life."""

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def kept(job: Job, jobs: JobStore, clock: Clock) -> AsyncIterator[None]:
    """The job stays ours inside, however slowly the other side answers."""
    keeper = asyncio.create_task(_keep(job, jobs, clock), name=f"lease of job {job.id}")
    try:
        yield
    finally:
        keeper.cancel()


async def _keep(job: Job, jobs: JobStore, clock: Clock) -> None:
    while True:
        await clock.sleep(LEASE / 3)
        try:
            await jobs.renew(job, clock.time() + LEASE)
        except StoreError as error:
            log.error("lease not renewed", job=job.id, error=str(error))
