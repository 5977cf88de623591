"""SQLite, which belongs to one process."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from exporter.errors import StoreError

insert = dialect.insert

BUSY_MILLISECONDS = 5000
"""How long a statement waits for another process that has locked the file."""

log = structlog.get_logger(__name__)


def engine_of(url: sa.URL) -> AsyncEngine:
    # One connection: SQLite has one writer anyway, and a second one would only meet its lock.
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), pool_size=1, max_overflow=0)
    sa.event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def threads_engine_of(url: sa.URL) -> sa.Engine:
    """The same file for use in a thread, without a message to another thread for every step of a statement."""
    engine = sa.create_engine(url.set(drivername="sqlite"), pool_size=1, max_overflow=0)
    sa.event.listen(engine, "connect", _prepare)
    return engine


def try_file(path: str) -> None:
    """Raises ``sqlite3.Error`` if SQLite cannot use the file: aiosqlite, when it cannot connect, leaves a thread behind
    that complains about the closed event loop after our own message."""
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
        with suppress(sqlite3.Error):
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


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: a job answered with 202 is on the disk, not only in the page cache.
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
