"""A store that an older version filled, opened by this one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from exporter.store.job import Cue
from exporter.store.proofs import ProofStore
from exporter.store.tables import METADATA, jobs
from exporter.store.upgrade import NEWEST, bring_up_to_date
from tests.calls import calls_of
from tests.store.shelf import Shelf, claimed, opened
from tests.store.version_0001 import AGAIN, EXPECTED, fill, migrate, rows_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Filled by version 0001."""
    file = tmp_path / "jobs.db"
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        fill(connection)
    engine.dispose()
    return file


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Shelf]:
    async with opened(file.parent) as database:
        yield Shelf(database)


async def test_every_job_is_kept_and_its_start_is_a_moment(file: Path) -> None:
    """Three of the same alert in three spellings become repeats of each other; what is no time stays as it is."""
    async with opened(file.parent) as database:
        assert await rows_of(database) == EXPECTED


async def test_the_tables_are_as_new(file: Path) -> None:
    """Indexes and constraints included, and a second start finds nothing to do."""
    for _ in range(2):
        async with opened(file.parent) as database, database.transaction() as connection:
            assert await connection.run_sync(_differences) == []


async def test_a_new_store_is_what_the_migrations_make(tmp_path: Path) -> None:
    """A new one gets its tables without them: the statements are the same, and so is what Alembic takes it for."""
    migrated = tmp_path / "migrated"
    migrated.mkdir()
    engine = sa.create_engine(f"sqlite:///{migrated / 'jobs.db'}")
    with engine.begin() as connection:
        migrate(connection, "head")
    engine.dispose()
    for folder in (tmp_path, migrated):
        async with opened(folder) as database, database.transaction() as connection:
            assert await connection.run_sync(_differences) == []
            assert await connection.run_sync(_mark) == [NEWEST]


async def test_a_store_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    """A second start waits for nobody who migrates."""
    with calls_of("exporter.store.upgrade.bring_up_to_date") as calls:
        async with opened(tmp_path):
            assert len(calls) == 1
        async with opened(tmp_path):
            assert len(calls) == 1


def test_who_waited_for_another_to_migrate_has_nothing_to_do(file: Path) -> None:
    """Replicas of a new version start together."""
    engine = sa.create_engine(f"sqlite:///{file}")
    for begins in (True, False):
        with calls_of("alembic.command.upgrade") as calls, engine.begin() as connection:
            bring_up_to_date(connection)
        assert bool(calls) == begins
    engine.dispose()


def _mark(connection: sa.Connection) -> list[str]:
    """What Alembic believes the store to be."""
    return list(MigrationContext.configure(connection).get_current_heads())


def _differences(connection: sa.Connection) -> object:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return compare_metadata(context, METADATA)


async def test_an_alert_taken_before_the_update_is_recognised_after_it(store: Shelf) -> None:
    """Alertmanager repeats it: the same alert, not a new one; and once it is due, its next repeat."""
    assert await store.known([Cue(AGAIN.occurrence, "bridge", None)], 1e9)
    assert await store.known([Cue(AGAIN.occurrence, "bridge", 300.0)], 399.0)
    assert await store.accept([AGAIN], (), 1e9) == ()
    assert len(await store.accept([replace(AGAIN, repeat_after=300.0)], (), 1e9)) == 1
    assert (await store.listing(None, 1))["jobs"][0]["repetition"] == 3


async def test_a_job_that_had_not_ended_goes_on(store: Shelf) -> None:
    """With what it was to do; records of the ended ones keep their outcome."""
    job = await claimed(store, 200.0)
    assert (job.id, job.errors) == (8, frozenset({("other", "unknown")}))
    assert [row["records"]["succeeded"] for row in (await store.listing(None, 10))["jobs"]] == [1] * 8


async def test_what_was_resynced_before_the_update_was_an_attempt(file: Path) -> None:
    """It counts towards the maximum of a day, and its cooldown holds; nobody looks for a proof of it."""
    async with opened(file.parent) as database:
        store = Shelf(database)
        attempts = await store.attempts(0, "acme", ["contacts/101"], 200.0)
        assert attempts["contacts/101"].last_at == 101.0
        assert attempts["contacts/101"].count == len(EXPECTED)
        assert await ProofStore(database).next_look(1e12, 60.0) is None


OLD_INSERT = (
    "INSERT INTO jobs (integration, alert, fingerprint, starts_at, status, action, errors, cooldown, max_attempts, "
    "state, listed, failures, refused_for, created_at, not_before, lease_until, message) VALUES ('acme', 'A', 'f', "
    "'2026-12-01T10:00:00Z', 'firing', 'bridge', '[]', 1, 1, 'queued', 0, 0, '', 1, 1, 0, '') ON CONFLICT DO NOTHING"
)
"""As a replica of the version before does it, which knows nothing of repeats."""


async def test_a_replica_of_the_version_before_goes_on_meanwhile(file: Path, store: Shelf) -> None:
    """During an update both write to the same store: it still makes one job of one notification."""
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        for _ in range(2):
            connection.execute(OLD_INSERT)
    assert len((await store.listing(None, 100))["jobs"]) == len(EXPECTED) + 1


async def test_a_job_that_waits_still_is_the_job_of_its_alert(file: Path) -> None:
    """The oldest of the three of one alert has not ended: the next repeat is told to be its duplicate."""
    async with opened(file.parent) as database:
        async with database.transaction() as connection:
            await connection.execute(sa.update(jobs).where(jobs.c.id == 1).values(state="queued"))
        store = Shelf(database)
        assert await store.known([Cue(AGAIN.occurrence, "bridge", 300.0)], 1e9)
        assert await store.accept([replace(AGAIN, repeat_after=300.0)], (), 1e9) == ()
