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

    async def put(self, report: Report) -> None:
        """Replaces the integration's report."""
        same = suspension_reports.c.integration == report.integration
        async with self._database.transaction() as connection:
            await connection.execute(sa.delete(suspension_reports).where(same))
            await connection.execute(
                sa.insert(suspension_reports).values(
                    integration=report.integration,
                    suspended=report.suspension.suspended,
                    reason=report.suspension.reason,
                    since=report.suspension.since,
                    reported_at=report.reported_at,
                )
            )

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
