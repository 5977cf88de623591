"""The queue of resync jobs. Every step of a job is one transaction, whatever tables it is about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exporter.store.batches import fail_left
from exporter.store.database import Database
from exporter.store.job import Job, NewJob, Occurrence
from exporter.store.refusals import RefusalRow, insert_refusals
from exporter.store.tables import jobs

ENDED = ("done", "failed")


class JobStore:
    """Reads and writes ``jobs``, and what belongs to the same steps; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, new: Sequence[NewJob], refused: Sequence[RefusalRow], now: float) -> int:
        """Stores the jobs of one notification, all or none, and returns how many were not there yet.

        What is already stored decides, in the same transaction; of several that take the same at the same moment, the
        unique constraint lets one through.
        """
        made = 0
        async with self._database.transaction() as connection:
            for job in new:
                number = await _repetition(connection, job.occurrence, job.action, job.repeat_after, now)
                if number is not None:
                    insert = self._database.insert_once(jobs).values(_job_values(job, number, now))
                    made += int((await connection.execute(insert)).rowcount)
            await insert_refusals(connection, refused)
        return made

    async def known(self, occurrence: Occurrence, action: str, repeat_after: float | None, now: float) -> bool:
        """Whether this occurrence of the alert has its job already, and is not yet to have another."""
        async with self._database.transaction() as connection:
            return await _repetition(connection, occurrence, action, repeat_after, now) is None

    async def release(self) -> None:
        """Puts jobs that an earlier process had begun back in the queue, if no other process can be at them."""
        if not self._database.single_process:
            return
        async with self._database.transaction() as connection:
            await connection.execute(sa.update(jobs).where(jobs.c.state == "running").values(state="queued"))

    async def claim(self, now: float, lease: float) -> Job | None:
        """Takes the oldest job that may run now, one an integration; it is lost again if its lease runs out."""
        running = sa.alias(jobs)
        busy = sa.exists().where(
            running.c.integration == jobs.c.integration, running.c.state == "running", running.c.lease_until > now
        )
        free = sa.or_(jobs.c.state == "queued", sa.and_(jobs.c.state == "running", jobs.c.lease_until <= now))
        query = sa.select(jobs).where(free, jobs.c.not_before <= now, ~busy).order_by(jobs.c.id).limit(1)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).mappings().first()
            if row is None:
                return None
            same = (jobs.c.id == row["id"], jobs.c.state == row["state"], jobs.c.lease_until == row["lease_until"])
            update = sa.update(jobs).where(*same).values(state="running", lease_until=now + lease)
            claimed = (await connection.execute(update)).rowcount == 1
        return _job(row) if claimed else None

    async def renew(self, job: Job, lease_until: float) -> None:
        """A sign of life: the job stays with who works on it."""
        update = sa.update(jobs).where(jobs.c.id == job.id, jobs.c.state == "running")
        async with self._database.transaction() as connection:
            await connection.execute(update.values(lease_until=lease_until))

    async def postpone(self, job: Job, not_before: float, failures: int, message: str, refused_for: str) -> None:
        """Back into the queue, for later."""
        values = {
            "state": "queued",
            "not_before": not_before,
            "failures": failures,
            "message": message,
            "refused_for": refused_for,
        }
        async with self._database.transaction() as connection:
            await connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(values))

    async def finish(self, job: Job, state: str, message: str, now: float) -> int:
        """Ends the job as ``done`` or ``failed``; records still pending fail with it. Returns how many those were."""
        values = {"state": state, "message": message, "finished_at": now}
        async with self._database.transaction() as connection:
            left = await fail_left(connection, job, message, now)
            await connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(values))
        return left

    async def counts(self, integration: str) -> tuple[dict[str, int], float | None]:
        """Jobs of an integration by state, and when the oldest queued one was accepted."""
        query = (
            sa.select(jobs.c.state, sa.func.count(), sa.func.min(jobs.c.created_at))
            .where(jobs.c.integration == integration)
            .group_by(jobs.c.state)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        by_state = {state: count for state, count, _ in rows}
        return by_state, next((oldest for state, _, oldest in rows if state == "queued"), None)


async def _repetition(
    connection: AsyncConnection, occurrence: Occurrence, action: str, repeat_after: float | None, now: float
) -> int | None:
    """The number of the job that this notification makes; ``None`` if it is a duplicate of the last that made one."""
    same = [jobs.c[name] == value for name, value in asdict(occurrence).items()]
    query = sa.select(jobs.c.repetition, jobs.c.state, jobs.c.created_at).where(*same, jobs.c.action == action)
    made = (await connection.execute(query.order_by(jobs.c.repetition.desc()))).all()
    if not made:
        return 0
    # Any of them: the oldest may wait still where a version before took one alert for several.
    going_on = any(job.state not in ENDED for job in made)
    if repeat_after is None or going_on or now - made[0].created_at < repeat_after:
        return None
    return int(made[0].repetition) + 1


def _job_values(job: NewJob, repetition: int, now: float) -> dict[str, Any]:
    return {
        **asdict(job.occurrence),
        "repetition": repetition,
        "alert": job.alert,
        "action": job.action,
        "errors": json.dumps(sorted(job.errors)),
        "cooldown": job.cooldown,
        "max_attempts": job.max_attempts,
        "state": "queued",
        "listed": False,
        "failures": 0,
        "refused_for": "",
        "created_at": now,
        "not_before": now,
        "lease_until": 0.0,
        "message": "",
    }


def _job(row: Any) -> Job:
    errors = frozenset((category, error_type) for category, error_type in json.loads(row["errors"]))
    return Job(
        id=row["id"],
        integration=row["integration"],
        alert=row["alert"],
        action=row["action"],
        errors=errors,
        cooldown=row["cooldown"],
        max_attempts=row["max_attempts"],
        listed=row["listed"],
        failures=row["failures"],
        refused_for=row["refused_for"],
        created_at=row["created_at"],
    )
