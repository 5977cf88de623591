"""Opens the store: SQLite by default, PostgreSQL when several replicas share it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from exporter.config.secret import UNREADABLE, Secret, why_unreadable
from exporter.errors import StoreError
from exporter.store.group_commit import GroupCommit, Work
from exporter.store.upgrade import bring_up_to_date

IDLE_SECONDS = 3
"""A transaction in PostgreSQL may wait so long for the next statement of its process."""

_DRIVERS = {"sqlite://": "sqlite+aiosqlite://", "postgresql://": "postgresql+psycopg://"}


T = TypeVar("T")

POSTGRESQL_NOW = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)
"""The one clock that replicas share, in seconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows a statement changed, and the first it gave back."""

    rows: int
    first: Any


class Database:
    """A migrated database. Every access is one transaction; whatever goes wrong in it is a ``StoreError``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite has one writer: who is in the middle of a transaction keeps the others waiting here.
        self._turn = asyncio.Lock()
        # The same pool of connections, without BEGIN and COMMIT around what is sent.
        self._plain = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._group_commit = GroupCommit(_sqlite_engine(engine.url), self._turn) if self.single_process else None

    @property
    def single_process(self) -> bool:
        """SQLite belongs to one process: whatever an earlier one had begun, nobody else is working on."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Commits at the end, rolls back on any error."""
        with _as_store_errors():
            if not self.single_process:
                async with self._engine.begin() as connection:
                    yield connection
            else:
                async with self._turn, self._engine.begin() as connection:
                    yield connection

    async def run(self, work: Work[T]) -> T:
        """What ``work`` returned, once it is committed: for what is done so often that commits are worth sharing.

        PostgreSQL shares them by itself, between all its clients.
        """
        if self._group_commit is None:
            async with self.transaction() as connection:
                return await connection.run_sync(work)
        with _as_store_errors():
            return await self._group_commit.run(work)

    async def alone(self, statement: sa.Executable, parameters: Mapping[str, Any]) -> Done:
        """What one statement did that is a transaction by itself. On PostgreSQL it is sent in one piece, so a process
        that stands still in the middle holds no lock that others wait for."""
        if self._group_commit is not None:
            return await self.run(lambda connection: _done(connection, statement, parameters))
        with _as_store_errors():
            async with self._plain.connect() as connection:
                return await connection.run_sync(_done, statement, parameters)

    def insert_once(self, table: sa.Table) -> Any:
        """An INSERT that leaves an existing row alone; its ``rowcount`` says whether it made one."""
        dialect = sqlite if self.single_process else postgresql
        # Without this SQLAlchemy asks no PostgreSQL driver for the row count of an INSERT and says -1.
        return dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def lock(self, connection: Connection, name: str) -> None:
        """Keeps other replicas out of the same transaction until this one ends; SQLite has only one writer anyway."""
        if not self.single_process:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))

    async def close(self) -> None:
        if self._group_commit is not None:
            await self._group_commit.close()
        await self._engine.dispose()


def _done(connection: Connection, statement: sa.Executable, parameters: Mapping[str, Any]) -> Done:
    result = connection.execute(statement, parameters)
    return Done(result.rowcount, result.first() if result.returns_rows else None)


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"store: {type(error).__name__}: {_first_line(error)}") from error


async def open_database(url: str, password: Secret | None = None) -> Database:
    """Connects and migrates to the newest tables; raises ``StoreError``. The password is read for every connection."""
    scheme = next(scheme for scheme in _DRIVERS if url.startswith(scheme))
    engine = _engine(url.replace(scheme, _DRIVERS[scheme], 1), password)
    database = Database(engine)
    shown = sa.make_url(url).render_as_string(hide_password=True)
    try:
        if database.single_process:
            await asyncio.to_thread(_try_file, engine.url.database or "")
        async with database.transaction() as connection:
            await connection.run_sync(bring_up_to_date)
    except StoreError as error:
        await database.close()
        raise StoreError(f"{error} ({shown})") from error
    return database


def _try_file(path: str) -> None:
    """Raises ``StoreError`` if SQLite cannot use the file: aiosqlite, when it cannot connect, leaves a thread behind
    that complains about the closed event loop after our own message."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        raise StoreError(f"store: {type(error).__name__}: {_first_line(error)}") from error


def _engine(url: str, password: Secret | None) -> AsyncEngine:
    if not url.startswith("sqlite"):
        # A pooler such as PgBouncer may hand each transaction to another server, which knows no prepared statement.
        engine = create_async_engine(url, pool_pre_ping=True, connect_args={"prepare_threshold": None})
        if password is not None:
            sa.event.listen(engine.sync_engine, "do_connect", _password_of(password))
        sa.event.listen(engine.sync_engine, "begin", _end_when_idle)
        return engine
    # One connection: SQLite has one writer anyway, and a second one would only meet its lock.
    engine = create_async_engine(url, pool_size=1, max_overflow=0)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _end_when_idle(connection: Connection) -> None:
    """The server ends a transaction whose process stands still in the middle, with the locks that others wait for.

    Set by the transaction itself: PgBouncer lets no client state it when it connects.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")


def _password_of(secret: Secret) -> Callable[..., None]:
    def add(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        try:
            parameters["password"] = secret.read()
        except UNREADABLE as error:
            raise StoreError(f"store: cannot read the password ({why_unreadable(error)})") from None

    return add


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    """The same file for use in a thread, without a message to another thread for every step of a statement."""
    engine = sa.create_engine(url.set(drivername="sqlite"), pool_size=1, max_overflow=0)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: a job answered with 202 is on the disk, not only in the page cache.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0][:200] if str(cause) else ""
