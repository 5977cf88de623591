"""A store whose jobs, records and refusals can be written and read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from exporter.store.batches import BatchStore, Listed, Outcome
from exporter.store.database import Database, open_database
from exporter.store.history import ResyncHistory
from exporter.store.job import Job, NewJob, Occurrence
from exporter.store.jobs import JobStore
from exporter.store.orders import OrderStore
from exporter.store.refusals import RefusalStore

ERRORS = frozenset({("permissions", "salesforce_field_permissions"), ("other", "unknown")})
LEASE = 120.0


class Shelf(JobStore, OrderStore, BatchStore, RefusalStore, ResyncHistory):
    """What was written can be read back."""


class SharedDatabase(Database):
    """The same file, treated as one that several processes share; what is sent to it is still SQLite's."""

    def __init__(self, database: Database) -> None:
        super().__init__(database._place)
        self.transaction = database.transaction  # type: ignore[method-assign]
        self.insert_once = database.insert_once  # type: ignore[method-assign]
        self.lock = database.lock  # type: ignore[method-assign]
        self.now = database.now  # type: ignore[method-assign]

    @property
    def single_process(self) -> bool:
        return False


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    database = await open_database(f"sqlite:///{folder / 'jobs.db'}")
    try:
        yield database
    finally:
        await database.close()


async def usable(database: Database, seconds: float = 15.0) -> None:
    """Returns once the store says that it can be used."""
    async with asyncio.timeout(seconds):
        while await database.problem() is not None:  # noqa: ASYNC110  it finds out in its own time
            await asyncio.sleep(0.02)


def new_job(fingerprint: str = "f", integration: str = "acme", status: str = "resolved") -> NewJob:
    return NewJob(
        Occurrence(integration, fingerprint, "2027-01-15T07:55:00Z", status),
        alert="HubSpotSalesforceFieldPermissionsMissing",
        action="bridge",
        errors=ERRORS,
        cooldown=60.0,
        max_attempts=3,
    )


async def accepted(store: Shelf, *jobs: NewJob, now: float = 100.0) -> int:
    return len(await store.accept(jobs or (new_job(),), (), now))


async def claimed(store: Shelf, now: float = 100.0) -> Job:
    job = await store.claim(now, LEASE)
    assert job is not None
    return job


async def a_job_with(store: Shelf, *error_ids: str, fingerprint: str = "f", now: float = 100.0) -> Job:
    """A claimed job whose records are those of the errors: error e1 is of record contacts/e1."""
    await accepted(store, new_job(fingerprint), now=now)
    job = await claimed(store, now)
    records = [Listed(error_id, f"contacts/{error_id}") for error_id in error_ids]
    await store.list_records(job, records, 4 * len(records), now)
    return job


async def recorded(store: Shelf, job: Job, outcomes: Mapping[str, tuple[str, str]], now: float) -> None:
    """Sends all that is left of the job in one batch, and records these outcomes with their reasons."""
    batch = await store.begin_batch(job, 1000, now, LEASE)
    number = batch.number if batch else 1
    made = {error_id: Outcome(outcome, reason) for error_id, (outcome, reason) in outcomes.items()}
    await store.record(job, number, made, now, LEASE)
