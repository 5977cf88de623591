"""Resyncs that somebody ordered, and jobs that people step into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.errors import StoreError
from exporter.logs import current_request_id
from exporter.store.batches import fail_left
from exporter.store.database import Database
from exporter.store.job import CANCELLED, NEEDS_APPROVAL, QUEUED, REQUESTED, RUNNING, Job, NewJob
from exporter.store.jobs import job_of, job_values
from exporter.store.tables import jobs
from exporter.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Ordered:
    """The job of a request, and the digest of that request; not ``made`` if it was there already."""

    job: int
    request: str
    made: bool = False


class OrderStore:
    """Reads and writes ``jobs``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ordered(self, key: str) -> Ordered | None:
        """The job of a request with this key, ``None`` if there is none."""
        async with self._database.transaction() as connection:
            return await _ordered(connection, key)

    async def order(self, new: NewJob, now: float) -> Ordered:
        """Stores the job of a request, unless there is one with its key, whatever that was about."""
        key, told = new.occurrence.fingerprint, job_values(new, 0, now, current_request_id())
        values: dict[str, sa.ColumnElement[Any]] = {
            name: sa.literal(value, jobs.c[name].type) for name, value in told.items()
        }
        values["not_before"] = self._database.now(now)
        row = sa.select(*values.values())
        # In one statement: SQLite locks nobody out before the first that writes.
        insert = self._database.insert_once(jobs).from_select(
            list(values), row.where(~sa.exists().where(*_of_key(key)))
        )
        async with self._database.transaction() as connection:
            # The unique constraint takes the same key for another integration or action for another job.
            await connection.run_sync(self._database.lock, f"order {key}")
            made = (await connection.execute(insert.returning(jobs.c.id))).scalar()
            known = await _ordered(connection, key) if made is None else Ordered(made, new.request, made=True)
        if known is None:
            raise StoreError(f"store: the job of order {key} has vanished")
        return known

    async def find(self, job_id: int) -> Job | None:
        """A job as it stands now, whoever works on it."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(sa.select(jobs).where(jobs.c.id == job_id))).mappings().first()
        return job_of(row) if row else None

    async def cancel(self, job_id: int, message: str, now: float, look_at: float) -> int | None:
        """Ends a job that waits, and returns how many records were pending; one that is being worked on ends before
        its next batch. ``None`` if it has ended. ``look_at`` is when to look what it has cured."""
        waiting = (jobs.c.id == job_id, jobs.c.state == QUEUED)
        ended = {
            "state": CANCELLED,
            "message": message,
            "finished_at": now,
            "cancelled": True,
            "refused_for": "",
            "look_at": look_at,
        }
        running = (jobs.c.id == job_id, jobs.c.state == RUNNING)
        async with self._database.transaction() as connection:
            if (await connection.execute(sa.update(jobs).where(*waiting).values(ended))).rowcount:
                return await connection.run_sync(fail_left, job_id, message, now)
            marked = await connection.execute(sa.update(jobs).where(*running).values(cancelled=True))
            return 0 if marked.rowcount else None

    async def approve(self, job_id: int, now: float) -> bool:
        """Lets a job go on that waits for a human; ``False`` if it does not."""
        waiting = (jobs.c.id == job_id, jobs.c.state == QUEUED, jobs.c.refused_for == NEEDS_APPROVAL)
        approved = {"approved_at": now, "not_before": self._database.now(now), "refused_for": "", "message": ""}
        async with self._database.transaction() as connection:
            return bool((await connection.execute(sa.update(jobs).where(*waiting).values(approved))).rowcount)


def _of_key(key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return jobs.c.fingerprint == key, jobs.c.status == REQUESTED


async def _ordered(connection: Transaction, key: str) -> Ordered | None:
    query = sa.select(jobs.c.id, jobs.c.request).where(*_of_key(key)).order_by(jobs.c.id).limit(1)
    row = (await connection.execute(query)).first()
    return Ordered(row.id, row.request) if row else None
