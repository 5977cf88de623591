"""What the remediation did, for people to read: the newest jobs and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exporter.store.batches import FAILED, PENDING, SENDING, SUCCEEDED
from exporter.store.database import Database
from exporter.store.tables import job_records, jobs, refusals

_OUTCOMES = (PENDING, SENDING, SUCCEEDED, FAILED)

MOST_REASONS = 5
"""Of a job, with the number of its records; every record has its own in the store."""


class ResyncHistory:
    """Reads ``jobs``, ``job_records`` and ``refusals``, changes nothing; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listing(self, integration: str | None, limit: int) -> dict[str, list[dict[str, Any]]]:
        """The newest jobs, with how many of their records stand where and why most of them failed, and the newest
        refusals."""
        async with self._database.transaction() as connection:
            newest = await _newest(connection, jobs, integration, limit)
            refused = await _newest(connection, refusals, integration, limit)
            ids = [row["id"] for row in newest]
            by_outcome = await _outcomes(connection, ids)
            failed_for = await _failures(connection, ids)
        for row in newest:
            row["records"] = {outcome: by_outcome.get((row["id"], outcome), 0) for outcome in _OUTCOMES}
            row["failed_for"] = dict(failed_for.get(row["id"], [])[:MOST_REASONS])
        return {"jobs": newest, "refusals": refused}


async def _newest(
    connection: AsyncConnection, table: sa.Table, integration: str | None, limit: int
) -> list[dict[str, Any]]:
    query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
    if integration is not None:
        query = query.where(table.c.integration == integration)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def _outcomes(connection: AsyncConnection, job_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    query = (
        sa.select(job_records.c.job_id, job_records.c.outcome, sa.func.count())
        .where(job_records.c.job_id.in_(job_ids))
        .group_by(job_records.c.job_id, job_records.c.outcome)
    )
    return {(job_id, outcome): count for job_id, outcome, count in await connection.execute(query)}


async def _failures(connection: AsyncConnection, job_ids: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    """By job why records failed, and how many each; the most frequent first."""
    count = sa.func.count()
    query = (
        sa.select(job_records.c.job_id, job_records.c.reason, count)
        .where(job_records.c.job_id.in_(job_ids), job_records.c.outcome == FAILED)
        .group_by(job_records.c.job_id, job_records.c.reason)
        .order_by(count.desc(), job_records.c.reason)
    )
    found: dict[int, list[tuple[str, int]]] = {}
    for job_id, reason, records in await connection.execute(query):
        found.setdefault(job_id, []).append((reason, records))
    return found
