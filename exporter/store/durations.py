"""How long requests took, to tell beforehand how long others will."""

from __future__ import annotations

import sqlalchemy as sa

from exporter.store.database import Database
from exporter.store.tables import batches, jobs

_LAST = 100


class DurationStore:
    """Reads ``batches``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def batch_seconds(self, integration: str, action: str) -> float | None:
        """What the last requests of an integration by this action took on average; ``None`` before the first."""
        took = (
            sa.select((batches.c.ended_at - batches.c.sent_at).label("seconds"))
            .join(jobs, jobs.c.id == batches.c.job_id)
            .where(
                jobs.c.integration == integration,
                jobs.c.action == action,
                batches.c.ended_at.is_not(None),
                batches.c.fault == "",
            )
            .order_by(batches.c.job_id.desc(), batches.c.number.desc())
            .limit(_LAST)
            .subquery()
        )
        async with self._database.transaction() as connection:
            average = (await connection.execute(sa.select(sa.func.avg(took.c.seconds)))).scalar_one()
        return None if average is None else float(average)
