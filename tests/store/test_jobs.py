"""The queue of jobs in the store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.errors import LeaseLost, StoreError
from exporter.store.batches import SUCCEEDED, Listed, Outcome
from exporter.store.job import ENDED, NEEDS_APPROVAL, Cue, Job
from exporter.store.jobs import JobStore, Queue
from exporter.store.refusals import RefusalRow
from tests.store.shelf import (
    ERRORS,
    LEASE,
    SharedDatabase,
    Shelf,
    a_job_with,
    accepted,
    claimed,
    new_job,
    opened,
    recorded,
)

# --- accepting


async def test_one_job_an_occurrence(store: Shelf) -> None:
    """Integration, fingerprint, start and status name an occurrence; a second job for it is not made."""
    assert await accepted(store, new_job(), new_job()) == 1
    assert await accepted(store) == 0
    assert await accepted(store, new_job(status="firing"), new_job("g"), new_job(integration="beta")) == 3


async def test_a_known_occurrence(store: Shelf) -> None:
    """Known from when it is stored, and still when its job has ended."""
    assert not await store.known([Cue(new_job().occurrence, "bridge", None)], 100.0)
    await accepted(store)
    await store.finish(await claimed(store), "done", "", 101.0)
    assert await store.known([Cue(new_job().occurrence, "bridge", None)], 1e9)
    assert not await store.known([Cue(new_job("g").occurrence, "bridge", None)], 101.0)
    assert not await store.known([Cue(new_job().occurrence, "touch", None)], 101.0)


@pytest.mark.parametrize("ended", ENDED)
async def test_a_repeat_has_a_job_of_its_own_when_the_one_before_has_ended(store: Shelf, ended: str) -> None:
    """And not before so many seconds after that was taken, counted from the last each time."""
    job = replace(new_job(status="firing"), repeat_after=300.0)
    assert await accepted(store, job, job, now=100.0) == 1
    assert await accepted(store, job, now=1000.0) == 0  # it is still queued
    running = await claimed(store, 1000.0)
    assert await accepted(store, job, now=1100.0) == 0  # it runs
    await store.finish(running, ended, "", 1100.0)
    assert await store.known([Cue(job.occurrence, "bridge", 300.0)], 399.0)
    assert await accepted(store, job, now=399.0) == 0
    assert not await store.known([Cue(job.occurrence, "bridge", 300.0)], 400.0)
    assert await accepted(store, job, job, now=400.0) == 1
    await store.finish(await claimed(store, 401.0), ended, "", 402.0)
    assert await accepted(store, job, now=699.0) == 0
    assert await accepted(store, job, now=700.0) == 1
    assert [row["repetition"] for row in (await store.listing(None, 10))["jobs"]] == [2, 1, 0]


async def test_a_repeat_of_what_comes_once_is_never_another_job(store: Shelf) -> None:
    """However late, and whatever became of the first."""
    await accepted(store)
    await store.finish(await claimed(store), "failed", "", 101.0)
    assert await accepted(store, now=1e9) == 0


async def test_the_same_repeat_is_taken_by_one_of_many(store: Shelf, other: Shelf) -> None:
    """Two processes on one store, twenty notifications at once: one job."""
    job = replace(new_job(status="firing"), repeat_after=300.0)
    await accepted(store, job)
    await store.finish(await claimed(store), "done", "", 101.0)
    made = await asyncio.gather(*(shelf.accept([job], (), 500.0) for shelf in (store, other) * 10))
    assert sum(map(len, made)) == 1


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
        errors=ERRORS,
        cooldown=60.0,
        max_attempts=3,
        listed=False,
        failures=0,
        refused_for="",
        created_at=100.0,
        claim=1,
        status="resolved",
        starts_at="2027-01-15T07:55:00Z",
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
    await store.renew(job, 180.0, LEASE)
    assert await other.claim(299.0, LEASE) is None
    await recorded(store, job, {"e1": (SUCCEEDED, "")}, 290.0)
    assert await other.claim(409.0, LEASE) is None
    assert await other.claim(410.0, LEASE) is not None


async def test_a_job_that_has_ended_is_not_renewed(store: Shelf) -> None:
    """A late sign of life brings nothing back."""
    await accepted(store, new_job("a"), new_job("b"))
    job = await claimed(store)
    await store.finish(job, "done", "", 101.0)
    with pytest.raises(LeaseLost):
        await store.renew(job, 102.0, LEASE)
    assert (await claimed(store)).id == 2
    assert (await store.queues("acme"))["acme"].by_state == {"done": 1, "running": 1}


async def test_who_lost_a_job_writes_nothing_of_it_any_more(store: Shelf, other: Shelf) -> None:
    """Its lease ran out and another claimed it: whatever the first still has to say is refused, and changes nothing."""
    lost = await a_job_with(store, "e1", "e2")
    batch = await store.begin_batch(lost, 1, 100.0, LEASE)
    assert batch is not None
    taken_over = await claimed(other, 100.0 + LEASE)
    assert (taken_over.id, taken_over.claim) == (lost.id, lost.claim + 1)
    for late in (
        store.renew(lost, 300.0, LEASE),
        store.note(lost, trial="passed"),
        store.begin_batch(lost, 1, 300.0, LEASE),
        store.record(lost, batch.number, {"e1": Outcome(SUCCEEDED)}, 300.0, LEASE),
        store.list_records(lost, [Listed("e3", "contacts/3")], 4, 300.0),
        store.postpone(lost, 300.0, 60.0, 7, "late", ""),
        store.finish(lost, "failed", "late", 300.0),
    ):
        with pytest.raises(LeaseLost, match=f"job {lost.id} is held by another process"):
            await late
    (row,) = (await store.listing(None, 10))["jobs"]
    assert (row["state"], row["message"], row["trial"]) == ("running", "", "")
    assert row["records"] == {"pending": 1, "sending": 1, "succeeded": 0, "failed": 0}


# --- people step in


async def test_a_waiting_job_is_cancelled_at_once(store: Shelf) -> None:
    """Its records fail with the reason; one that has ended cannot be cancelled, nor one that never was."""
    job = await a_job_with(store, "e1", "e2")
    await recorded(store, job, {"e1": (SUCCEEDED, "")}, 101.0)
    await store.postpone(job, 101.0, 99.0, 0, "", "")
    assert await store.cancel(job.id, "cancelled", 150.0, 270.0) == 1
    (row,) = (await store.listing(None, 10))["jobs"]
    assert (row["state"], row["finished_at"], row["look_at"]) == ("cancelled", 150.0, 270.0)
    assert (row["records"]["failed"], row["failed_for"]) == (1, {"cancelled": 1})
    assert await store.cancel(job.id, "cancelled", 151.0, 271.0) is None
    assert await store.cancel(99, "cancelled", 151.0, 271.0) is None
    assert await store.claim(1e9, LEASE) is None


async def test_a_running_job_is_told_that_it_is_cancelled(store: Shelf, other: Shelf) -> None:
    """Who works on it ends it; until then nothing of it changes."""
    job = await a_job_with(store, "e1")
    assert not await store.cancelled(job)
    assert await other.cancel(job.id, "cancelled", 101.0, 221.0) == 0
    assert await store.cancelled(job)
    assert (await store.listing(None, 10))["jobs"][0]["state"] == "running"


async def test_a_cancelled_job_that_is_put_off_is_taken_up_at_once(store: Shelf) -> None:
    """To be ended: nobody waits for what it waited for."""
    job = await a_job_with(store, "e1")
    await store.cancel(job.id, "cancelled", 101.0, 221.0)
    await store.postpone(job, 101.0, 1e9, 0, "", "needs_approval")
    assert (await claimed(store, 102.0)).id == job.id


async def test_an_order_is_one_job_for_its_key(store: Shelf, other: Shelf) -> None:
    """Whatever else is asked for under it, by whomever at the same moment: the job tells which order it is of."""
    orders = [
        replace(new_job("key", integration, status="requested"), action=action, request=f"{integration} by {action}")
        for integration in ("acme", "beta")
        for action in ("bridge", "touch")
    ]
    assert await store.ordered("key") is None
    made = await asyncio.gather(*(shelf.order(order, 100.0) for order in orders for shelf in (store, other)))
    assert sum(one.made for one in made) == 1
    assert len({(one.job, one.request) for one in made}) == 1
    assert await store.ordered("key") == replace(made[0], made=False)
    assert (await store.order(replace(orders[0], occurrence=replace(orders[0].occurrence, fingerprint="b")), 1e9)).made


async def test_only_a_job_that_waits_for_a_human_is_approved(store: Shelf) -> None:
    """It runs at once then, and is not asked about again."""
    await accepted(store)
    job = await claimed(store)
    assert not await store.approve(job.id, 101.0)
    await store.postpone(job, 101.0, 1e6, 0, "large", "suspended")
    assert not await store.approve(job.id, 102.0)
    await store.postpone(await claimed(store, 2e6), 2e6, 1e9, 0, "large", NEEDS_APPROVAL)
    assert (await store.queues())["acme"] == Queue({"queued": 1}, None, needing_approval=1)
    assert await store.approve(job.id, 2e6)
    again = await claimed(store, 2e6)
    assert (again.approved_at, again.waits_since) == (2e6, 2e6)
    assert not await store.approve(job.id, 2e6)


async def test_a_postponed_job_waits(store: Shelf) -> None:
    """It comes back with what was noted on it, when its time has come; others of its integration may run before."""
    await accepted(store, new_job("a"), new_job("b"))
    job = await claimed(store)
    await store.postpone(job, now=100.0, pause=100.0, failures=2, message="no answer", refused_for="suspended")
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


async def test_a_shared_store_is_not_released(tmp_path: Path, store: Shelf) -> None:
    """On a database that others may be using a running job is left to its lease."""
    await accepted(store)
    await claimed(store)
    async with opened(tmp_path) as database:
        await JobStore(SharedDatabase(database)).release()
    assert await store.claim(100.0, LEASE) is None


# --- what is shown


async def test_counts_by_state(store: Shelf) -> None:
    """And when the oldest queued one came, if there is one; of one integration or of all."""
    assert await store.queues("acme") == {}
    await accepted(store, new_job("a"), now=100.0)
    await accepted(store, new_job("b"), new_job("c", integration="beta"), now=110.0)
    assert (await store.queues("acme"))["acme"] == Queue({"queued": 2}, 100.0)
    assert await store.queues() == {"acme": Queue({"queued": 2}, 100.0), "beta": Queue({"queued": 1}, 110.0)}
    job = await claimed(store, 120.0)
    assert (await store.queues("acme"))["acme"] == Queue({"queued": 1, "running": 1}, 110.0)
    await store.finish(job, "done", "", 121.0)
    await claimed(store, 122.0)
    assert (await store.queues("acme"))["acme"] == Queue({"running": 1, "done": 1}, None)
