"""Who works on a job writes only while it is theirs: every write names the claim that the job is held by.

A process may be stopped for minutes, or cut off from the store, and another claims its job meanwhile. When it is back
its writes change nothing and say so.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.errors import LeaseLost
from exporter.store.job import RUNNING, Job
from exporter.store.tables import jobs


def hold(connection: Connection, job: Job, **values: Any) -> None:
    """As the first part of somebody's transaction: writes these values of the job, which stays locked until the end.

    Raises ``LeaseLost`` if the job is held by another claim, or by none any more.
    """
    mine = (jobs.c.id == job.id, jobs.c.claims == job.claim, jobs.c.state == RUNNING)
    update = sa.update(jobs).where(*mine).values(values or {"claims": job.claim})
    if connection.execute(update).rowcount != 1:
        raise LeaseLost(f"job {job.id} is held by another process now, or was ended by one")
