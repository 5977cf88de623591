"""What monitoring has cost each org in the rolling 24 hours: the ledger behind the hard cap."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from exporter.store.database import Database
from exporter.store.tables import api_calls

WINDOW_MINUTES = 24 * 60

# Built once: building a statement takes longer than carrying it out.
_ITS = api_calls.c.integration == sa.bindparam("its_integration")
_COUNT = (
    sa.update(api_calls)
    .where(_ITS, api_calls.c.minute == sa.bindparam("its_minute"))
    .values(calls=api_calls.c.calls + 1)
)
_SPENT = sa.select(sa.func.coalesce(sa.func.sum(api_calls.c.calls), 0)).where(
    _ITS, api_calls.c.minute.between(sa.bindparam("since"), sa.bindparam("until"))
)
_FORGET = sa.delete(api_calls).where(_ITS, ~api_calls.c.minute.between(sa.bindparam("since"), sa.bindparam("until")))


class CallStore:
    """Counts Salesforce calls by minute; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first = database.insert_once(api_calls)

    @property
    def shared(self) -> bool:
        """Whether other processes may spend the same."""
        return not self._database.single_process

    async def spend(self, integration: str, at_most: int, now: float, owed: Iterable[float] = ()) -> int:
        """Counts one call, and says how many are spent with it; 0, and it is not counted, if that would be more than
        ``at_most`` in any 24 hours. ``owed`` are the times of calls that were sent while the store was away; they
        are counted in any case.

        A minute that is only partly inside the window counts whole, so the cap errs on the careful side. Replicas that
        share the store share the cap.
        """
        minute = int(now // 60)

        def work(connection: sa.Connection) -> int:
            self._database.lock(connection, f"api_calls {integration}")
            for moment in owed:
                self._count(connection, integration, int(moment // 60))
            spent = _spent(connection, integration, minute)
            if spent >= at_most:
                return 0
            self._count(connection, integration, minute)
            connection.execute(_FORGET, _window(integration, minute))
            return spent + 1

        return await self._database.run(work, patient=True)

    def _count(self, connection: sa.Connection, integration: str, minute: int) -> None:
        connection.execute(self._first, {"integration": integration, "minute": minute, "calls": 0})
        connection.execute(_COUNT, {"its_integration": integration, "its_minute": minute})

    async def spent(self, integration: str, now: float) -> int:
        """Calls counted in the last 24 hours."""
        return await self._database.run(lambda connection: _spent(connection, integration, int(now // 60)))


def _spent(connection: sa.Connection, integration: str, minute: int) -> int:
    return int(connection.execute(_SPENT, _window(integration, minute)).scalar_one())


def _window(integration: str, minute: int) -> dict[str, str | int]:
    """A clock that was set back leaves calls that lie ahead: within a day of it they count, beyond it nobody knows when
    they were, and they would count for as long as the clock was wrong."""
    return {"its_integration": integration, "since": minute - WINDOW_MINUTES, "until": minute + WINDOW_MINUTES}
