"""The ledger of calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from exporter.store.tables import api_calls

NOW = 1_800_000_000.0
DAY = 86_400.0


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite:///{tmp_path / 'calls.db'}")
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> CallStore:
    return CallStore(database)


async def test_calls_are_counted_by_integration(store: CallStore) -> None:
    """Nothing is spent at first."""
    assert await store.spent("acme", NOW) == 0
    assert await store.spend("acme", 2, NOW)
    assert (await store.spent("acme", NOW), await store.spent("beta", NOW)) == (1, 0)


async def test_a_refused_call_is_not_counted(store: CallStore) -> None:
    """A cap of 0 allows none."""
    assert not await store.spend("acme", 0, NOW)
    assert await store.spend("acme", 1, NOW)
    assert not await store.spend("acme", 1, NOW)
    assert await store.spent("acme", NOW) == 1


async def test_a_call_counts_for_a_day(store: CallStore) -> None:
    """Never less than 24 hours, and at most two minutes more."""
    await store.spend("acme", 9, NOW + 59)
    assert await store.spent("acme", NOW + 59 + DAY) == 1
    assert await store.spent("acme", NOW + 59 + DAY + 120) == 0


async def test_a_clock_that_was_set_back(store: CallStore) -> None:
    """By an hour: what was spent in it counts on. By years: it does not count for years."""
    assert await store.spend("acme", 9, NOW)
    assert await store.spent("acme", NOW - 3600) == 1
    assert await store.spent("acme", NOW - 365 * DAY) == 0


async def test_the_ledger_stays_small(store: CallStore, database: Database) -> None:
    """Minutes that no longer count are forgotten with the next call."""
    for day in range(5):
        await store.spend("acme", 9, NOW + day * 2 * DAY)
    async with database.transaction() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(api_calls))).scalar_one() == 1


async def test_what_is_owed_is_counted_even_beyond_the_cap(store: CallStore) -> None:
    """Those calls were sent; the new one is refused."""
    assert not await store.spend("acme", 2, NOW, [NOW - 120, NOW - 60, NOW - 60])
    assert await store.spent("acme", NOW) == 3
