"""Which ended jobs are still to be looked at, and what was seen of each of their records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.store.batches import SUCCEEDED
from exporter.store.database import Database
from exporter.store.job import Job, Way
from exporter.store.jobs import by_these_ways, job_of
from exporter.store.tables import batches, job_records, jobs
from exporter.store.transaction import Transaction

CURED = "cured"

Cured = tuple[str, str, str]
"""Record, category and error type of an error that a resync has cured."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A record whose resync was accepted ``at``, and what was seen of it so far. ``since`` is when its job sent
    its first request: one whose answer was lost may have resynced the record long before that was known."""

    error_id: str
    record: str
    category: str
    error_type: str
    at: float
    proof: str
    since: float


@dataclass(frozen=True, slots=True)
class Look:
    """An ended job to be looked at, for the first time if ``number`` is 0."""

    job: Job
    number: int
    finished_at: float


class ProofStore:
    """Reads and writes the proof in ``jobs`` and ``job_records``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether other replicas, maybe configured otherwise for the moment, look as well."""
        return not self._database.single_process

    async def next_look(
        self,
        now: float,
        lease: float,
        job_id: int | None = None,
        ways: Collection[Way] | None = None,
        too_late: float = 0.0,
    ) -> Look | None:
        """Takes the job whose look is due longest, or this one if it is due; it is due again after ``lease`` seconds if
        nothing comes of it. Of a shared store only those that one of the ``ways`` is of, or that ended before
        ``too_late``."""
        query = sa.select(jobs).where(jobs.c.look_at <= now).order_by(jobs.c.look_at, jobs.c.id).limit(1)
        if job_id is not None:
            query = query.where(jobs.c.id == job_id)
        if ways is not None and self.shared:
            query = query.where(sa.or_(by_these_ways(ways), jobs.c.finished_at < too_late))
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).mappings().first()
            if row is None:
                return None
            same = (jobs.c.id == row["id"], jobs.c.look_at == row["look_at"])
            taken = await connection.execute(sa.update(jobs).where(*same).values(look_at=now + lease))
        return Look(job_of(row), row["looks"], row["finished_at"]) if taken.rowcount == 1 else None

    async def sent(self, job: Job) -> tuple[Sent, ...]:
        """The records of the job whose resync was accepted."""
        first = sa.select(sa.func.min(batches.c.sent_at)).where(batches.c.job_id == job.id).scalar_subquery()
        since = sa.func.coalesce(first, job_records.c.at)  # a version before numbered no batches
        names = ("error_id", "record", "category", "error_type", "at", "proof")
        columns: list[sa.ColumnElement[Any]] = [*(job_records.c[name] for name in names), since]
        query = sa.select(*columns).where(job_records.c.job_id == job.id, job_records.c.outcome == SUCCEEDED)
        async with self._database.transaction() as connection:
            return tuple(Sent(*row) for row in await connection.execute(query.order_by(job_records.c.error_id)))

    async def cured(self, integration: str, since: Mapping[str, float]) -> frozenset[Cured]:
        """What was resynced from this moment on, by category, and proved cured."""
        if not since:
            return frozenset()
        error = (job_records.c.record, job_records.c.category, job_records.c.error_type)
        query = sa.select(*error, sa.func.max(job_records.c.at)).where(
            job_records.c.integration == integration,
            job_records.c.outcome == SUCCEEDED,
            job_records.c.at >= min(since.values()),
            job_records.c.category.in_(since),
            job_records.c.proof == CURED,
        )
        async with self._database.transaction() as connection:
            rows = await connection.execute(query.group_by(*error))
            return frozenset(
                (record, category, error_type) for record, category, error_type, at in rows if at >= since[category]
            )

    async def prove(self, look: Look, verdicts: Mapping[str, str], now: float, next_look: float | None) -> bool:
        """Writes what was seen, by error id, and when to look again, if at all.

        ``False``, and nothing is written, if another has looked meanwhile: who stood still longer than its lease does
        not overwrite that.
        """
        bound = (
            sa.update(job_records)
            .where(job_records.c.job_id == look.job.id, job_records.c.error_id == sa.bindparam("id"))
            .values(proof=sa.bindparam("new_proof"), proved_at=now)
        )
        async with self._database.transaction() as connection:
            if not await _looked(connection, look, look_at=next_look, looks=look.number + 1):
                return False
            if verdicts:
                rows = [{"id": error_id, "new_proof": proof} for error_id, proof in verdicts.items()]
                await connection.execute(bound, rows)
        return True

    async def end(self, look: Look) -> None:
        """Nobody is to look again, unless another has looked meanwhile."""
        async with self._database.transaction() as connection:
            await _looked(connection, look, look_at=None)


async def _looked(connection: Transaction, look: Look, **values: Any) -> bool:
    """Whether the look was still the next one of its job."""
    same = (jobs.c.id == look.job.id, jobs.c.looks == look.number)
    return (await connection.execute(sa.update(jobs).where(*same).values(values))).rowcount == 1
