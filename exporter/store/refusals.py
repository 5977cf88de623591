"""What was not done, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.store.database import Database
from exporter.store.tables import refusals


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A refusal as it is listed."""

    at: float
    integration: str
    alert: str
    reason: str
    detail: str
    job_id: int | None = None


class RefusalStore:
    """Writes ``refusals``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def refuse(self, row: RefusalRow) -> None:
        """Lists a refusal that came up while a job ran."""
        await self._database.run(lambda connection: insert_refusals(connection, [row]))


def insert_refusals(connection: Connection, rows: Sequence[RefusalRow]) -> None:
    """As a part of somebody's transaction."""
    if rows:
        connection.execute(sa.insert(refusals), [asdict(row) for row in rows])
