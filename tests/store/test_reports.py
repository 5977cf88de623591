"""Reported suspensions in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.model import Suspension
from exporter.store.database import Database, open_database
from exporter.store.reports import Report, ReportStore

SUSPENDED = Report("acme", Suspension(True, "unknown_error", 5.25), 10.5)
CLEARED = Report("acme", Suspension(False, None, None), 20.0)
OTHER = Report("beta", Suspension(True, None, None), 30.0)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'reports.db'}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_database(url)
    yield opened
    await opened.close()


async def test_there_are_none_at_first(database: Database) -> None:
    """An empty store says nothing."""
    assert await ReportStore(database).all() == ()


async def test_the_newest_report_of_an_integration_replaces_the_older(database: Database) -> None:
    """Every field comes back as it was, what is unknown as unknown."""
    store = ReportStore(database)
    for report in (SUSPENDED, OTHER, CLEARED):
        await store.put(report)
    assert set(await store.all()) == {CLEARED, OTHER}


async def test_another_process_reads_it(database: Database, url: str) -> None:
    """It is on the disk once ``put`` has returned."""
    await ReportStore(database).put(SUSPENDED)
    other = await open_database(url)
    try:
        assert await ReportStore(other).all() == (SUSPENDED,)
    finally:
        await other.close()
