"""A PostgreSQL server for the tests of a file, and an empty database in it for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from exporter.store.database import Database, open_database
from tests.e2e.postgresql import Server, running_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Of one file alone: some stop it, or let it stand still."""
    with running_server() as running:
        yield running


@pytest.fixture
def url(server: Server) -> str:
    return server.new_database()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_database(url)
    yield opened
    await opened.close()
