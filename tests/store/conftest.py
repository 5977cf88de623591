"""A store that is a file, and the same store opened once and twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.store.database import Database, open_database
from tests.store.shelf import Shelf, opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a store that is a file."""
    return tmp_path / "exporter.db"


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with opened(tmp_path) as database:
        yield Shelf(database)


@pytest.fixture
async def other(tmp_path: Path, store: Shelf) -> AsyncIterator[Shelf]:
    """The same store, opened by somebody else."""
    async with opened(tmp_path) as database:
        yield Shelf(database)
