"""How long the ledger goes back."""

from __future__ import annotations

import sqlalchemy as sa

from exporter.store.database import Database
from exporter.store.job import ENDED
from exporter.store.tables import batches, job_records, jobs, notifications, refusals

_CHUNK = 50
"""Jobs in one transaction: nobody waits long for it."""


async def forget_before(database: Database, moment: float) -> int:
    """Deletes jobs that ended before it, with all that belongs to them, and older refusals and notifications.

    Returns how many jobs those were; raises ``StoreError``.
    """
    old = (jobs.c.state.in_(ENDED), jobs.c.finished_at < moment)
    forgotten = 0
    while True:
        async with database.transaction() as connection:
            ids = (await connection.execute(sa.select(jobs.c.id).where(*old).limit(_CHUNK))).scalars().all()
            for table in (job_records, batches):
                await connection.execute(sa.delete(table).where(table.c.job_id.in_(ids)))
            await connection.execute(sa.delete(jobs).where(jobs.c.id.in_(ids)))
        forgotten += len(ids)
        if len(ids) < _CHUNK:
            break
    async with database.transaction() as connection:
        for table in (refusals, notifications):
            await connection.execute(sa.delete(table).where(table.c.at < moment))
    return forgotten
