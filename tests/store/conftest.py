"""The same store, opened once and twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.shelf import Shelf, opened


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with opened(tmp_path) as database:
        yield Shelf(database)


@pytest.fixture
async def other(tmp_path: Path, store: Shelf) -> AsyncIterator[Shelf]:
    """The same store, opened by somebody else."""
    async with opened(tmp_path) as database:
        yield Shelf(database)
