"""SQLite, which belongs to one process: a thread of its own reads and writes the file, one transaction at a time.

SQLite ends every wait for somebody's lock itself. A disk that hangs, such as one that a snapshot is taken of, it cannot
call off, and nobody else can: the thread is waited for no longer then, and does what it was told when the disk is back.
So it may be done although its caller was told that it failed, as on a server beyond a network that was cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import sqlite as dialect

from exporter.errors import StoreError
from exporter.store.health import PATIENCE, NoAnswer

BUSY_MILLISECONDS = 5000
"""How long a statement waits for another process that has locked the file."""
RESERVE = 64 << 20
"""Bytes of the disk, of a small one a quarter, that are left to what must not be lost: a full one lets nobody even
delete, as SQLite writes that down before."""

_ROOM = ("freelist_count", "page_size")

log = structlog.get_logger(__name__)

T = TypeVar("T", bound=Any)
P = ParamSpec("P")


class File:
    """A store that is a file."""

    AT_ONCE = 1
    """So many transactions are good for it."""

    def __init__(self, url: sa.URL) -> None:
        self.path = url.database or ""
        # One connection: SQLite has one writer anyway, and a second one would only meet its lock.
        self._engine = sa.create_engine(url.set(drivername="sqlite"), pool_size=1, max_overflow=0)
        sa.event.listen(self._engine, "connect", _prepare)
        self._thread = ThreadPoolExecutor(1, "store")
        self._used = StoreFile(self.path)

    def insert(self, table: sa.Table) -> Any:
        return dialect.insert(table)

    async def in_thread(self, work: Callable[[], T], patience: float = PATIENCE) -> T:
        """What ``work`` returned; it is carried out to its end, also if nobody waits for it any more. Raises
        ``NoAnswer`` after so many seconds."""
        doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(doing)
        except TimeoutError:
            raise NoAnswer(f"no answer within {patience:g} s") from None

    async def committed(self, work: Callable[[sa.Connection], T]) -> T:
        """What ``work`` returned, and a commit, in one go."""
        return await self.in_thread(lambda: self._committed(work))

    def _committed(self, work: Callable[[sa.Connection], T]) -> T:
        with self.connected() as connection, connection.begin():
            return work(connection)

    def connected(self) -> sa.Connection:
        """In its thread: a network share may let us wait. Raises ``StoreError`` for a file that is gone."""
        self._used.check()  # a connection would make the file anew
        return self._engine.connect()

    def check_reserve(self, connection: sa.Connection) -> None:
        """In its thread: raises ``StoreError`` where there is no room for more than what must not be lost, neither on
        its disk nor in the file, which does not shrink."""
        disk = shutil.disk_usage(Path(self.path).parent)
        pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _ROOM)
        room, reserve = disk.free + pages * size, min(RESERVE, disk.total // 4)
        if room < reserve:
            raise StoreError(f"store: there is room for {room >> 20} MiB; the last {reserve >> 20} are kept for jobs")

    async def remember(self) -> None:
        """It is open now, and has to stay where it is."""
        await self.in_thread(self._used.remember)

    @contextlib.asynccontextmanager
    async def begun(self, patience: float) -> AsyncIterator[FileTransaction]:
        """Each of its steps may take so many seconds."""
        transaction = FileTransaction(self, patience)
        try:
            yield transaction
            await transaction.run_sync(sa.Connection.commit)
        finally:
            await self.in_thread(transaction.close)

    async def close(self) -> None:
        with suppress(NoAnswer):
            await self.in_thread(self._engine.dispose)
        self._thread.shutdown(wait=False)


class FileTransaction:
    """The ``Transaction`` of a file: each of its steps goes to the file's thread."""

    def __init__(self, file: File, patience: float) -> None:
        self._file = file
        self._patience = patience
        self._connection: sa.Connection | None = None

    async def execute(self, statement: sa.Executable, parameters: Any = None, /) -> sa.CursorResult[*tuple[Any, ...]]:
        return await self.run_sync(_executed, statement, parameters)

    async def run_sync(self, fn: Callable[Concatenate[sa.Connection, P], T], *arg: P.args, **kw: P.kwargs) -> T:
        return await self._file.in_thread(lambda: fn(self._opened(), *arg, **kw), self._patience)

    def close(self) -> None:
        """In the file's thread, as all that touches the connection. What is not committed is rolled back."""
        if self._connection is not None:
            self._connection.close()

    def _opened(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._file.connected()
        return self._connection


def _executed(
    connection: sa.Connection, statement: sa.Executable, parameters: Any
) -> sa.CursorResult[*tuple[Any, ...]]:
    result = connection.execute(statement, parameters)
    # Rows are read here rather than in the event loop: of them that is all that counts.
    return cast("sa.CursorResult[*tuple[Any, ...]]", result.freeze()()) if result.returns_rows else result


def try_file(path: str) -> None:
    """Raises ``sqlite3.Error`` if SQLite cannot use the file."""
    _refuse_read_only(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


def _refuse_read_only(path: str) -> None:
    if os.access(path, os.R_OK, effective_ids=True) and not os.access(path, os.W_OK, effective_ids=True):
        # It would be opened all the same, and stay like this for this process when it can be written again.
        raise sqlite3.OperationalError("the file can only be read")


def choose_journal(path: str) -> None:
    """The write-ahead log, or the rollback journal and a warning where the file system cannot do it: a network share or
    a folder of another operating system, of which no memory can be shared. Raises ``sqlite3.Error`` as ``try_file``."""
    _refuse_read_only(path)
    try:
        why = _journal_problem(path, "WAL")
    except sqlite3.Error as error:
        # It may have agreed to the log, and failed at the first use of it; locked is another matter.
        if is_locked(error):
            raise
        why = str(error)
        # Where the other fails as well, it is not the journal that is in the way.
        if _journal_problem(path, "DELETE") is not None:
            raise
    if why is not None:
        log.warning("store has no write-ahead log", file=path, why=why, remedy="a local disk, or PostgreSQL")


def _journal_problem(path: str, journal: str) -> str | None:
    """Makes it the journal of the file, and uses it; why it is another, ``None`` if it is this one."""
    with closing(sqlite3.connect(path, timeout=BUSY_MILLISECONDS / 1000)) as connection:
        if journal == "DELETE":
            # In this mode nothing is shared: a file that has a write-ahead log already can be opened all the same.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        (got,) = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    return None if got == journal.lower() else f"its journal is {got}"


class StoreFile:
    """The file that is in use. If it was deleted or replaced the process would go on writing into it, all in vain."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None

    def remember(self) -> None:
        """It is open now."""
        found = Path(self._path).stat()
        self._known = found.st_dev, found.st_ino

    def check(self) -> None:
        """Raises ``StoreError`` if it is not there any more."""
        if self._known is None:
            return
        try:
            found = Path(self._path).stat()
        except OSError as error:
            raise StoreError(f"store: {self._path} is gone ({error.strerror}): put it back, or restart") from error
        if (found.st_dev, found.st_ino) != self._known:
            raise StoreError(f"store: {self._path} was replaced by another file: put the first back, or restart")


def is_locked(error: BaseException | None) -> bool:
    """Whether another process kept the file to itself for all of the time that is waited for it."""
    # What is above the low byte says more than we want to know.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_no_store(error: BaseException) -> bool:
    """Whether the file is damaged, or none of SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: a job answered with 202 is on the disk, not only in the page cache.
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
