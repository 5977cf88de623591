"""What monitoring has cost each org in the rolling 24 hours: the ledger behind the hard cap."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exporter.store.database import Database
from exporter.store.tables import api_calls

WINDOW_MINUTES = 24 * 60


class CallStore:
    """Counts Salesforce calls by minute; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spend(self, integration: str, at_most: int, now: float, owed: Iterable[float] = ()) -> bool:
        """Counts one call, unless that would make more than ``at_most`` in any 24 hours. ``owed`` are the times of
        calls that were sent while the store was away; they are counted in any case.

        A minute that is only partly inside the window counts whole, so the cap errs on the careful side. Replicas that
        share the store share the cap.
        """
        minute = int(now // 60)
        async with self._database.transaction() as connection:
            await self._database.lock(connection, f"api_calls {integration}")
            for moment in owed:
                await self._count(connection, integration, int(moment // 60))
            if await _spent(connection, integration, minute) >= at_most:
                return False
            await self._count(connection, integration, minute)
            past = (api_calls.c.integration == integration, api_calls.c.minute < minute - WINDOW_MINUTES)
            await connection.execute(sa.delete(api_calls).where(*past))
        return True

    async def _count(self, connection: AsyncConnection, integration: str, minute: int) -> None:
        key = {"integration": integration, "minute": minute}
        await connection.execute(self._database.insert_once(api_calls).values(**key, calls=0))
        same = (api_calls.c.integration == integration, api_calls.c.minute == minute)
        await connection.execute(sa.update(api_calls).where(*same).values(calls=api_calls.c.calls + 1))

    async def spent(self, integration: str, now: float) -> int:
        """Calls counted in the last 24 hours."""
        async with self._database.transaction() as connection:
            return await _spent(connection, integration, int(now // 60))


async def _spent(connection: AsyncConnection, integration: str, minute: int) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(api_calls.c.calls), 0)).where(
        api_calls.c.integration == integration, api_calls.c.minute >= minute - WINDOW_MINUTES
    )
    return int((await connection.execute(query)).scalar_one())
