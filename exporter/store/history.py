"""What the remediation did, for people and programs to read: the ledger, page by page.

SQLite has one connection, which everything else waits for meanwhile. So no look is about more than a page of rows, and
none counts more than ``MOST_COUNTED`` records, however large the jobs are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.store.database import Database
from exporter.store.job import ENDED
from exporter.store.tables import batches, job_records, jobs, notifications, refusals
from exporter.store.tally import Tally, tallies
from exporter.store.transaction import Transaction

MOST_COUNTED = 100_000
"""Records of all jobs on a page: it ends before the job that would be too many."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and what the next page begins after; ``None`` after the last."""

    rows: list[Row]
    next: Any = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are looked for; an empty ``alert`` is none: what somebody ordered."""

    integration: str | None = None
    state: str | None = None
    category: str | None = None
    alert: str | None = None


class ResyncHistory:
    """Reads the tables of the remediation, changes nothing; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listing(self, integration: str | None, limit: int) -> dict[str, list[Row]]:
        """The newest jobs and the newest refusals."""
        newest = await self.jobs(JobFilter(integration), limit)
        return {"jobs": newest.rows, "refusals": (await self.refusals(limit, integration)).rows}

    async def jobs(self, wanted: JobFilter, limit: int, before: int | None = None) -> Page:
        """The newest jobs with an id below ``before``, each with what became of its records."""
        query = _jobs().where(*_conditions(wanted)).limit(limit + 1)
        if before is not None:
            query = query.where(jobs.c.id < before)
        async with self._database.transaction() as connection:
            found = [dict(row) for row in (await connection.execute(query)).mappings()]
            rows = _countable(found[:limit])
            await _count(connection, rows)
        return Page(rows, rows[-1]["id"] if len(rows) < len(found) else None)

    async def job(self, job_id: int) -> Row | None:
        """The same of one job; ``None`` if there is none."""
        async with self._database.transaction() as connection:
            rows = [dict(row) for row in (await connection.execute(_jobs().where(jobs.c.id == job_id))).mappings()]
            await _count(connection, rows)
        return rows[0] if rows else None

    async def batches(self, job_id: int, limit: int) -> list[Row]:
        """The newest requests of a job."""
        return await self._rows(
            sa.select(batches).where(batches.c.job_id == job_id).order_by(batches.c.number.desc()).limit(limit)
        )

    async def records(
        self, job_id: int, limit: int, after: str | None = None, outcome: str | None = None, proof: str | None = None
    ) -> Page:
        """The records of a job by error id, those that come after one, with this outcome and proof."""
        query = sa.select(job_records).where(job_records.c.job_id == job_id).order_by(job_records.c.error_id)
        for column, value in (("outcome", outcome), ("proof", proof)):
            if value is not None:
                query = query.where(job_records.c[column] == value)
        if after is not None:
            query = query.where(job_records.c.error_id > after)
        return _page(await self._rows(query.limit(limit + 1)), limit, "error_id")

    async def refusals(
        self,
        limit: int,
        integration: str | None = None,
        *,
        alert: str | None = None,
        job_id: int | None = None,
        before: int | None = None,
    ) -> Page:
        """The newest refusals with an id below ``before``."""
        query = sa.select(refusals).order_by(refusals.c.id.desc())
        for column, value in (("integration", integration), ("alert", alert), ("job_id", job_id)):
            if value is not None:
                query = query.where(refusals.c[column] == value)
        if before is not None:
            query = query.where(refusals.c.id < before)
        return _page(await self._rows(query.limit(limit + 1)), limit, "id")

    async def notifications(self, limit: int, before: int | None = None) -> Page:
        """The newest notifications with an id below ``before``."""
        query = sa.select(notifications).order_by(notifications.c.id.desc())
        if before is not None:
            query = query.where(notifications.c.id < before)
        return _page(await self._rows(query.limit(limit + 1)), limit, "id")

    async def _rows(self, query: sa.Select[Any]) -> list[Row]:
        async with self._database.transaction() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]


def _jobs() -> sa.Select[Any]:
    """Without the ids that were selected, of which a request may name many: only whether any are."""
    shown = [column for column in jobs.c if column.name != "selected"]
    return sa.select(*shown, (jobs.c.selected != "[]").label("selected")).order_by(jobs.c.id.desc())


def _conditions(wanted: JobFilter) -> Iterable[sa.ColumnElement[bool]]:
    for column, value in (("integration", wanted.integration), ("state", wanted.state), ("alert", wanted.alert)):
        if value is not None:
            yield jobs.c[column] == value
    if wanted.category is not None:
        # As the JSON of the pairs begins one; neither category nor type holds a quotation mark.
        yield jobs.c.errors.contains(f"[{json.dumps(wanted.category)}, ", autoescape=True)


def _countable(rows: Sequence[Row]) -> list[Row]:
    """The first of them whose records can be counted at one go; one in any case."""
    chosen: list[Row] = []
    records = 0
    for row in rows:
        records += row["planned_records"] or 0
        if chosen and records > MOST_COUNTED:
            break
        chosen.append(row)
    return chosen


async def _count(connection: Transaction, rows: Sequence[Row]) -> None:
    by_job = await tallies(connection, [row["id"] for row in rows])
    for row in rows:
        tally = by_job.get(row["id"], Tally())
        will_be_looked_at = row["state"] not in ENDED or row["look_at"] is not None
        row["selected"] = bool(row["selected"])
        row["records"] = tally.records
        row["proof"] = tally.proof | {"waiting": tally.unproved if will_be_looked_at else 0}
        row["failed_for"] = tally.failed_for


def _page(rows: list[Row], limit: int, key: str) -> Page:
    """Of one row more than there are to be on the page."""
    return Page(rows[:limit], rows[limit - 1][key] if len(rows) > limit else None)
