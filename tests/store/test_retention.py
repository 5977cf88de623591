"""How far the ledger goes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from exporter.store.batches import SUCCEEDED
from exporter.store.database import Database
from exporter.store.notifications import NotificationRow
from exporter.store.refusals import RefusalRow
from exporter.store.retention import forget_before
from exporter.store.tables import METADATA
from tests.store.shelf import Shelf, a_job_with, accepted, claimed, new_job, opened, recorded


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as opened_database:
        yield opened_database


async def rows(database: Database) -> dict[str, int]:
    """How many there are of each table that the ledger is made of."""
    names = ("jobs", "job_records", "batches", "refusals", "notifications")
    async with database.transaction() as connection:
        counts = [sa.select(sa.func.count()).select_from(METADATA.tables[name]) for name in names]
        return {name: (await connection.execute(count)).scalar_one() for name, count in zip(names, counts, strict=True)}


async def ended(store: Shelf, fingerprint: str, at: float) -> None:
    job = await a_job_with(store, "e1", "e2", fingerprint=fingerprint, now=at)
    await recorded(store, job, {"e1": (SUCCEEDED, "")}, at)
    await store.finish(job, "done", "", at)


async def test_what_is_older_is_forgotten_whole(database: Database) -> None:
    """Jobs by their end, with their records and batches; refusals and notifications by their time."""
    store = Shelf(database)
    for fingerprint, at in (("old", 100.0), ("new", 200.0)):
        await ended(store, fingerprint, at)
        notification = NotificationRow(at, "r", "g", 1, 0, 0, 1, 0, 0)
        await store.accept([], [RefusalRow(at, "acme", "Alert", "suspended", "")], at, notification)
    assert await forget_before(database, 200.0) == 1
    assert await rows(database) == {"jobs": 1, "job_records": 2, "batches": 1, "refusals": 1, "notifications": 1}
    assert (await store.listing(None, 10))["jobs"][0]["fingerprint"] == "new"
    assert await forget_before(database, 200.0) == 0


async def test_a_job_that_has_not_ended_is_kept(database: Database) -> None:
    """However old it is."""
    store = Shelf(database)
    await a_job_with(store, "e1")
    assert await forget_before(database, 1e9) == 0
    await accepted(store, new_job("waiting"))
    assert await forget_before(database, 1e9) == 0
    assert (await rows(database))["jobs"] == 2


async def test_many_are_forgotten_in_small_transactions(database: Database) -> None:
    """Nobody else waits for all of it."""
    store = Shelf(database)
    await accepted(store, *(new_job(str(number)) for number in range(450)))
    for _ in range(450):
        await store.finish(await claimed(store), "done", "", 100.0)
    assert await forget_before(database, 1e9) == 450
    assert (await rows(database))["jobs"] == 0
