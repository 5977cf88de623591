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


class ResyncHistory:
    """Reads ``jobs``, ``job_records`` and ``refusals``, changes nothing; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listing(self, integration: str | None, limit: int) -> dict[str, list[dict[str, Any]]]:
        """The newest jobs, with how many of their records stand where, and the newest refusals."""
        async with self._database.transaction() as connection:
            newest = await _newest(connection, jobs, integration, limit)
            refused = await _newest(connection, refusals, integration, limit)
            by_outcome = await _outcomes(connection, [row["id"] for row in newest])
        for row in newest:
            row["records"] = {outcome: by_outcome.get((row["id"], outcome), 0) for outcome in _OUTCOMES}
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
