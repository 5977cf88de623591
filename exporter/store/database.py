"""Opens the store: SQLite by default, PostgreSQL when several replicas share it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from exporter.config.secret import Secret
from exporter.errors import StoreError
from exporter.store import sqlite
from exporter.store.group_commit import GroupCommit, Work
from exporter.store.health import PATIENCE, Health, NoAnswer
from exporter.store.room import lacks_room, take_room
from exporter.store.transaction import Transaction
from exporter.store.turns import Turns
from exporter.store.upgrade import REMEDY, TOUCH, bring_up_to_date, is_up_to_date

if TYPE_CHECKING:
    from exporter.store.postgresql import Server

UPGRADE_PATIENCE = 300.0
"""The tables of a large store are changed in minutes, and another replica may be at it."""

T = TypeVar("T")

POSTGRESQL_NOW = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)
"""The one clock that replicas share, in seconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows a statement changed, and the first it gave back."""

    rows: int
    first: Any


class Database:
    """A migrated database. Every access is one transaction; whatever goes wrong in it is a ``StoreError``.

    None is waited for longer than it has ``patience``, and once one was in vain the others are not: see ``Health``.
    """

    def __init__(self, place: sqlite.File | Server) -> None:
        self._place = place
        self._health = Health(self._touch)
        self._lacks_room = False
        # SQLite has one writer: who is in the middle of a transaction keeps the others waiting here.
        self._turns = Turns(place.AT_ONCE, self._health.check)
        self._group_commit: GroupCommit | None = None
        if isinstance(place, sqlite.File) and self.single_process:
            self._group_commit = GroupCommit(place, self._turns)

    @property
    def single_process(self) -> bool:
        """SQLite belongs to one process: whatever an earlier one had begun, nobody else is working on."""
        return isinstance(self._place, sqlite.File)

    @asynccontextmanager
    async def transaction(self, patience: float = PATIENCE) -> AsyncIterator[Transaction]:
        """Commits at the end, rolls back on any error; more ``patience`` is for who writes very much."""
        with self._watched():
            self._health.check()
            async with self._turns.one(), self._place.begun(patience) as connection:
                yield connection

    async def run(self, work: Work[T], *, patient: bool = False) -> T:
        """What ``work`` returned, once it is committed: for what is done so often that commits are worth sharing. Who
        is ``patient`` waits some hundredths of a second for others to share one.

        PostgreSQL shares them by itself, between all its clients.
        """
        if self._group_commit is None:
            async with self.transaction() as connection:
                return await connection.run_sync(work)
        with self._watched():
            self._health.check()
            return await self._group_commit.run(work, patient=patient)

    async def alone(self, statement: sa.Executable, parameters: Mapping[str, Any], *, patient: bool = False) -> Done:
        """What one statement did that is a transaction by itself. On PostgreSQL it is sent in one piece, so a process
        that stands still in the middle holds no lock that others wait for."""
        if isinstance(self._place, sqlite.File):
            return await self.run(lambda connection: _done(connection, statement, parameters), patient=patient)
        with self._watched():
            self._health.check()
            async with self._turns.one(), self._place.plain(PATIENCE) as connection:
                return await connection.run_sync(_done, statement, parameters)

    async def problem(self) -> str | None:
        """Why the store cannot be used now, ``None`` if it can: looked at every few seconds at most."""
        return await self._health.problem()

    def insert_once(self, table: sa.Table) -> Any:
        """An INSERT that leaves an existing row alone; its ``rowcount`` says whether it made one."""
        # Without this SQLAlchemy asks no PostgreSQL driver for the row count of an INSERT and says -1.
        return self._place.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def now(self, told: float) -> sa.ColumnElement[float]:
        """This moment, as the times in the store are meant by which its users take turns: by the server's clock, as
        those of replicas differ; ``told`` by the one process that has a file."""
        return sa.literal(told) if self.single_process else POSTGRESQL_NOW

    def check_reserve(self, connection: Connection) -> None:
        """Within a ``Work`` that writes very much: raises ``StoreError`` where others need the room that is left. A
        server's disk cannot be seen from here, and it deletes also on a full one."""
        if isinstance(self._place, sqlite.File):
            self._place.check_reserve(connection)

    def lock(self, connection: Connection, name: str) -> None:
        """Keeps other replicas out of the same transaction until this one ends; SQLite has only one writer anyway."""
        if not self.single_process:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))

    async def is_up_to_date(self) -> bool:
        """Whether its tables are those of this version; changes nothing."""
        with _as_store_errors():
            if isinstance(self._place, sqlite.File):
                await asyncio.to_thread(sqlite.try_file, self._place.path)
            async with self._place.begun(PATIENCE) as connection:
                return await connection.run_sync(is_up_to_date)

    async def bring_up_to_date(self) -> None:
        """Before anything else: afterwards its tables are those of this version."""
        with _as_store_errors():
            if isinstance(self._place, sqlite.File):
                await asyncio.to_thread(sqlite.choose_journal, self._place.path)
            async with self._place.begun(PATIENCE) as connection:
                up_to_date = await connection.run_sync(is_up_to_date)
            if not up_to_date:
                async with self._place.begun(UPGRADE_PATIENCE) as connection:
                    await connection.run_sync(bring_up_to_date)
            if isinstance(self._place, sqlite.File):
                await self._place.remember()

    async def close(self) -> None:
        await self._health.close()
        if self._group_commit is not None:
            await self._group_commit.close()
        await self._place.close()

    async def _touch(self) -> None:
        with _as_store_errors():
            async with self._turns.one(unchecked=True):
                if isinstance(self._place, sqlite.File):
                    # In one go, so that nothing is locked while the event loop is busy.
                    await self._place.committed(lambda connection: connection.execute(TOUCH))
                    return
                async with self._place.begun(PATIENCE) as connection:
                    await connection.execute(TOUCH)
                    if self._lacks_room:
                        await connection.run_sync(take_room)
                self._lacks_room = False

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with _as_store_errors():
                yield
        except StoreError as failure:
            self._lacks_room = self._lacks_room or lacks_room(_origin(failure.__cause__))
            self._health.failed(failure, hangs=_hangs(failure.__cause__))
            raise


def _done(connection: Connection, statement: sa.Executable, parameters: Mapping[str, Any]) -> Done:
    result = connection.execute(statement, parameters)
    return Done(result.rowcount, result.first() if result.returns_rows else None)


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, NoAnswer, OSError) as error:
        cause = _origin(error)
        kind = "" if isinstance(cause, NoAnswer) else f"{type(error).__name__}: "
        remedy = f": {REMEDY}" if sqlite.is_no_store(cause) else ""
        raise StoreError(f"store: {kind}{_first_line(cause)}{remedy}") from error


def _hangs(error: BaseException | None) -> bool:
    """Whether it took its time to fail, and would take it again."""
    cause = _origin(error)
    return isinstance(cause, NoAnswer) or sqlite.is_locked(cause)


def _origin(error: BaseException | None) -> Any:
    """What the driver raised."""
    return getattr(error, "orig", None) or error


async def open_database(url: str, password: Secret | None = None) -> Database:
    """Connects and migrates to the newest tables; raises ``StoreError``. The password is read for every connection."""
    database, _ = await _opened(url, password, Database.bring_up_to_date)
    return database


async def open_as_it_is(url: str, password: Secret | None = None) -> tuple[Database, bool]:
    """Connects to a store that is there, and says whether its tables are those of this version: if not it is not to be
    used. Nothing is changed. Raises ``StoreError``."""
    return await _opened(url, password, Database.is_up_to_date)


async def _opened(url: str, password: Secret | None, begin: Callable[[Database], Awaitable[T]]) -> tuple[Database, T]:
    where = sa.make_url(url)
    database = Database(sqlite.File(where)) if where.drivername == "sqlite" else _at_server(where, password)
    try:
        return database, await begin(database)
    except StoreError as error:
        await database.close()
        raise StoreError(f"{error} ({where.render_as_string(hide_password=True)})") from error


def _at_server(url: sa.URL, password: Secret | None) -> Database:
    # Most stores are a file; psycopg takes 9 MiB, and what SQLAlchemy has for asyncio 7.
    from exporter.store import postgresql  # noqa: PLC0415

    return Database(postgresql.Server(url, password))


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else ""
