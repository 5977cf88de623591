"""SQLite, which belongs to one process."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

insert = dialect.insert

BUSY_MILLISECONDS = 5000
"""How long a statement waits for another process that has locked the file."""


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
    if os.access(path, os.R_OK, effective_ids=True) and not os.access(path, os.W_OK, effective_ids=True):
        # It would be opened all the same, and stay like this for this process when it can be written again.
        raise sqlite3.OperationalError("the file can only be read")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


def is_locked(error: BaseException | None) -> bool:
    """Whether another process kept the file to itself for all of the time that is waited for it."""
    # What is above the low byte says more than we want to know.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: a job answered with 202 is on the disk, not only in the page cache.
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
