"""Suspensions and clearances that people or hooks have reported: the newest of each integration."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from exporter.model import Suspension
from exporter.store.database import Database
from exporter.store.tables import suspension_reports


@dataclass(frozen=True, slots=True)
class Report:
    """Who said it does not matter; when does: the newest statement of any source wins."""

    integration: str
    suspension: Suspension
    reported_at: float


class ReportStore:
    """Reads and writes ``suspension_reports``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether other processes may write to it."""
        return not self._database.single_process

    async def put(self, report: Report) -> None:
        """Replaces the integration's report."""
        same = suspension_reports.c.integration == report.integration
        values = {
            "integration": report.integration,
            "suspended": report.suspension.suspended,
            "reason": report.suspension.reason,
            "since": report.suspension.since,
            "reported_at": report.reported_at,
        }

        def work(connection: sa.Connection) -> None:
            # Of two replicas that are told at the same moment one waits, rather than meet the other's new row.
            self._database.lock(connection, f"suspension_reports {report.integration}")
            connection.execute(sa.delete(suspension_reports).where(same))
            connection.execute(sa.insert(suspension_reports).values(values))

        await self._database.run(work)

    async def all(self) -> tuple[Report, ...]:
        async with self._database.transaction() as connection:
            rows = (await connection.execute(sa.select(suspension_reports))).mappings().all()
        return tuple(
            Report(
                row["integration"],
                Suspension(row["suspended"], row["reason"], row["since"]),
                row["reported_at"],
            )
            for row in rows
        )
