"""The records of a job in the store: how far each has got."""

from __future__ import annotations

import pytest

from exporter.errors import StoreError
from exporter.store.batches import FAILED, PENDING, SUCCEEDED, Attempts, Batch, Left, Listed, Outcome
from exporter.store.job import Job
from tests.store.shelf import LEASE, Shelf, a_job_with, accepted, claimed, recorded

EMPTY = {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0}


async def outcomes(store: Shelf, job: Job) -> dict[str, int]:
    listed = (await store.listing(None, 1000))["jobs"]
    counts: dict[str, int] = next(row["records"] for row in listed if row["id"] == job.id)
    return counts


async def test_records_are_sent_in_batches(store: Shelf) -> None:
    """Each error id is handed out once, in numbered batches; what was handed out and not recorded is in doubt."""
    job = await a_job_with(store, "e1", "e2", "e3")
    assert await store.left(job, 100.0) == Left(now=3, later=0, pause=None)
    first = await store.begin_batch(job, 2, 100.0, LEASE)
    assert first == Batch(1, {"e1": 1, "e2": 1})
    assert await store.in_doubt(job) == (first,)
    assert await store.begin_batch(job, 2, 100.0, LEASE) == Batch(2, {"e3": 1})
    assert await store.begin_batch(job, 2, 100.0, LEASE) is None
    assert await outcomes(store, job) == EMPTY | {"sending": 3}
    assert await store.sent(job) == 2


async def test_a_batch_whose_answer_was_lost_counts_if_it_was_carried_out(store: Shelf) -> None:
    """Its errors are gone; of one whose errors are all still there nothing was sent, as far as anybody can tell."""
    job = await a_job_with(store, "e1", "e2", "e3")
    for became, sent in (Outcome(PENDING, counted=False), 0), (Outcome(SUCCEEDED), 1):
        batch = await store.begin_batch(job, 2, 100.0, LEASE)
        assert batch is not None
        told = dict.fromkeys(batch.error_ids, became)
        await store.record(job, batch.number, told, 101.0, LEASE, "the answer was lost")
        assert await store.sent(job) == sent


async def test_a_refused_record_waits_until_it_is_asked_for_again(store: Shelf) -> None:
    """Until then the rest goes on; its attempts are counted, and one that did not arrive is none."""
    job = await a_job_with(store, "e1", "e2", "e3")
    batch = await store.begin_batch(job, 2, 100.0, LEASE)
    assert batch is not None
    again = {"e1": Outcome(PENDING, "locked", 160.0), "e2": Outcome(PENDING, counted=False)}
    await store.record(job, batch.number, again, 101.0, LEASE)
    assert await store.left(job, 159.0) == Left(now=2, later=1, pause=1.0)
    assert await store.begin_batch(job, 10, 159.0, LEASE) == Batch(2, {"e2": 1, "e3": 1})
    assert await store.begin_batch(job, 10, 160.0, LEASE) == Batch(3, {"e1": 2})


async def test_attempts_of_other_jobs_count_too(store: Shelf) -> None:
    """As the record was listed with them."""
    await accepted(store)
    job = await claimed(store)
    await store.list_records(job, [Listed("e1", "contacts/1", earlier_attempts=3)], 4, 100.0)
    assert await store.begin_batch(job, 10, 100.0, LEASE) == Batch(1, {"e1": 4})


async def test_a_job_knows_its_plan(store: Shelf) -> None:
    """How many records were listed, and what they may cost."""
    job = await a_job_with(store, "e1", "e2")
    await store.postpone(job, 100.0, 0.0, 0, "", "")
    (row,) = (await store.listing(None, 1))["jobs"]
    assert (row["planned_records"], row["planned_calls"]) == (2, 8)
    assert (await claimed(store)).planned == 2


async def test_recorded_outcomes_stay(store: Shelf) -> None:
    """A record has the outcome and reason it was given; nothing is pending or in doubt then."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await recorded(store, job, {"e1": (SUCCEEDED, ""), "e2": (FAILED, "not_found")}, 101.0)
    assert await store.in_doubt(job) == (Batch(1, {"e3": 1}),)
    assert (await store.left(job, 101.0)).total == 0
    assert await outcomes(store, job) == EMPTY | {"succeeded": 1, "failed": 1, "sending": 1}


async def test_outcomes_of_another_job_are_left_alone(store: Shelf) -> None:
    """Two jobs may list the same error."""
    first = await a_job_with(store, "e1", fingerprint="a")
    await store.finish(first, "done", "", 101.0)
    second = await a_job_with(store, "e1", fingerprint="b")
    await recorded(store, second, {"e1": (SUCCEEDED, "")}, 102.0)
    assert await outcomes(store, first) == EMPTY | {"failed": 1}
    assert await outcomes(store, second) == EMPTY | {"succeeded": 1}


async def test_what_is_left_fails_with_its_job(store: Shelf) -> None:
    """Pending and doubtful records alike; the count of them is returned."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await recorded(store, job, {"e1": (SUCCEEDED, "")}, 101.0)
    assert await store.finish(job, "failed", "given up", 102.0) == 2
    assert await outcomes(store, job) == EMPTY | {"succeeded": 1, "failed": 2}
    (row,) = (await store.listing(None, 1))["jobs"]
    assert (row["state"], row["message"], row["finished_at"]) == ("failed", "given up", 102.0)


async def test_a_list_is_stored_whole(store: Shelf) -> None:
    """An error listed twice leaves nothing behind, so that the job can list anew."""
    await accepted(store)
    job = await claimed(store)
    with pytest.raises(StoreError):
        await store.list_records(job, [Listed("e1", "contacts/1"), Listed("e1", "contacts/1")], 8, 100.0)
    await store.release()
    again = await claimed(store)
    assert (again.listed, (await store.left(again, 100.0)).total) == (False, 0)


async def test_attempts_are_requests_of_the_last_day(store: Shelf) -> None:
    """Per record, over all other jobs: how many, and when the last was taken: one that was refused has no cooldown."""
    for number, at in enumerate((1_000.0, 50_000.0, 90_000.0)):
        job = await a_job_with(store, "e1", "e2", fingerprint=f"f{number}", now=at)
        await recorded(store, job, {"e1": (SUCCEEDED, ""), "e2": (FAILED, "locked")}, at)
        await store.finish(job, "partly_failed", "", at)
    records = ["contacts/e1", "contacts/e2", "contacts/e3"]
    assert await store.attempts(0, "acme", records, 87_000.0) == {
        "contacts/e1": Attempts(3, 90_000.0),
        "contacts/e2": Attempts(3, 0.0),
    }
    assert await store.attempts(0, "acme", records, 87_400.0) == {
        "contacts/e1": Attempts(2, 90_000.0),
        "contacts/e2": Attempts(2, 0.0),
    }
    assert (await store.attempts(3, "acme", records, 87_000.0))["contacts/e1"] == Attempts(2, 50_000.0)
    assert await store.attempts(0, "acme", ["contacts/e3"], 87_000.0) == {}
    assert await store.attempts(0, "beta", records, 87_000.0) == {}


async def test_a_record_of_a_job_under_way_is_as_good_as_resynced(store: Shelf) -> None:
    """However long ago it was listed: another job would send it a second time."""
    await a_job_with(store, "e1")
    assert await store.attempts(0, "acme", ["contacts/e1"], 1e9) == {"contacts/e1": Attempts(0, 1e9)}


async def test_records_that_were_never_sent_were_no_attempt(store: Shelf) -> None:
    """Their job ended before."""
    job = await a_job_with(store, "e1")
    await store.finish(job, "failed", "given up", 101.0)
    assert await store.attempts(0, "acme", ["contacts/e1"], 102.0) == {}


async def test_calls_since_a_moment(store: Shelf) -> None:
    """Successful records after it, of one integration."""
    job = await a_job_with(store, "e1", "e2", "e3")
    for at, error_id, outcome in ((101.0, "e1", SUCCEEDED), (105.0, "e2", SUCCEEDED), (105.0, "e3", FAILED)):
        batch = await store.begin_batch(job, 1, at, LEASE)
        assert batch is not None
        await store.record(job, batch.number, {error_id: Outcome(outcome)}, at, LEASE)
    assert [await store.sent_since("acme", since) for since in (100.0, 101.0, 105.0)] == [2, 1, 0]
    assert await store.sent_since("beta", 0.0) == 0


async def test_calls_of_requests_under_way_count_from_the_start(store: Shelf) -> None:
    """Nobody knows yet what they have cost, nor of those in doubt."""
    job = await a_job_with(store, "e1", "e2", "e3")
    await store.begin_batch(job, 2, 100.0, LEASE)
    assert await store.sent_since("acme", 1_000.0) == 2


async def test_what_waits_longest_is_sent_first(store: Shelf) -> None:
    """Before what nobody knows the time of; one that was refused takes its place among these."""
    await accepted(store)
    job = await claimed(store)
    due = {"e1": None, "e2": 50.0, "e3": 40.0, "e4": None, "e5": 1_000.0}
    await store.list_records(job, [Listed(name, name, due=moment) for name, moment in due.items()], 20, 100.0)
    first = await store.begin_batch(job, 2, 100.0, LEASE)
    assert first == Batch(1, {"e3": 1, "e2": 1})
    assert first is not None
    assert list(first.attempts) == ["e3", "e2"]
    await store.record(job, 1, {name: Outcome(PENDING, "locked", 101.0) for name in ("e2", "e3")}, 100.0, LEASE)
    later = await store.begin_batch(job, 10, 102.0, LEASE)
    assert later is not None
    assert list(later.attempts) == ["e5", "e1", "e2", "e3", "e4"]
