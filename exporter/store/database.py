"""Opens the store: SQLite by default, PostgreSQL when several replicas share it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from exporter.errors import StoreError

_DRIVERS = {"sqlite://": "sqlite+aiosqlite://", "postgresql://": "postgresql+psycopg://"}


class Database:
    """A migrated database. Every access is one transaction; whatever goes wrong in it is a ``StoreError``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def single_process(self) -> bool:
        """SQLite belongs to one process: whatever an earlier one had begun, nobody else is working on."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Commits at the end, rolls back on any error."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"store: {type(error).__name__}: {_first_line(error)}") from error

    def insert_once(self, table: sa.Table) -> Any:
        """An INSERT that leaves an existing row alone."""
        dialect = sqlite if self.single_process else postgresql
        return dialect.insert(table).on_conflict_do_nothing()

    async def close(self) -> None:
        await self._engine.dispose()


async def open_database(url: str) -> Database:
    """Connects and migrates to the newest tables; raises ``StoreError``."""
    scheme = next(scheme for scheme in _DRIVERS if url.startswith(scheme))
    engine = _engine(url.replace(scheme, _DRIVERS[scheme], 1))
    database = Database(engine)
    try:
        async with database.transaction() as connection:
            await connection.run_sync(_migrate)
    except CommandError as error:
        await database.close()
        raise StoreError(f"store: written by a newer version? {error}") from error
    except StoreError:
        await database.close()
        raise
    return database


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    # One connection: SQLite has one writer anyway, and a second one would only meet its lock.
    engine = create_async_engine(url, pool_size=1, max_overflow=0)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: a job answered with 202 is on the disk, not only in the page cache.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(resources.files("exporter.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0][:200] if str(cause) else ""
