"""The file of a store: on file systems that cannot share memory, and gone while it is in use."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from exporter.errors import StoreError
from exporter.store import sqlite
from exporter.store.database import Database, open_database
from exporter.store.health import NoAnswer
from exporter.store.tables import polls

ROW = {"integration": "acme", "source": "sync_health", "round": 1, "due_at": 5.5}


async def write(database: Database) -> None:
    await database.run(lambda connection: connection.execute(polls.insert().values(**ROW)))


async def count(database: Database) -> int:
    async with database.transaction() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(polls))).scalar_one())


def journal(file: Path) -> str:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


async def test_a_disk_that_hangs_is_given_up_and_does_the_rest_later(file: Path) -> None:
    """Who waits is told so; what was asked for is carried out in its turn once the disk is back."""
    disk = sqlite.File(sa.make_url(f"sqlite:///{file}"))
    back = threading.Event()
    with pytest.raises(NoAnswer, match=r"no answer within 0\.05 s"):
        await disk.in_thread(back.wait, 0.05)
    with pytest.raises(NoAnswer):
        await disk.in_thread(lambda: file.write_text("late"), 0.05)
    back.set()
    assert await disk.in_thread(file.read_text) == "late"
    await disk.close()


async def test_a_file_has_a_write_ahead_log(file: Path) -> None:
    """Nothing is said of it."""
    with structlog.testing.capture_logs() as said:
        await (await open_database(f"sqlite:///{file}")).close()
    assert (journal(file), said) == ("wal", [])


@pytest.mark.parametrize("had_one", [False, True], ids=["new", "from another disk"])
async def test_where_no_memory_can_be_shared_the_journal_is_another(file: Path, had_one: bool) -> None:
    """It is said, with what would be better; everything works, also with a file that had a log elsewhere."""
    if had_one:
        await (await open_database(f"sqlite:///{file}")).close()
        file.with_name("exporter.db-shm").unlink(missing_ok=True)
    # What SQLite shares memory by can be no file here.
    file.with_name("exporter.db-shm").mkdir()
    with structlog.testing.capture_logs() as said:
        database = await open_database(f"sqlite:///{file}")
        await write(database)
        assert await count(database) == 1
        assert await database.problem() is None
        await database.close()
    (line,) = said
    assert (line["log_level"], line["event"], line["file"]) == ("warning", "store has no write-ahead log", str(file))
    assert line["remedy"] == "a local disk, or PostgreSQL"
    assert journal(file) == "delete"


def foreign(file: Path) -> None:
    file.write_text("no database at all, but some text " * 100)


def damaged(file: Path) -> None:
    """From the second page on: the first says that it is a database, and which tables it has."""
    page = 4096
    content = file.read_bytes()
    file.write_bytes(content[:page] + b"\xff" * (len(content) - page))


def without_version(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()


@pytest.mark.parametrize("spoil", [foreign, damaged, without_version])
async def test_a_file_that_is_no_store_is_told_as_that(file: Path, spoil: Callable[[Path], None]) -> None:
    """With what to do, and nothing of journals and disks."""
    await (await open_database(f"sqlite:///{file}")).close()
    spoil(file)
    before = file.read_bytes()
    told = pytest.raises(StoreError, match="restore a copy of it, or begin with an empty one")
    with structlog.testing.capture_logs() as said, told:
        await open_database(f"sqlite:///{file}")
    assert said == []
    if spoil is foreign:
        assert file.read_bytes() == before


async def test_a_file_of_no_tables_becomes_a_store(file: Path) -> None:
    """Also one that knows of versions."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    database = await open_database(f"sqlite:///{file}")
    await write(database)
    await database.close()


async def test_a_file_that_is_gone_is_not_written_to(database: Database, file: Path) -> None:
    """Whoever writes is told, and who asks whether the store can be used; once it is back everything goes on."""
    with structlog.testing.capture_logs() as said:
        file.rename(file.with_name("elsewhere.db"))
        for use in (write, count, write):
            with pytest.raises(
                StoreError, match=r"exporter\.db is gone \(No such file or directory\): put it back, or"
            ):
                await use(database)
        assert "is gone" in (await database.problem() or "")
        file.with_name("elsewhere.db").rename(file)
        await write(database)
        assert await count(database) == 1
    assert [line["event"] for line in said if line["log_level"] == "error"] == ["store failed"]


async def test_a_file_in_its_place_is_another(database: Database, file: Path) -> None:
    """It is neither the one that is open nor written to."""
    with structlog.testing.capture_logs():
        for part in file.parent.glob("exporter.db*"):
            part.unlink()
        file.touch()
        with pytest.raises(StoreError, match="was replaced by another file"):
            await write(database)
        assert "was replaced" in (await database.problem() or "")
    assert file.stat().st_size == 0
