"""The records of a job, and how far each has got: listed, marked as being sent in batches, recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.store.database import Database
from exporter.store.fence import hold
from exporter.store.health import PATIENCE
from exporter.store.job import Job
from exporter.store.refusals import RefusalRow, insert_refusals
from exporter.store.tables import batches, job_records

PENDING, SENDING, SUCCEEDED, FAILED = "pending", "sending", "succeeded", "failed"
ATTEMPTS_WINDOW = 86400.0
RECORDS_A_SECOND = 500
"""A large job is listed in one transaction all the same: so slowly at least."""

FEW_RECORDS = 1_000
"""So many may share a commit with what others do meanwhile."""


_UNHEARD = (
    sa.exists()
    .where(batches.c.job_id == job_records.c.job_id, batches.c.number == job_records.c.batch)
    .where(batches.c.ended_at.is_(None))
)
"""Nobody has recorded what became of the request that named the record last, and it may have been resynced by it."""

_DUE = sa.case((job_records.c.attempts == 0, sa.func.coalesce(job_records.c.retry_at, 1e11)), else_=1e11)
"""The order of records: first those that it is known of since when they wait."""

_ASKED = job_records.c.earlier_attempts + job_records.c.attempts


@dataclass(frozen=True, slots=True)
class Listed:
    """A record that a job is to resync, and the error it is resynced for; ``due`` is since when it waits, where that is
    known: these come first, the oldest before the others."""

    error_id: str
    record: str
    category: str = ""
    error_type: str = ""
    earlier_attempts: int = 0
    due: float | None = None


@dataclass(frozen=True, slots=True)
class Attempts:
    """Earlier resyncs of one record: requests that named it in the last 24 hours, and when it was taken last, or is
    about to be by a job that has not ended; 0 if it never was."""

    count: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request is to name; ``attempts`` are how often each error id was asked for in 24 hours, this request
    and other jobs' included."""

    number: int
    attempts: Mapping[str, int]

    @property
    def error_ids(self) -> tuple[str, ...]:
        return tuple(self.attempts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an error id: ``PENDING`` again, not before ``retry_at``, or one of the others for good.

    Not ``counted``: the request did not reach who was asked, so it was no attempt.
    """

    outcome: str
    reason: str = ""
    retry_at: float | None = None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Left:
    """Errors still to be resynced: so many now, and so many later, the first of them in ``pause`` seconds."""

    now: int
    later: int
    pause: float | None

    @property
    def total(self) -> int:
        return self.now + self.later


class BatchStore:
    """Reads and writes ``job_records`` and ``batches``, and what a step with them says of their job.

    Raises ``StoreError``, and where it writes ``LeaseLost``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_records(
        self, job: Job, records: Sequence[Listed], calls: int, now: float, refused: Sequence[RefusalRow] = ()
    ) -> None:
        """Fixes what the job is to resync and what not, and what that may cost, all in one transaction."""
        values = [
            {
                "job_id": job.id,
                "error_id": each.error_id,
                "integration": job.integration,
                "record": each.record,
                "category": each.category,
                "error_type": each.error_type,
                "earlier_attempts": each.earlier_attempts,
                "outcome": PENDING,
                "reason": "",
                "at": now,
                "retry_at": None if each.due is None else min(each.due, now),
            }
            for each in records
        ]

        def write(connection: Connection) -> None:
            hold(connection, job, listed=True, planned_records=len(values), planned_calls=calls)
            insert_refusals(connection, refused)
            if values:
                connection.execute(sa.insert(job_records), values)

        if len(values) <= FEW_RECORDS:
            await self._database.run(write)
            return
        async with self._database.transaction(PATIENCE + len(values) / RECORDS_A_SECOND) as connection:
            await connection.run_sync(write)

    async def attempts(
        self, job_id: int, integration: str, records: Iterable[str], now: float, *, in_vain_too: bool = True
    ) -> dict[str, Attempts]:
        """Earlier resyncs of these records by other jobs: of the last 24 hours, and those that are still to come.

        Those that were refused count, unless the cause of that is over.
        """
        under_way = job_records.c.outcome.in_((PENDING, SENDING))
        in_vain = sa.and_(job_records.c.outcome == FAILED, ~_UNHEARD)
        taken = sa.case((in_vain, 0.0), (under_way, now), else_=job_records.c.at)
        counted = job_records.c.attempts if in_vain_too else sa.case((in_vain, 0), else_=job_records.c.attempts)
        query = (
            sa.select(job_records.c.record, sa.func.sum(counted), sa.func.max(taken))
            .where(
                job_records.c.integration == integration,
                job_records.c.job_id != job_id,
                sa.or_(job_records.c.at > now - ATTEMPTS_WINDOW, under_way),
            )
            .group_by(job_records.c.record)
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        wanted = set(records)
        return {
            record: Attempts(int(count), last_at)
            for record, count, last_at in rows
            if record in wanted and (count or last_at)
        }

    async def left(self, job: Job, now: float) -> Left:
        """What is still to be resynced."""
        moment = self._database.now(now)
        waits = sa.and_(job_records.c.retry_at.is_not(None), job_records.c.retry_at > moment)
        query = sa.select(
            sa.func.count(),
            sa.func.sum(sa.case((waits, 1), else_=0)),
            sa.func.min(sa.case((waits, job_records.c.retry_at - moment))),
        ).where(job_records.c.job_id == job.id, job_records.c.outcome == PENDING)
        total, later, pause = await self._database.run(lambda connection: connection.execute(query).one())
        return Left(total - (later or 0), later or 0, pause)

    async def begin_batch(self, job: Job, at_most: int, now: float, lease: float) -> Batch | None:
        """What is to be resynced next, marked as being sent before it is: after a kill it is in doubt. Renews the
        lease. ``None`` if nothing is left for now."""
        moment = self._database.now(now)
        query = (
            sa.select(job_records.c.error_id, _ASKED)
            .where(
                job_records.c.job_id == job.id,
                job_records.c.outcome == PENDING,
                sa.or_(job_records.c.retry_at.is_(None), job_records.c.retry_at <= moment),
            )
            .order_by(_DUE, job_records.c.error_id)
            .limit(at_most)
        )
        last = sa.select(sa.func.max(batches.c.number)).where(batches.c.job_id == job.id)

        def begin(connection: Connection) -> Batch | None:
            hold(connection, job, lease_until=moment + lease)
            asked = {error_id: attempts + 1 for error_id, attempts in connection.execute(query)}
            if not asked:
                return None
            number = (connection.execute(last).scalar_one() or 0) + 1
            chosen = (job_records.c.job_id == job.id, job_records.c.error_id.in_(asked))
            marked = {"outcome": SENDING, "at": now, "batch": number, "attempts": job_records.c.attempts + 1}
            connection.execute(sa.update(job_records).where(*chosen).values(marked))
            row = {"job_id": job.id, "number": number, "sent_at": now, "records": len(asked)}
            connection.execute(sa.insert(batches).values(row))
            return Batch(number, asked)

        return await self._database.run(begin)

    async def sent(self, job: Job) -> int:
        """How many batches were begun, without those whose answer was lost and that resynced nothing."""
        lost = sa.and_(batches.c.fault != "", batches.c.succeeded == 0)
        query = sa.select(sa.func.count()).where(batches.c.job_id == job.id, ~lost)
        return int(await self._database.run(lambda connection: connection.execute(query).scalar_one()))

    async def in_doubt(self, job: Job) -> tuple[Batch, ...]:
        """Requests of which nobody recorded the answer."""
        query = (
            sa.select(job_records.c.batch, job_records.c.error_id, _ASKED)
            .where(job_records.c.job_id == job.id, job_records.c.outcome == SENDING)
            .order_by(job_records.c.batch, job_records.c.error_id)
        )
        by_number: dict[int, dict[str, int]] = {}
        for number, error_id, attempts in await self._database.run(lambda connection: connection.execute(query).all()):
            # A version before numbered none.
            by_number.setdefault(number or 0, {})[error_id] = attempts
        return tuple(Batch(number, attempts) for number, attempts in by_number.items())

    async def record(
        self, job: Job, number: int, outcomes: Mapping[str, Outcome], now: float, lease: float, fault: str = ""
    ) -> None:
        """Writes what became of a batch and of each of its error ids, and renews the lease."""
        moment = self._database.now(now)
        bound = (
            sa.update(job_records)
            .where(job_records.c.job_id == job.id, job_records.c.error_id == sa.bindparam("id"))
            .values(
                outcome=sa.bindparam("new_outcome"),
                reason=sa.bindparam("new_reason"),
                retry_at=moment + sa.bindparam("pause", type_=sa.Double),
                attempts=job_records.c.attempts - sa.bindparam("uncounted"),
                at=now,
            )
        )
        values = [
            {
                "id": error_id,
                "new_outcome": each.outcome,
                "new_reason": each.reason,
                "pause": None if each.retry_at is None else each.retry_at - now,
                "uncounted": 0 if each.counted else 1,
            }
            for error_id, each in outcomes.items()
        ]
        succeeded = sum(each.outcome == SUCCEEDED for each in outcomes.values())
        ended = {"ended_at": now, "succeeded": succeeded, "failed": len(outcomes) - succeeded, "fault": fault}
        same = (batches.c.job_id == job.id, batches.c.number == number)
        # An answer is a sign that the other side works again.
        again = {} if fault else {"failures": 0}

        def write(connection: Connection) -> None:
            hold(connection, job, lease_until=moment + lease, **again)
            connection.execute(bound, values)
            connection.execute(sa.update(batches).where(*same).values(ended))

        await self._database.run(write)

    async def by_outcome(self, job: Job) -> dict[str, int]:
        """Records of the job by outcome."""
        query = (
            sa.select(job_records.c.outcome, sa.func.count().label("records"))
            .where(job_records.c.job_id == job.id)
            .group_by(job_records.c.outcome)
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return {row.outcome: row.records for row in rows}

    async def sent_since(self, integration: str, since: float) -> int:
        """Records resynced since a moment, and those of requests under way or in doubt, also if their job has ended
        since: API calls that the usage stated at that moment cannot know of."""
        maybe = sa.or_(job_records.c.outcome == SUCCEEDED, sa.and_(job_records.c.outcome == FAILED, _UNHEARD))
        resynced = sa.and_(job_records.c.at > since, maybe)
        query = sa.select(sa.func.count()).where(
            job_records.c.integration == integration, sa.or_(resynced, job_records.c.outcome == SENDING)
        )
        return int(await self._database.run(lambda connection: connection.execute(query).scalar_one()))


def fail_left(connection: Connection, job_id: int, reason: str, now: float) -> int:
    """As a part of somebody's transaction: records that have no outcome yet fail. Returns how many those were."""
    left = sa.update(job_records).where(job_records.c.job_id == job_id, job_records.c.outcome.in_((PENDING, SENDING)))
    # What the record itself was refused for says more than why its job ended.
    why = sa.case((job_records.c.reason == "", reason), else_=job_records.c.reason)
    result = connection.execute(left.values(outcome=FAILED, reason=why, retry_at=None, at=now))
    return int(result.rowcount)
