"""What is done to the times that lie ahead when the clock of the only process on a store was set back.

They were written by the clock as it was: by the clock as it is a pause of seconds would last as long as the step.
"""

from __future__ import annotations

import sqlalchemy as sa

from exporter.store.database import Database
from exporter.store.tables import job_records, jobs


async def bring_nearer(database: Database, seconds: float, now: float) -> None:
    """Everything that jobs wait for is as far from ``now`` as it was before the step of so many ``seconds``. Raises
    ``StoreError``."""
    moments = (jobs.c.not_before, jobs.c.lease_until, jobs.c.look_at, job_records.c.retry_at)

    def write(connection: sa.Connection) -> None:
        for moment in moments:
            connection.execute(sa.update(moment.table).where(moment > now).values({moment.name: moment - seconds}))

    await database.run(write)
