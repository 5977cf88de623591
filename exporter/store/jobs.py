"""Resync jobs, the records they are to resync, and refusals. Every step of a job is one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.remediation.choice import Attempts
from exporter.remediation.notification import Alert
from exporter.remediation.order import Order
from exporter.store.database import Database
from exporter.store.tables import job_records, jobs, refusals

PENDING, SENDING, SUCCEEDED, FAILED = "pending", "sending", "succeeded", "failed"
ATTEMPTS_WINDOW = 86400.0


@dataclass(frozen=True, slots=True)
class NewJob:
    """An order together with the alert it answers."""

    alert: Alert
    action: str
    order: Order


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. ``listed`` says whether its records stand in the store already; ``refused_for`` is why it had to
    wait last time, empty if it had not to."""

    id: int
    integration: str
    alert: str
    action: str
    order: Order
    listed: bool
    failures: int
    refused_for: str
    created_at: float


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A refusal as it is listed."""

    at: float
    integration: str
    alert: str
    reason: str
    detail: str


class JobStore:
    """Reads and writes ``jobs``, ``job_records`` and ``refusals``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, new: Sequence[NewJob], refused: Sequence[RefusalRow], now: float) -> int:
        """Stores the jobs of one notification, all or none, and returns how many were not there yet."""
        made = 0
        async with self._database.transaction() as connection:
            for job in new:
                result = await connection.execute(self._database.insert_once(jobs).values(_job_values(job, now)))
                made += int(result.rowcount)
            if refused:
                await connection.execute(sa.insert(refusals), [_refusal_values(row) for row in refused])
        return made

    async def known(self, alert: Alert, action: str) -> bool:
        """Whether this occurrence of the alert has its job already."""
        query = sa.select(jobs.c.id).where(
            jobs.c.integration == alert.integration,
            jobs.c.fingerprint == alert.fingerprint,
            jobs.c.starts_at == alert.starts_at,
            jobs.c.status == alert.status,
            jobs.c.action == action,
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(query)).first() is not None

    async def refuse(self, row: RefusalRow) -> None:
        """Lists a refusal that came up while a job ran."""
        async with self._database.transaction() as connection:
            await connection.execute(sa.insert(refusals), [_refusal_values(row)])

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

    async def renew(self, job: Job, lease_until: float) -> None:
        """A sign of life: the job stays with who works on it."""
        update = sa.update(jobs).where(jobs.c.id == job.id, jobs.c.state == "running")
        async with self._database.transaction() as connection:
            await connection.execute(update.values(lease_until=lease_until))

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
        """Records resynced since a moment: API calls that the usage stated at that moment cannot know of."""
        query = sa.select(sa.func.count()).where(
            job_records.c.integration == integration, job_records.c.at > since, job_records.c.outcome == SUCCEEDED
        )
        async with self._database.transaction() as connection:
            return int((await connection.execute(query)).scalar_one())

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
        left = sa.update(job_records).where(
            job_records.c.job_id == job.id, job_records.c.outcome.in_((PENDING, SENDING))
        )
        values = {"state": state, "message": message, "finished_at": now}
        async with self._database.transaction() as connection:
            result = await connection.execute(left.values(outcome=FAILED, reason=message, at=now))
            await connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(values))
        return int(result.rowcount)

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


def _job_values(job: NewJob, now: float) -> dict[str, Any]:
    return {
        "integration": job.alert.integration,
        "alert": job.alert.name,
        "fingerprint": job.alert.fingerprint,
        "starts_at": job.alert.starts_at,
        "status": job.alert.status,
        "action": job.action,
        "errors": json.dumps(sorted(job.order.errors)),
        "cooldown": job.order.cooldown,
        "max_attempts": job.order.max_attempts,
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
        order=Order(errors, row["cooldown"], row["max_attempts"]),
        listed=row["listed"],
        failures=row["failures"],
        refused_for=row["refused_for"],
        created_at=row["created_at"],
    )


def _refusal_values(row: RefusalRow) -> dict[str, Any]:
    return {
        "at": row.at,
        "integration": row.integration,
        "alert": row.alert,
        "reason": row.reason,
        "detail": row.detail,
    }
