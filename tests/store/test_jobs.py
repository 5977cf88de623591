"""Jobs, their records and refusals in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporter.errors import StoreError
from exporter.remediation.choice import Attempts
from exporter.remediation.order import Order
from exporter.store.database import Database, open_database
from exporter.store.history import ResyncHistory
from exporter.store.jobs import FAILED, SUCCEEDED, Job, JobStore, NewJob, RefusalRow
from tests.remediation.payloads import alert, parsed

ORDER = Order(frozenset({("permissions", "salesforce_field_permissions"), ("other", "unknown")}), 60.0, 3)
LEASE = 120.0
EMPTY = {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0}


class Shelf(JobStore, ResyncHistory):
    """What was written can be read back."""


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    database = await open_database(f"sqlite:///{folder / 'jobs.db'}")
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with opened(tmp_path) as database:
        yield Shelf(database)


@pytest.fixture
async def other(tmp_path: Path, store: Shelf) -> AsyncIterator[Shelf]:
    """The same store, opened by somebody else."""
    async with opened(tmp_path) as database:
        yield Shelf(database)


def new_job(fingerprint: str = "f", integration: str = "acme", status: str = "resolved") -> NewJob:
    return NewJob(parsed(alert(integration=integration, fingerprint=fingerprint, status=status)), "bridge", ORDER)


async def accepted(store: Shelf, *jobs: NewJob, now: float = 100.0) -> int:
    return await store.accept(jobs or (new_job(),), (), now)


async def claimed(store: Shelf, now: float = 100.0) -> Job:
    job = await store.claim(now, LEASE)
    assert job is not None
    return job


async def a_job_with(store: Shelf, *error_ids: str, fingerprint: str = "f", now: float = 100.0) -> Job:
    """A claimed job whose records are those of the errors: error e1 is of record contacts/e1."""
    await accepted(store, new_job(fingerprint), now=now)
    job = await claimed(store, now)
    await store.list_records(job, [(error_id, f"contacts/{error_id}") for error_id in error_ids], now)
    return job


async def outcomes(store: Shelf, job: Job) -> dict[str, int]:
    listed = (await store.listing(None, 1000))["jobs"]
    counts: dict[str, int] = next(row["records"] for row in listed if row["id"] == job.id)
    return counts


# --- accepting


async def test_one_job_an_occurrence(store: Shelf) -> None:
    """Integration, fingerprint, start and status name an occurrence; a second job for it is not made."""
    assert await accepted(store, new_job(), new_job()) == 1
    assert await accepted(store) == 0
    assert await accepted(store, new_job(status="firing"), new_job("g"), new_job(integration="beta")) == 3


async def test_a_known_occurrence(store: Shelf) -> None:
    """Known from when it is stored, and still when its job has ended."""
    assert not await store.known(new_job().alert, "bridge")
    await accepted(store)
    await store.finish(await claimed(store), "done", "", 101.0)
    assert await store.known(new_job().alert, "bridge")
    assert not await store.known(new_job("g").alert, "bridge")
    assert not await store.known(new_job().alert, "touch")


async def test_jobs_and_refusals_are_stored_together_or_not_at_all(store: Shelf) -> None:
    """A refusal that cannot be written takes the jobs of its notification with it."""
    bad = RefusalRow(100.0, "acme", "Alert", None, "")  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        await store.accept([new_job()], [bad], 100.0)
    assert await store.listing(None, 10) == {"jobs": [], "refusals": []}


async def test_what_was_accepted_is_claimed_as_it_was(store: Shelf, other: Shelf) -> None:
    """The order comes back from the store whole."""
    await accepted(store)
    job = await claimed(other)
    assert job == Job(
        id=1,
        integration="acme",
        alert="HubSpotSalesforceFieldPermissionsMissing",
        action="bridge",
        order=ORDER,
        listed=False,
        failures=0,
        refused_for="",
        created_at=100.0,
    )


# --- claiming


async def test_the_oldest_job_first_and_one_an_integration(store: Shelf) -> None:
    """A second job of an integration waits for its first; that of another does not."""
    await accepted(store, new_job("a"), new_job("b"), new_job("c", integration="beta"))
    first, second = await claimed(store), await claimed(store)
    assert (first.id, second.id, second.integration) == (1, 3, "beta")
    assert await store.claim(100.0, LEASE) is None
    await store.finish(first, "done", "", 101.0)
    assert (await claimed(store)).id == 2


async def test_a_job_is_claimed_by_one_of_two(store: Shelf, other: Shelf) -> None:
    """Whoever comes second gets nothing."""
    await accepted(store)
    assert await store.claim(100.0, LEASE) is not None
    assert await other.claim(100.0, LEASE) is None


async def test_a_lease_runs_out(store: Shelf, other: Shelf) -> None:
    """A job whose process gave no sign of life is claimed by the next, and not a moment before."""
    await accepted(store)
    await claimed(store)
    assert await other.claim(100.0 + LEASE - 0.001, LEASE) is None
    assert await other.claim(100.0 + LEASE, LEASE) is not None


async def test_signs_of_life_keep_a_job(store: Shelf, other: Shelf) -> None:
    """Renewing and recording both move the lease."""
    job = await a_job_with(store, "e1")
    await store.renew(job, 300.0)
    assert await other.claim(299.0, LEASE) is None
    await store.record(job, {"e1": (SUCCEEDED, "")}, now=290.0, lease=LEASE)
    assert await other.claim(409.0, LEASE) is None
    assert await other.claim(410.0, LEASE) is not None


async def test_a_job_that_has_ended_is_not_renewed(store: Shelf) -> None:
    """A late sign of life brings nothing back."""
    await accepted(store, new_job("a"), new_job("b"))
    job = await claimed(store)
    await store.finish(job, "done", "", 101.0)
    await store.renew(job, 9999.0)
    assert (await claimed(store)).id == 2
    assert (await store.counts("acme"))[0] == {"done": 1, "running": 1}


async def test_a_postponed_job_waits(store: Shelf) -> None:
    """It comes back with what was noted on it, when its time has come; others of its integration may run before."""
    await accepted(store, new_job("a"), new_job("b"))
    job = await claimed(store)
    await store.postpone(job, not_before=200.0, failures=2, message="no answer", refused_for="suspended")
    between = await claimed(store)
    assert between.id == 2
    await store.finish(between, "done", "", 101.0)
    assert await store.claim(199.9, LEASE) is None
    again = await claimed(store, 200.0)
    assert (again.id, again.failures, again.refused_for) == (job.id, 2, "suspended")


async def test_an_ended_job_is_never_claimed(store: Shelf) -> None:
    """Neither done nor failed ones, however late."""
    await accepted(store, new_job("a"), new_job("b"))
    await store.finish(await claimed(store), "done", "", 101.0)
    await store.finish(await claimed(store), "failed", "given up", 101.0)
    assert await store.claim(1e12, LEASE) is None


async def test_a_restart_releases_what_was_running(store: Shelf, other: Shelf) -> None:
    """SQLite belongs to one process, so nobody else can be at it: no waiting for the lease."""
    await accepted(store)
    await claimed(store)
    await other.release()
    assert await other.claim(100.0, LEASE) is not None


class SharedDatabase(Database):
    """The same file, treated as one that several processes share."""

    @property
    def single_process(self) -> bool:
        return False


async def test_a_shared_store_is_not_released(tmp_path: Path, store: Shelf) -> None:
    """On a database that others may be using a running job is left to its lease."""
    await accepted(store)
    await claimed(store)
    async with opened(tmp_path) as database:
        await JobStore(SharedDatabase(database._engine)).release()
    assert await store.claim(100.0, LEASE) is None


# --- records


async def test_records_are_sent_in_batches(store: Shelf) -> None:
    """Each error id is handed out once; what was handed out and not recorded is in doubt."""
    job = await a_job_with(store, "e1", "e2", "e3")
    assert await store.pending(job) == 3
    assert await store.begin_batch(job, 2) == ("e1", "e2")
    assert set(await store.in_doubt(job)) == {"e1", "e2"}
    assert await store.begin_batch(job, 2) == ("e3",)
    assert await store.begin_batch(job, 2) == ()
    assert await outcomes(store, job) == EMPTY | {"sending": 3}


async def test_recorded_outcomes_stay(store: Shelf) -> None:
    """A record has the outcome and reason it was given; nothing is pending or in doubt then."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await store.begin_batch(job, 3)
    await store.record(job, {"e1": (SUCCEEDED, ""), "e2": (FAILED, "not_found")}, 101.0, LEASE)
    assert await store.in_doubt(job) == ("e3",)
    assert await store.pending(job) == 0
    assert await outcomes(store, job) == EMPTY | {"succeeded": 1, "failed": 1, "sending": 1}


async def test_outcomes_of_another_job_are_left_alone(store: Shelf) -> None:
    """Two jobs may list the same error."""
    first = await a_job_with(store, "e1", fingerprint="a")
    await store.finish(first, "done", "", 101.0)
    second = await a_job_with(store, "e1", fingerprint="b")
    await store.record(second, {"e1": (SUCCEEDED, "")}, 102.0, LEASE)
    assert await outcomes(store, first) == EMPTY | {"failed": 1}
    assert await outcomes(store, second) == EMPTY | {"succeeded": 1}


async def test_what_is_left_fails_with_its_job(store: Shelf) -> None:
    """Pending and doubtful records alike; the count of them is returned."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await store.begin_batch(job, 2)
    await store.record(job, {"e1": (SUCCEEDED, "")}, 101.0, LEASE)
    assert await store.finish(job, "failed", "given up", 102.0) == 2
    assert await outcomes(store, job) == EMPTY | {"succeeded": 1, "failed": 2}
    (row,) = (await store.listing(None, 1))["jobs"]
    assert (row["state"], row["message"], row["finished_at"]) == ("failed", "given up", 102.0)


async def test_a_list_is_stored_whole(store: Shelf) -> None:
    """An error listed twice leaves nothing behind, so that the job can list anew."""
    await accepted(store)
    job = await claimed(store)
    with pytest.raises(StoreError):
        await store.list_records(job, [("e1", "contacts/1"), ("e1", "contacts/1")], 100.0)
    await store.release()
    again = await claimed(store)
    assert (again.listed, await store.pending(again)) == (False, 0)


async def test_attempts_are_successes_of_the_last_day(store: Shelf) -> None:
    """Per record, over all jobs: how many, and when the last was."""
    for number, at in enumerate((1_000.0, 50_000.0, 90_000.0)):
        job = await a_job_with(store, "e1", "e2", fingerprint=f"f{number}", now=at)
        await store.record(job, {"e1": (SUCCEEDED, ""), "e2": (FAILED, "locked")}, at, LEASE)
        await store.finish(job, "done", "", at)
    records = ["contacts/e1", "contacts/e2", "contacts/e3"]
    assert await store.attempts("acme", records, 87_000.0) == {"contacts/e1": Attempts(3, 90_000.0)}
    assert await store.attempts("acme", records, 87_400.0) == {"contacts/e1": Attempts(2, 90_000.0)}
    assert await store.attempts("acme", ["contacts/e3"], 87_000.0) == {}
    assert await store.attempts("beta", records, 87_000.0) == {}


async def test_calls_since_a_moment(store: Shelf) -> None:
    """Successful records after it, of one integration."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await store.record(job, {"e1": (SUCCEEDED, "")}, 101.0, LEASE)
    await store.record(job, {"e2": (SUCCEEDED, ""), "e3": (FAILED, "locked")}, 105.0, LEASE)
    assert [await store.sent_since("acme", since) for since in (100.0, 101.0, 105.0)] == [2, 1, 0]
    assert await store.sent_since("beta", 0.0) == 0


# --- what is shown


async def test_counts_by_state(store: Shelf) -> None:
    """And when the oldest queued one came, if there is one."""
    assert await store.counts("acme") == ({}, None)
    await accepted(store, new_job("a"), now=100.0)
    await accepted(store, new_job("b"), new_job("c", integration="beta"), now=110.0)
    assert await store.counts("acme") == ({"queued": 2}, 100.0)
    job = await claimed(store, 120.0)
    assert await store.counts("acme") == ({"queued": 1, "running": 1}, 110.0)
    await store.finish(job, "done", "", 121.0)
    await claimed(store, 122.0)
    assert await store.counts("acme") == ({"running": 1, "done": 1}, None)


async def test_a_listing_is_the_newest_first(store: Shelf) -> None:
    """Of one integration if one is named; at most as many as asked for."""
    await accepted(store, new_job("a"), new_job("b"), new_job("c", integration="beta"))
    for number in range(3):
        await store.refuse(RefusalRow(100.0 + number, "acme", "Alert", "suspended", f"number {number}"))
    listing = await store.listing("acme", 2)
    assert [row["fingerprint"] for row in listing["jobs"]] == ["b", "a"]
    assert [row["detail"] for row in listing["refusals"]] == ["number 2", "number 1"]
    assert (await store.listing("beta", 10))["refusals"] == []
    assert len((await store.listing(None, 10))["jobs"]) == 3
