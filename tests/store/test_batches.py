"""The records of a job in the store: how far each has got."""

from __future__ import annotations

import pytest

from exporter.errors import StoreError
from exporter.store.batches import FAILED, SUCCEEDED, Attempts
from exporter.store.job import Job
from tests.store.shelf import LEASE, Shelf, a_job_with, accepted, claimed

EMPTY = {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0}


async def outcomes(store: Shelf, job: Job) -> dict[str, int]:
    listed = (await store.listing(None, 1000))["jobs"]
    counts: dict[str, int] = next(row["records"] for row in listed if row["id"] == job.id)
    return counts


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


async def test_calls_of_requests_under_way_count_from_the_start(store: Shelf) -> None:
    """Nobody knows yet what they have cost, nor of those in doubt."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await store.begin_batch(job, 2)
    assert await store.sent_since("acme", 1_000.0) == 2
