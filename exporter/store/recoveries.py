"""What was seen that ended a suspension: the newest of each integration."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from exporter.model import Recovery
from exporter.store.database import Database
from exporter.store.tables import recoveries


class RecoveryStore:
    """Reads and writes ``recoveries``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, integration: str, recovery: Recovery) -> None:
        """Replaces the integration's."""
        same = recoveries.c.integration == integration
        values = {
            "integration": integration,
            "first": recovery.first,
            "at": recovery.at,
            "detail": recovery.detail,
        }

        def work(connection: sa.Connection) -> None:
            # Two replicas see it at the same moment: one waits, rather than meet the other's new row.
            self._database.lock(connection, f"recoveries {integration}")
            connection.execute(sa.delete(recoveries).where(same))
            connection.execute(sa.insert(recoveries).values(values))

        await self._database.run(work)

    async def all(self) -> Mapping[str, Recovery]:
        """By integration."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(sa.select(recoveries))).mappings().all()
        return {row["integration"]: Recovery(row["first"], row["at"], row["detail"]) for row in rows}
