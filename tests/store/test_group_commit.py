"""Works of many callers in one commit of SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import sqlalchemy as sa

from exporter.errors import StoreError
from exporter.store.database import Database, open_database
from exporter.store.group_commit import ENOUGH, GroupCommit, Work
from exporter.store.sqlite import File
from exporter.store.tables import polls
from exporter.store.turns import Turns
from tests.store.shelf import usable


def insert(source: str) -> Work[str]:
    """Writes a row and returns its name."""

    def work(connection: sa.Connection) -> str:
        connection.execute(polls.insert(), {"integration": "acme", "source": source, "round": 1, "due_at": 5.0})
        return source

    return work


def on_disk(file: Path) -> set[str]:
    """What another process would find."""
    with contextlib.closing(sqlite3.connect(file)) as store:
        return {source for (source,) in store.execute("SELECT source FROM polls")}


class Hold:
    """A work that keeps its transaction open until it is let go, so that others come in the meantime."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, _connection: sa.Connection) -> None:
        self.begun.set()
        assert self.go.wait(10)


@contextlib.asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """While a transaction is under way; it ends with the block."""
    hold = Hold()
    holding = asyncio.create_task(database.run(hold))
    assert await asyncio.to_thread(hold.begun.wait, 10)
    try:
        yield
    finally:
        hold.go.set()
        await holding


async def test_a_work_is_on_disk_when_its_caller_goes_on(database: Database, file: Path) -> None:
    """Not a moment later, and with what it returned."""
    for number in range(5):
        assert await database.run(insert(f"source-{number}")) == f"source-{number}"
        assert f"source-{number}" in on_disk(file)


async def test_works_that_wait_share_a_commit(database: Database, file: Path) -> None:
    """A hundred that come during a commit: the last of them sees the others' rows not yet committed."""
    seen: list[tuple[int, int]] = []

    def look(connection: sa.Connection) -> None:
        mine = connection.execute(sa.select(sa.func.count()).select_from(polls)).scalar_one()
        seen.append((mine, len(on_disk(file))))

    async with held(database):
        waiting = [asyncio.create_task(database.run(insert(f"source-{number}"))) for number in range(100)]
        looking = asyncio.create_task(database.run(look))
        await asyncio.sleep(0)
    assert await asyncio.gather(*waiting) == [f"source-{number}" for number in range(100)]
    await looking
    assert seen == [(100, 0)]
    assert len(on_disk(file)) == 100


async def test_one_that_fails_spoils_nobody_elses_work(database: Database, file: Path) -> None:
    """It alone gets its error, and nothing of it stays; those before and after it are committed."""

    def fail(connection: sa.Connection) -> None:
        insert("half")(connection)
        insert("half")(connection)

    def bug(_connection: sa.Connection) -> None:
        raise KeyError("bug")

    async with held(database):
        works: list[Work[object]] = [insert("before"), fail, insert("between"), bug, insert("after")]
        waiting = [asyncio.create_task(database.run(work)) for work in works]
        await asyncio.sleep(0)
    before, failed, between, broken, after = await asyncio.gather(*waiting, return_exceptions=True)
    assert (before, between, after) == ("before", "between", "after")
    assert isinstance(failed, StoreError)
    assert str(failed).startswith("store: IntegrityError: UNIQUE constraint failed")
    assert isinstance(broken, KeyError)
    assert on_disk(file) == {"before", "between", "after"}


async def test_a_store_that_is_away_is_tried_once_for_all(database: Database, file: Path) -> None:
    """Each would wait for the lock in vain, one after the other; all are told, those too who come while it is still
    locked, and the store works on afterwards."""
    tries: list[str] = []

    def noted(source: str) -> Work[str]:
        def work(connection: sa.Connection) -> str:
            tries.append(source)
            connection.execute(sa.text("PRAGMA busy_timeout=1"))
            return insert(source)(connection)

        return work

    async with held(database):
        waiting = [asyncio.create_task(database.run(noted(f"source-{number}"))) for number in range(20)]
        await asyncio.sleep(0)
        other = sqlite3.connect(file)
        other.execute("BEGIN IMMEDIATE")
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    errors += await asyncio.gather(database.run(noted("source-20")), return_exceptions=True)
    other.rollback()
    other.close()
    assert {str(error) for error in errors} == {"store: OperationalError: database is locked"}
    assert all(isinstance(error, StoreError) for error in errors)
    assert tries == ["source-0"]
    await usable(database)
    assert await database.run(insert("later")) == "later"


async def test_who_gives_up_waiting_is_left_out(database: Database, file: Path) -> None:
    """Its work had not begun; the others' are done."""
    async with held(database):
        giving_up, staying = (asyncio.create_task(database.run(insert(name))) for name in ("giving up", "staying"))
        await asyncio.sleep(0)
        giving_up.cancel()
    assert await staying == "staying"
    assert giving_up.cancelled()
    assert on_disk(file) == {"staying"}


async def test_a_work_and_a_transaction_take_turns(database: Database) -> None:
    """Neither meets the other's lock, whichever came first."""

    async def transact(number: int) -> None:
        async with database.transaction() as connection:
            await connection.execute(sa.select(polls))
            await connection.run_sync(insert(f"transaction-{number}"))

    async with asyncio.timeout(20):
        await asyncio.gather(
            *(transact(number) for number in range(20)),
            *(database.run(insert(f"work-{number}")) for number in range(20)),
        )
    count = sa.select(sa.func.count()).select_from(polls)
    assert await database.run(lambda connection: connection.execute(count).scalar_one()) == 40


async def test_closing_waits_for_what_was_asked_for(file: Path) -> None:
    """A row that was handed over before is there when the store is opened again."""
    database = await open_database(f"sqlite:///{file}")
    writing = asyncio.create_task(database.run(insert("last")))
    await asyncio.sleep(0)
    await database.close()
    assert await writing == "last"
    assert on_disk(file) == {"last"}


@contextlib.asynccontextmanager
async def gathering(file: Path) -> AsyncIterator[GroupCommit]:
    """One that waits for as long as it takes, whose last batch was shared."""
    turns = Turns(1, lambda: None)
    commits = GroupCommit(File(sa.make_url(f"sqlite:///{file}")), turns, gather=60.0)
    async with turns.one():
        works = [asyncio.create_task(commits.run(insert(f"shared-{number}"), patient=True)) for number in range(2)]
        await asyncio.sleep(0)
    await asyncio.gather(*works)
    yield commits
    await commits.close()


async def test_who_is_patient_waits_for_others_once_commits_are_shared(database: Database, file: Path) -> None:
    """Until there are enough of them."""
    async with gathering(file) as commits, asyncio.timeout(20):
        first = asyncio.create_task(commits.run(insert("first"), patient=True))
        await database.run(insert("somebody else's"))
        assert not first.done()
        assert "first" not in on_disk(file)
        await asyncio.gather(*(commits.run(insert(f"{number}"), patient=True) for number in range(ENOUGH - 1)))
        assert first.done()


async def test_who_is_not_patient_takes_the_others_along(database: Database, file: Path) -> None:
    """In one transaction, at once."""
    seen: list[set[str]] = []
    async with gathering(file) as commits, asyncio.timeout(20):
        patient = asyncio.create_task(commits.run(insert("patient"), patient=True))
        await database.run(insert("somebody else's"))
        await commits.run(lambda _connection: seen.append(on_disk(file)))
        await patient
    assert "patient" not in seen[0]
    assert "patient" in on_disk(file)


async def test_who_is_alone_waits_for_nobody(database: Database, file: Path) -> None:
    """However patient it is."""
    commits = GroupCommit(File(sa.make_url(f"sqlite:///{file}")), Turns(1, lambda: None), gather=60.0)
    async with asyncio.timeout(20):
        for number in range(3):
            await commits.run(insert(f"{number}"), patient=True)
    await commits.close()
    assert len(on_disk(file)) == 3
