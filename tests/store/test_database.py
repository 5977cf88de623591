"""Opening and migrating the store."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from exporter.errors import StoreError
from exporter.store.database import Database, open_database
from exporter.store.tables import METADATA, polls
from tests.store.shelf import usable
from tests.users import ordinary_user

ROW = {"integration": "acme", "source": "sync_health", "round": 1, "due_at": 5.5}


async def test_migrations_reach_the_tables(database: Database) -> None:
    """After them there is nothing left to do: tables, columns, types, indexes are those of ``tables.py``."""
    async with database.transaction() as connection:
        differences = await connection.run_sync(_differences)
    assert differences == []


async def test_migrations_reach_the_primary_keys(database: Database) -> None:
    """Which the comparison above does not look at."""
    async with database.transaction() as connection:
        keys = await connection.run_sync(_primary_keys)
    assert keys == {name: {column.name for column in table.primary_key} for name, table in METADATA.tables.items()}


def _differences(connection: sa.Connection) -> Any:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return compare_metadata(context, METADATA)


def _primary_keys(connection: sa.Connection) -> dict[str, set[str]]:
    inspector = sa.inspect(connection)
    return {name: set(inspector.get_pk_constraint(name)["constrained_columns"]) for name in METADATA.tables}


async def test_a_reopened_store_keeps_what_it_holds(file: Path) -> None:
    """Migrating again changes nothing."""
    for _ in range(3):
        database = await open_database(_url(file))
        async with database.transaction() as connection:
            await connection.execute(database.insert_once(polls).values(**ROW))
            rows = (await connection.execute(sa.select(polls.c.source, polls.c.due_at))).all()
        assert [tuple(row) for row in rows] == [("sync_health", 5.5)]
        await database.close()


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    """An error in the middle takes back what came before it, and is handed on as it is."""

    async def insert_and_fail() -> None:
        async with database.transaction() as connection:
            await connection.execute(polls.insert().values(**ROW))
            raise KeyError("bug")

    with pytest.raises(KeyError):
        await insert_and_fail()
    async with database.transaction() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(polls))).scalar_one() == 0


async def test_what_the_database_refuses_is_a_store_error(database: Database) -> None:
    """Of one line, and the store works on afterwards."""
    async with database.transaction() as connection:
        await connection.execute(polls.insert().values(**ROW))
    with pytest.raises(StoreError, match=r"^store: IntegrityError: UNIQUE constraint failed: [^\n]*$"):
        async with database.transaction() as connection:
            await connection.execute(polls.insert().values(**ROW))
    async with database.transaction() as connection:
        assert (await connection.execute(sa.select(polls.c.round))).scalar_one() == 1


async def test_an_insert_once_leaves_an_existing_row_alone(database: Database) -> None:
    """The second does nothing, and says so by its row count."""
    counts = []
    for due_at in (1.0, 2.0):
        async with database.transaction() as connection:
            row = {**ROW, "due_at": due_at}
            counts.append((await connection.execute(database.insert_once(polls).values(**row))).rowcount)
    async with database.transaction() as connection:
        assert (await connection.execute(sa.select(polls.c.due_at))).scalar_one() == 1.0
    assert counts == [1, 0]


async def test_transactions_take_turns(database: Database) -> None:
    """Twenty at the same time all succeed: SQLite has one writer, and nobody meets its lock."""

    async def add(number: int) -> None:
        async with database.transaction() as connection:
            await connection.execute(polls.insert().values(**{**ROW, "source": f"source-{number}"}))

    await asyncio.gather(*(add(number) for number in range(20)))
    async with database.transaction() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(polls))).scalar_one() == 20


async def test_what_was_answered_is_on_the_disk(database: Database) -> None:
    """A write-ahead log, synchronised at every commit."""
    async with database.transaction() as connection:
        assert (await connection.execute(sa.text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(sa.text("PRAGMA synchronous"))).scalar_one() == 2
    assert database.single_process


async def test_a_store_that_takes_writes_has_no_problem(database: Database, file: Path) -> None:
    """It was written to, to find that out, and nothing is changed by it."""
    with contextlib.closing(sqlite3.connect(file)) as store:
        before = "\n".join(store.iterdump())
        assert await database.problem() is None
        assert "\n".join(store.iterdump()) == before


async def test_a_file_that_another_program_locks(database: Database, file: Path) -> None:
    """It is waited for once, and only by who comes first: others are told at once until it is free again."""
    with contextlib.closing(sqlite3.connect(file)) as somebody:
        somebody.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        said = await asyncio.gather(*(_refused(database) for _ in range(20)))
        assert set(said) == {"store: OperationalError: database is locked"}
        assert time.monotonic() - began < 9
        began = time.monotonic()
        assert {await _refused(database), await database.problem()} == set(said)
        assert time.monotonic() - began < 1
        somebody.rollback()
    await usable(database)
    async with database.transaction() as connection:
        await connection.execute(polls.insert().values(**ROW))


async def _refused(database: Database) -> str:
    """What is said to somebody who wants to write."""
    with pytest.raises(StoreError) as caught:
        await database.run(lambda connection: connection.execute(polls.insert().values(**ROW)))
    return str(caught.value)


class TestStoresThatCannotBeOpened:
    async def test_a_newer_version_wrote_it(self, file: Path) -> None:
        """Its tables are not touched; the message names what is unknown and where."""
        await (await open_database(_url(file))).close()
        with contextlib.closing(sqlite3.connect(file)) as store:
            store.execute("UPDATE alembic_version SET version_num = '9999'")
            store.commit()
        with pytest.raises(StoreError, match=r"newer version \(its tables are 9999.*exporter\.db"):
            await open_database(_url(file))
        with contextlib.closing(sqlite3.connect(file)) as store:
            assert store.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]

    async def test_a_directory(self, tmp_path: Path) -> None:
        """Is no file."""
        with pytest.raises(StoreError, match=f"unable to open database file.*{tmp_path}"):
            await open_database(_url(tmp_path))

    async def test_a_directory_that_does_not_exist(self, tmp_path: Path) -> None:
        """Is not made."""
        with pytest.raises(StoreError, match=r"unable to open database file.*nowhere/exporter\.db"):
            await open_database(_url(tmp_path / "nowhere" / "exporter.db"))
        assert not (tmp_path / "nowhere").exists()

    async def test_an_unreadable_path(self, file: Path) -> None:
        """Permissions bind the exporter, which is not root."""
        file.touch(mode=0o600)
        with ordinary_user(), pytest.raises(StoreError, match=r"unable to open database file.*exporter\.db"):
            await open_database(_url(file))

    async def test_a_file_that_can_only_be_read(self) -> None:
        """It is said at the start, nothing is written, and what it holds is there once it can be."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            file = Path(folder, "exporter.db")
            database = await open_database(_url(file))
            async with database.transaction() as connection:
                await connection.execute(polls.insert().values(**ROW))
            await database.close()
            before = file.read_bytes()
            file.chmod(0o444)
            with ordinary_user(), pytest.raises(StoreError, match=rf"the file can only be read \({_url(file)}\)$"):
                await open_database(_url(file))
            assert file.read_bytes() == before
            file.chmod(0o666)
            with ordinary_user():
                database = await open_database(_url(file))
                async with database.transaction() as connection:
                    assert (await connection.execute(sa.select(polls.c.source))).scalar_one() == ROW["source"]
                assert await database.problem() is None
                await database.close()

    async def test_something_else(self, file: Path) -> None:
        """A file of another program stays as it is."""
        file.write_text("This is a letter. " * 100)
        with pytest.raises(StoreError, match=r"file is not a database.*exporter\.db"):
            await open_database(_url(file))
        assert file.read_text().startswith("This is a letter.")

    async def test_tables_of_somebody_else(self, file: Path) -> None:
        """A database in which our names are taken is not taken over."""
        with contextlib.closing(sqlite3.connect(file)) as store:
            store.execute("CREATE TABLE polls (question TEXT)")
            store.commit()
        with pytest.raises(
            StoreError, match=r"has a table polls and does not say of which version: .*begin with an empty one"
        ):
            await open_database(_url(file))

    async def test_a_server_that_is_not_there(self) -> None:
        """PostgreSQL refuses the connection: the message shows no password."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(StoreError, match="Connection refused") as caught:
                await open_database(f"postgresql://exporter:hunter2@127.0.0.1:{port}/exporter")
        assert "hunter2" not in str(caught.value)
        assert f"127.0.0.1:{port}/exporter" in str(caught.value)


def _url(file: Path) -> str:
    return f"sqlite:///{file}"


async def test_a_transaction_that_is_given_up_leaves_nothing_behind(database: Database) -> None:
    """Also in the middle of a statement, which is carried out to its end: then the next has its turn."""
    begun, go = threading.Event(), threading.Event()

    def write(connection: sa.Connection) -> None:
        connection.execute(polls.insert(), ROW)
        begun.set()
        assert go.wait(10)

    async def transaction() -> None:
        async with database.transaction() as connection:
            await connection.run_sync(write)

    giving_up = asyncio.create_task(transaction())
    assert await asyncio.to_thread(begun.wait, 10)
    giving_up.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    async with database.transaction() as connection:
        assert (await connection.execute(sa.select(polls))).all() == []
