"""Exported errors in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from exporter.exports.loading import Export, Labelled, Origin, TypeCount
from exporter.model import SyncError
from exporter.store.database import Database
from exporter.store.exports import KEPT_FOR, KEPT_LONGEST, LEFT_AFTER, ExportStore
from exporter.store.tables import exported_errors, exports
from tests.store.shelf import opened

OLD = Origin("acme", "picklists.csv", "1-2", 100.0)
NEW = replace(OLD, as_of=200.0)


def error(number: int, error_type: str | None = "mismatched_options") -> Labelled:
    known = SyncError(
        f"e{number}",
        "picklists",
        error_type,
        f"contacts/{number}",
        *("contacts", str(number), "003A", 3, "2026-11-27T10:00:00Z", "what is wrong"),
    )
    return known, error_type or "unknown"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
def store(database: Database) -> ExportStore:
    return ExportStore(database)


async def begun(store: ExportStore, origin: Origin, *errors: Labelled, now: float = 1000.0) -> Export:
    """An export with these errors, which does not hold yet."""
    export_id = await store.begin(origin, "picklists", now)
    if errors:
        await store.add(export_id, 0, errors, now)
    return Export(export_id, "picklists", origin, {"mismatched_options": TypeCount(len(errors), None)}, len(errors), 0)


async def rows(database: Database) -> tuple[int, int]:
    """How many there are of both tables."""
    async with database.transaction() as connection:
        counted = [
            (await connection.execute(sa.select(sa.func.count()).select_from(one))).scalar_one() for one in TABLES
        ]
    return counted[0], counted[1]


TABLES = (exports, exported_errors)


async def test_nothing_holds_before_it_is_whole(store: ExportStore) -> None:
    """Then every error comes back as it was, page by page, of all types or of one."""
    export = await begun(store, OLD, error(1), error(2, None), error(3))
    assert await store.current("acme") == ()
    assert await store.hold(export, 1000.0)
    assert await store.current("acme") == (export,)
    assert await store.current("beta") == ()
    first = await store.page(export.id, None, 0, 2)
    assert [found for _number, found in first] == [error(1)[0], error(2, None)[0]]
    assert await store.page(export.id, None, first[-1][0], 2) == [(3, error(3)[0])]
    assert await store.page(export.id, "unknown", 0, 2) == [(2, error(2, None)[0])]


async def test_the_newest_of_a_category_holds(store: ExportStore) -> None:
    """One that is as old replaces it: it was read later."""
    new = await begun(store, NEW)
    assert await store.hold(new, 1000.0)
    assert not await store.hold(await begun(store, OLD), 1001.0)
    assert await store.current("acme") == (new,)
    again = await begun(store, NEW, error(1))
    assert await store.hold(again, 1002.0)
    assert await store.current("acme") == (again,)


async def test_what_does_not_hold_any_more_is_kept_for_who_is_listing_it(
    store: ExportStore, database: Database
) -> None:
    """For a while; what has never held is gone at once, and what was left behind as soon as nobody can be at it."""
    old = await begun(store, OLD, error(1))
    await store.hold(old, 1000.0)
    await store.hold(await begun(store, NEW, error(1), error(2)), 1000.0)
    dropped = await begun(store, NEW, error(1))
    await store.drop([dropped.id])
    await begun(store, NEW, error(1))
    await store.sweep(1000.0 + KEPT_FOR)
    assert await rows(database) == (3, 4)
    assert len(await store.page(old.id, None, 0, 10)) == 1
    await store.sweep(1001.0 + KEPT_FOR)
    assert await rows(database) == (2, 3)
    await store.sweep(1001.0 + LEFT_AFTER)
    assert await rows(database) == (1, 2)
    assert len(await store.current("acme")) == 1


async def test_records_of_customers_are_not_kept_for_ever(store: ExportStore, database: Database) -> None:
    """Not even if no newer export comes."""
    await store.hold(await begun(store, OLD, error(1)), 1000.0)
    await store.sweep(OLD.as_of + KEPT_LONGEST)
    assert await rows(database) == (1, 1)
    await store.sweep(OLD.as_of + KEPT_LONGEST + 1)
    assert await rows(database) == (0, 0)
