"""Up to when the pace of each HubSpot account is taken, by whichever replica."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from exporter.store.database import Database
from exporter.store.tables import hubspot_paces

LONGEST_AHEAD = 60.0
"""Seconds. A pace that is taken for longer than this is not believed: the server's clock was set back."""

FORGOTTEN_AFTER = 86_400.0

# The moment the statement came in, the same wherever it stands.
_NOW = sa.cast(sa.extract("epoch", sa.func.statement_timestamp()), sa.Double)
_SECONDS, _AFTER = sa.bindparam("seconds", type_=sa.Double), sa.bindparam("after", type_=sa.Double)
_BEGINS = sa.func.least(sa.func.greatest(hubspot_paces.c.free_at, _NOW + _AFTER), _NOW + LONGEST_AHEAD)
_FORGET = sa.delete(hubspot_paces).where(hubspot_paces.c.free_at < _NOW - FORGOTTEN_AFTER)


@cache
def _reserve() -> sa.Executable:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415  of no use to who has another store

    return (
        postgresql.insert(hubspot_paces)
        .values(key=sa.bindparam("its_key"), free_at=_NOW + _AFTER + _SECONDS)
        .on_conflict_do_update(index_elements=["key"], set_={"free_at": _BEGINS + _SECONDS})
        .returning(hubspot_paces.c.free_at - _SECONDS - _NOW)
    )


class DurationStore:
    """Of replicas that share a PostgreSQL; one process needs none. Raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, key: str, seconds: float, after: float) -> float:
        """Takes so many seconds of the pace ``key``, none of which comes sooner than ``after`` seconds from now;
        returns in how many seconds they begin. The clock is the server's; what is told to a replica is a pause."""
        done = await self._database.alone(_reserve(), {"its_key": key, "seconds": seconds, "after": after})
        return max(0.0, float(done.first[0]))

    async def forget_old(self) -> None:
        """Takes away what nobody has asked for since a day, such as the pace of a token that was replaced."""
        await self._database.alone(_FORGET, {})


def shared_paces(database: Database) -> DurationStore | None:
    """``None`` where nobody shares the store."""
    return None if database.single_process else DurationStore(database)
