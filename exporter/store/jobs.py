"""The queue of resync jobs. Every step of a job is one transaction, whatever tables it is about."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.logs import current_request_id
from exporter.store.batches import fail_left
from exporter.store.database import Database
from exporter.store.fence import hold
from exporter.store.job import NEEDS_APPROVAL, QUEUED, RUNNING, Cue, Job, NewJob, Reach, Way
from exporter.store.notifications import NotificationRow, insert_notification
from exporter.store.refusals import RefusalRow, insert_refusals
from exporter.store.repetitions import repetitions
from exporter.store.tables import jobs

Ids = Collection[int]


@dataclass(frozen=True, slots=True)
class Queue:
    """Jobs of an integration by state; when the oldest was accepted of those that wait, unless it is for a human, and
    how many do that."""

    by_state: Mapping[str, int] = field(default_factory=dict)
    oldest_queued_at: float | None = None
    needing_approval: int = 0


class JobStore:
    """Reads and writes ``jobs``, and what belongs to the same steps; raises ``StoreError``, and where who works on a
    job writes, ``LeaseLost``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(
        self,
        new: Sequence[NewJob],
        refused: Sequence[RefusalRow],
        now: float,
        notification: NotificationRow | None = None,
    ) -> tuple[int, ...]:
        """Stores the jobs of one notification, all or none, and returns the ids of those that were not there yet.

        What is already stored decides, in the same transaction; of several that take the same at the same moment, the
        unique constraint lets one through.
        """
        # Here: the thread in which it is written knows of no request.
        request_id = current_request_id()

        def write(connection: Connection) -> tuple[int, ...]:
            made = self._insert(connection, new, now, request_id)
            insert_refusals(connection, refused)
            if notification is not None:
                insert_notification(connection, notification.with_jobs(len(made), duplicates=len(new) - len(made)))
            return made

        return await self._database.run(write)

    def _insert(self, connection: Connection, new: Sequence[NewJob], now: float, request_id: str) -> tuple[int, ...]:
        numbers = repetitions(connection, [job.cue for job in new], now)
        rows = [job_values(job, number, now, request_id) for job in new if (number := numbers[job.cue]) is not None]
        if not rows:
            return ()
        insert = self._database.insert_once(jobs).values(not_before=self._database.now(now)).returning(jobs.c.id)
        return tuple(sorted(connection.execute(insert, rows).scalars()))

    async def known(self, cues: Collection[Cue], now: float) -> frozenset[Cue]:
        """Those whose occurrence of an alert has its job already, and is not yet to have another."""
        numbers = await self._database.run(lambda connection: repetitions(connection, cues, now))
        return frozenset(cue for cue, number in numbers.items() if number is None)

    async def release(self) -> None:
        """Puts jobs that an earlier process had begun back in the queue, if no other process can be at them."""
        if not self._database.single_process:
            return
        left = sa.update(jobs).where(jobs.c.state == RUNNING).values(state=QUEUED)
        await self._database.run(lambda connection: connection.execute(left))

    @property
    def shared(self) -> bool:
        """Whether other replicas, maybe configured otherwise for the moment, take jobs of the same store."""
        return not self._database.single_process

    async def claim(
        self, now: float, lease: float, job_id: int | None = None, reach: Reach | None = None, at_work: Ids = ()
    ) -> Job | None:
        """Takes the oldest job that may run now, or this one, one an integration; it is lost again if its lease runs
        out. ``reach`` limits whoever shares the store. Jobs that this process is ``at_work`` on are not lost, however
        far the clock was set forward."""
        moment = self._database.now(now)
        running = sa.alias(jobs)
        busy = sa.exists().where(
            running.c.integration == jobs.c.integration,
            running.c.state == RUNNING,
            sa.or_(running.c.lease_until > moment, running.c.id.in_(at_work)),
        )
        due = sa.and_(jobs.c.state == QUEUED, jobs.c.not_before <= moment)
        lost = sa.and_(jobs.c.state == RUNNING, jobs.c.lease_until <= moment)
        free = (sa.or_(due, lost), jobs.c.id.not_in(at_work), ~busy)
        query = sa.select(jobs).where(*free).order_by(jobs.c.id).limit(1)
        if job_id is not None:
            query = query.where(jobs.c.id == job_id)
        if reach is not None and self.shared:
            query = query.where(_within(reach))

        def take(connection: Connection) -> Job | None:
            # Two that look at the same moment would take two jobs of one integration.
            self._database.lock(connection, "claim of a job")
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            same = (jobs.c.id == row["id"], jobs.c.state == row["state"], jobs.c.claims == row["claims"])
            taken = {"state": RUNNING, "lease_until": moment + lease, "claims": row["claims"] + 1}
            claimed = connection.execute(sa.update(jobs).where(*same).values(taken)).rowcount == 1
            return job_of({**row, "claims": row["claims"] + 1}) if claimed else None

        return await self._database.run(take)

    async def renew(self, job: Job, now: float, lease: float) -> None:
        """A sign of life: the job stays with who works on it for so many more seconds."""
        lease_until = self._database.now(now) + lease
        await self._database.run(lambda connection: hold(connection, job, lease_until=lease_until))

    async def note(self, job: Job, **values: Any) -> None:
        """Writes how far who works on the job has got with it: columns of ``jobs``."""
        await self._database.run(lambda connection: hold(connection, job, **values))

    async def postpone(
        self, job: Job, now: float, pause: float, failures: int | None, message: str, refused_for: str, **more: Any
    ) -> None:
        """Back into the queue, for so many seconds; ``failures`` stay as they are where ``None``; ``more`` are further
        columns of ``jobs``."""
        values = {
            "state": QUEUED,
            # One that somebody wants ended has nothing to wait for.
            "not_before": sa.case((jobs.c.cancelled, 0.0), else_=self._database.now(now) + pause),
            "failures": jobs.c.failures if failures is None else failures,
            "message": message,
            "refused_for": refused_for,
            **more,
        }
        await self._database.run(lambda connection: hold(connection, job, **values))

    async def finish(
        self,
        job: Job,
        state: str,
        message: str,
        now: float,
        look_at: float | None = None,
        refused: Sequence[RefusalRow] = (),
    ) -> int:
        """Ends the job in one of the states ``ENDED``; records still pending fail with it. Returns how many those
        were. ``look_at`` is when to look what it has cured, ``refused`` why it ends or has done less."""
        values = {"state": state, "message": message, "finished_at": now, "look_at": look_at}

        def write(connection: Connection) -> int:
            hold(connection, job, **values)
            insert_refusals(connection, refused)
            return fail_left(connection, job.id, message, now)

        return await self._database.run(write)

    async def failures(self, job: Job) -> int:
        """How often it has failed since something of it was answered."""
        counted = sa.select(jobs.c.failures).where(jobs.c.id == job.id)
        return int(await self._database.run(lambda connection: connection.execute(counted).scalar_one()))

    async def cancelled(self, job: Job) -> bool:
        """Whether somebody wants the job ended."""
        wanted = sa.select(jobs.c.cancelled).where(jobs.c.id == job.id)
        return bool(await self._database.run(lambda connection: connection.execute(wanted).scalar_one()))

    async def queues(self, integration: str | None = None) -> dict[str, Queue]:
        """The queue of every integration that has jobs, or of this one."""
        waits = jobs.c.refused_for == NEEDS_APPROVAL
        of_human = sa.and_(jobs.c.state == QUEUED, waits)
        of_us = sa.and_(jobs.c.state == QUEUED, ~waits)
        query = sa.select(
            jobs.c.integration,
            jobs.c.state,
            sa.func.count(),
            sa.func.min(sa.case((of_us, jobs.c.created_at))),
            sa.func.sum(sa.case((of_human, 1), else_=0)),
        ).group_by(jobs.c.integration, jobs.c.state)
        if integration is not None:
            query = query.where(jobs.c.integration == integration)
        found: dict[str, Queue] = {}
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        for name, state, count, oldest, approvals in rows:
            before = found.get(name, Queue())
            found[name] = Queue(
                {**before.by_state, state: count},
                before.oldest_queued_at if oldest is None else oldest,
                before.needing_approval + int(approvals),
            )
        return found


def by_these_ways(ways: Collection[Way]) -> sa.ColumnElement[bool]:
    """Jobs that one of the ways is of."""
    return sa.tuple_(jobs.c.integration, jobs.c.action).in_(sorted(ways)) if ways else sa.false()


def _within(reach: Reach) -> sa.ColumnElement[bool]:
    since = sa.func.coalesce(jobs.c.approved_at, jobs.c.created_at)
    longest = sa.case((jobs.c.refused_for == NEEDS_APPROVAL, reach.unapproved), else_=reach.stranded)
    return sa.or_(by_these_ways(reach.ways), since < longest)


def job_values(job: NewJob, repetition: int, now: float, request_id: str) -> dict[str, Any]:
    """The row of a new job, which the request of that id made, but for ``not_before``, of which the store decides."""
    return {
        **asdict(job.occurrence),
        "repetition": repetition,
        "alert": job.alert,
        "action": job.action,
        "errors": json.dumps(sorted(job.errors)),
        "selected": json.dumps(sorted(job.selected)),
        "request": job.request,
        "cooldown": job.cooldown,
        "max_attempts": job.max_attempts,
        "since": job.since,
        "request_id": request_id,
        "state": QUEUED,
        "listed": False,
        "failures": 0,
        "refused_for": "",
        "created_at": now,
        "lease_until": 0.0,
        "message": "",
    }


def job_of(row: Any) -> Job:
    """A row of ``jobs`` as it is worked on."""
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
        claim=row["claims"],
        selected=frozenset(json.loads(row["selected"])),
        status=row["status"],
        approved_at=row["approved_at"],
        planned=row["planned_records"],
        trial=row["trial"],
        cleared=row["cleared"],
        starts_at=row["starts_at"],
        since=row["since"],
        request_id=row["request_id"],
    )
