"""The records of a job, and how far each has got: listed, marked as being sent in batches, recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exporter.store.database import Database
from exporter.store.job import Job
from exporter.store.tables import job_records, jobs

PENDING, SENDING, SUCCEEDED, FAILED = "pending", "sending", "succeeded", "failed"
ATTEMPTS_WINDOW = 86400.0


@dataclass(frozen=True, slots=True)
class Attempts:
    """Earlier resyncs of one record: how many in the last 24 hours, and when the last was."""

    count: int
    last_at: float


class BatchStore:
    """Reads and writes ``job_records``, and what a step with them says of their job; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_records(self, job: Job, records: Sequence[tuple[str, str]], now: float) -> None:
        """Fixes what the job is to resync: (error id, record) pairs, all in one transaction."""
        values = [
            {
                "job_id": job.id,
                "error_id": error_id,
                "integration": job.integration,
                "record": record,
                "outcome": PENDING,
                "reason": "",
                "at": now,
            }
            for error_id, record in records
        ]
        async with self._database.transaction() as connection:
            if values:
                await connection.execute(sa.insert(job_records), values)
            await connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(listed=True))

    async def attempts(self, integration: str, records: Iterable[str], now: float) -> dict[str, Attempts]:
        """Earlier resyncs of these records in the last 24 hours."""
        query = (
            sa.select(job_records.c.record, sa.func.count(), sa.func.max(job_records.c.at))
            .where(
                job_records.c.integration == integration,
                job_records.c.at > now - ATTEMPTS_WINDOW,
                job_records.c.outcome == SUCCEEDED,
            )
            .group_by(job_records.c.record)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        wanted = set(records)
        return {record: Attempts(count, last_at) for record, count, last_at in rows if record in wanted}

    async def pending(self, job: Job) -> int:
        """How many errors are still to be resynced."""
        query = sa.select(sa.func.count()).where(job_records.c.job_id == job.id, job_records.c.outcome == PENDING)
        async with self._database.transaction() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def begin_batch(self, job: Job, at_most: int) -> tuple[str, ...]:
        """Error ids to be resynced next, marked as being sent before they are: after a kill they are in doubt."""
        query = (
            sa.select(job_records.c.error_id)
            .where(job_records.c.job_id == job.id, job_records.c.outcome == PENDING)
            .order_by(job_records.c.error_id)
            .limit(at_most)
        )
        async with self._database.transaction() as connection:
            error_ids = tuple((await connection.execute(query)).scalars())
            chosen = (job_records.c.job_id == job.id, job_records.c.error_id.in_(error_ids))
            await connection.execute(sa.update(job_records).where(*chosen).values(outcome=SENDING))
        return error_ids

    async def in_doubt(self, job: Job) -> tuple[str, ...]:
        """Error ids of a request of which nobody recorded the answer."""
        query = sa.select(job_records.c.error_id).where(
            job_records.c.job_id == job.id, job_records.c.outcome == SENDING
        )
        async with self._database.transaction() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def record(self, job: Job, outcomes: Mapping[str, tuple[str, str]], now: float, lease: float) -> None:
        """Writes outcome and reason of each error id, and renews the lease."""
        bound = (
            sa.update(job_records)
            .where(job_records.c.job_id == job.id, job_records.c.error_id == sa.bindparam("id"))
            .values(outcome=sa.bindparam("new_outcome"), reason=sa.bindparam("new_reason"), at=now)
        )
        values = [
            {"id": error_id, "new_outcome": outcome, "new_reason": reason}
            for error_id, (outcome, reason) in outcomes.items()
        ]
        async with self._database.transaction() as connection:
            await connection.execute(bound, values)
            await connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(lease_until=now + lease))

    async def sent_since(self, integration: str, since: float) -> int:
        """Records resynced since a moment, and those of requests under way or in doubt: API calls that the usage
        stated at that moment cannot know of."""
        resynced = sa.and_(job_records.c.at > since, job_records.c.outcome == SUCCEEDED)
        query = sa.select(sa.func.count()).where(
            job_records.c.integration == integration, sa.or_(resynced, job_records.c.outcome == SENDING)
        )
        async with self._database.transaction() as connection:
            return int((await connection.execute(query)).scalar_one())


async def fail_left(connection: AsyncConnection, job: Job, reason: str, now: float) -> int:
    """As a part of somebody's transaction: records that have no outcome yet fail. Returns how many those were."""
    left = sa.update(job_records).where(job_records.c.job_id == job.id, job_records.c.outcome.in_((PENDING, SENDING)))
    result = await connection.execute(left.values(outcome=FAILED, reason=reason, at=now))
    return int(result.rowcount)
