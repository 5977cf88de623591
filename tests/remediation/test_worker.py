"""How jobs are taken up: one an integration, again after a failure, by one of several workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from exporter.clients.http.retry import LONGEST_RETRY_AFTER
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import Again, RateLimited, StoreError
from exporter.model import SyncError
from exporter.remediation.actions import Pair
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.lease import LEASE
from exporter.remediation.order import Order, new_job
from exporter.remediation.waiting import LONGEST_JOB
from exporter.remediation.worker import (
    CONCURRENT_JOBS,
    FIRST_RETRY,
    HOURLY_PAUSE,
    IDLE_PAUSE,
    LONGEST_RETRY,
    MOST_FAILURES,
    UNKNOWN_PAUSE,
)
from exporter.store.database import Database
from exporter.store.job import Job, Reach
from exporter.store.jobs import Ids, JobStore
from tests.remediation.at_work import DEADLINE, PERMISSIONS, permission_errors, records, running, until
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert, parsed, sync_errors
from tests.store.shelf import SharedDatabase

# --- failures


async def test_a_failed_job_is_tried_again_later_and_later(bench: Bench, acme: Org) -> None:
    """The pauses double from 5 seconds up to 5 minutes; a job tried ten times in vain fails with all its records."""
    permission_errors(acme, 3)
    await bench.notify(alert())
    acme.faults.put(Fault("bridge", "server_error"))
    for failures in range(1, MOST_FAILURES):
        assert await bench.work() == 1
        pause = min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY)
        bench.clock.advance(pause - 0.001)
        assert await bench.work() == 0
        (job,) = await bench.listed()
        assert (job["state"], job["failures"]) == ("queued", failures)
        assert "status 500" in job["message"]
        acme.faults.clear()
        await bench.later(0.001)
        acme.faults.put(Fault("bridge", "server_error"))
    await bench.work()
    (job,) = await bench.listed()
    assert job["state"] == "failed"
    assert job["message"].startswith("given up after 10 failures: ")
    assert (bench.sample("resync_jobs", state="failed"), bench.sample("resync_jobs", state="queued")) == (1, 0)


async def test_records_of_a_job_that_is_given_up_count_as_failed(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Nothing ordered stays without an outcome: those sent before keep theirs, those left fail with the job."""
    permission_errors(acme, 25)

    class SecondFails(BridgeResync):
        batch_size, on_trial = 10, False

        async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
            if acme.resyncs.requests:
                raise RateLimited("POST /resync: status 429")
            return await super().resync(error_ids, job)

    async with open_on(config, make_action=SecondFails) as bench:
        await bench.poll()
        await bench.notify(alert())
        for _ in range(MOST_FAILURES):
            await bench.work()
            await bench.later(LONGEST_RETRY)
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("failed", records(succeeded=10, failed=15))
        assert bench.sample("resync_records_total", action="bridge", outcome="failed") == 15


async def test_a_bridge_that_asks_for_a_pause_gets_it(bench: Bench, acme: Org) -> None:
    """Retry-After is kept to when it is longer than our own pause."""
    permission_errors(acme, 1)
    await bench.notify(alert())
    acme.faults.put(Fault("bridge", "rate_limited", count=1, retry_after=100))
    await bench.work()
    await bench.later(99)
    assert await bench.work() == 0
    await bench.later(1)
    assert await bench.work() == 1
    assert acme.resyncs.requests == 1


async def test_a_daily_quota_is_waited_for_an_hour_at_a_time(open_on: OpenBench, config: Config, acme: Org) -> None:
    """That is no failure until a day has passed: no quota takes longer to come back."""
    permission_errors(acme, 1)

    class UsedUp(BridgeResync):
        async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
            raise RateLimited("POST /resync: status 429 DAILY", again=Again.HOURLY)

    async with open_on(config, make_action=UsedUp) as bench:
        await bench.poll()
        await bench.notify(alert())
        for _ in range(24):
            assert await bench.work() == 1
            await bench.later(HOURLY_PAUSE - 1)
            assert await bench.work() == 0
            await bench.later(1)
        (job,) = await bench.listed()
        assert (job["state"], job["failures"]) == ("queued", 0)
        for _ in range(MOST_FAILURES):
            await bench.work()
            await bench.later(LONGEST_RETRY)
        assert (await bench.listed())[0]["state"] == "failed"


async def test_a_pause_for_years_is_not_kept_to(bench: Bench, acme: Org) -> None:
    """A job must not be buried by one odd header."""
    permission_errors(acme, 1)
    await bench.notify(alert())
    acme.faults.put(Fault("bridge", "rate_limited", count=1, retry_after=900_000_000))
    await bench.work()
    await bench.later(LONGEST_RETRY_AFTER)
    await bench.work()
    assert acme.resyncs.requests == 1


class Buggy(BridgeResync):
    """Trips over its own feet."""

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        raise KeyError("hubspot_id")


async def test_a_bug_met_by_one_job_does_not_end_the_worker(open_on: OpenBench, config: Config, acme: Org) -> None:
    """The job is tried again later and named in its message; others run on."""
    async with open_on(config, make_action=Buggy) as bench:
        await bench.poll()
        await bench.notify(alert())
        assert await bench.work() == 1
        (job,) = await bench.listed()
        assert (job["state"], job["failures"], job["message"]) == ("queued", 1, "bug in resync: KeyError")


# --- jobs nobody can do any more


async def test_a_job_of_an_integration_without_bridge_fails(
    open_on: OpenBench,
    config: Config,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    bench: Bench,
) -> None:
    """After the bridge was taken out of the configuration its jobs end, and the queue is shown empty."""
    await bench.notify(alert())
    del config_data["integrations"][0]["sync_health"]
    async with open_on(load_config(write_config(config_data))) as without:
        assert without.sample("resync_jobs", state="queued") == 1
        await without.work()
        (job,) = await without.listed()
        assert (job["state"], job["message"]) == ("failed", "the integration has no way to resync by bridge any more")
        assert without.sample("resync_jobs", state="queued") == 0
        assert without.sample("resync_oldest_queued_timestamp_seconds") is None


async def test_a_job_of_an_integration_that_is_gone_fails(
    open_on: OpenBench,
    config: Config,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    bench: Bench,
) -> None:
    """It ends likewise, and no series comes back for what is not configured."""
    await bench.notify(alert())
    del config_data["integrations"][0]
    async with open_on(load_config(write_config(config_data))) as without:
        await without.work()
        (job,) = await without.listed()
        assert job["state"] == "failed"
        assert without.sample("resync_jobs", state="failed") is None


async def test_a_job_of_another_action_fails(bench: Bench, acme: Org) -> None:
    """What its records are called only that action knows: the bridge is not asked for them."""
    job = new_job(parsed(alert()), "touch", Order(frozenset({PERMISSIONS}), cooldown=60.0, max_attempts=3))
    permission_errors(acme, 1)
    await bench.jobs.accept([job], (), bench.clock.time())
    await bench.work()
    (ended,) = await bench.listed()
    assert (ended["state"], ended["message"]) == ("failed", "the integration has no way to resync by touch any more")
    assert acme.resyncs.requests == 0


def shared(database: Database) -> JobStore:
    """A store that other replicas work on too."""
    return JobStore(SharedDatabase(database))


@pytest.mark.parametrize("without", ["integration", "bridge"])
async def test_a_replica_that_does_not_know_a_way_yet_leaves_its_jobs(
    open_on: OpenBench,
    config: Config,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    acme: Org,
    without: str,
) -> None:
    """While a configuration is rolled out: another replica does them, at once."""
    permission_errors(acme, 1)
    if without == "bridge":
        del config_data["integrations"][0]["sync_health"]
    else:
        del config_data["integrations"][0]
    async with open_on(config, shared) as new, open_on(load_config(write_config(config_data)), shared) as old:
        await new.poll()
        await new.notify(alert())
        assert await old.work() == 0
        assert await new.work() == 1
        assert [job["state"] for job in await new.listed()] == ["done"]


async def test_a_job_that_no_replica_has_a_way_for_ends_after_a_day(
    open_on: OpenBench,
    config: Config,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
) -> None:
    """Not before: until then some replica may be told of it."""
    async with open_on(config, shared) as gone:
        await gone.poll()
        await gone.notify(alert())
    del config_data["integrations"][0]
    async with open_on(load_config(write_config(config_data)), shared) as left:
        left.clock.advance(LONGEST_JOB)
        assert await left.work() == 0
        left.clock.advance(1)
        assert await left.work() == 1
        (job,) = await left.listed()
        assert (job["state"], job["message"]) == ("failed", "the integration has no way to resync by bridge any more")


async def test_a_job_whose_way_is_taken_out_just_after_it_was_claimed_goes_back(
    open_on: OpenBench,
    config: Config,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
) -> None:
    """On a shared store: it is no failure, and another replica may have it a minute later."""
    del config_data["integrations"][0]
    async with open_on(config, shared) as new, open_on(load_config(write_config(config_data)), shared) as old:
        await new.poll()
        await new.notify(alert())
        await old.worker.do(await new.claim())
        (job,) = await new.listed()
        assert (job["state"], job["failures"]) == ("queued", 0)
        assert await new.work() == 0
        await new.later(UNKNOWN_PAUSE)
        assert await new.work() == 1


# --- several at once


class Slow(BridgeResync):
    """Notes who is at work and waits in the middle of it until it is let go."""

    def __init__(self, client: Any, at_work: list[str], go: asyncio.Event) -> None:
        super().__init__(client)
        self._at_work = at_work
        self._go = go

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        found = await super().find(pairs, selected)
        self._at_work.append(",".join(error.record for error in found))
        await self._go.wait()
        return found


async def test_two_integrations_at_once_but_one_job_of_each(
    open_on: OpenBench, config: Config, acme: Org, world: World
) -> None:
    """A slow integration does not hold up another; its own second job waits for its first."""
    beta = world.orgs["beta"]
    for org in (acme, beta):
        permission_errors(org, 1)
        org.add_errors("other", "unknown", 1)
    at_work: list[str] = []
    go = asyncio.Event()
    async with open_on(config, make_action=lambda client: Slow(client, at_work, go)) as bench:
        await bench.poll()
        async with running(bench.worker):
            await bench.notify(*(alert(integration=name) for name in ("acme", "beta")))
            await bench.notify(*(sync_errors("other", integration=name) for name in ("acme", "beta")))
            await until(lambda: len(at_work) == 2)
            assert await bench.jobs.claim(bench.clock.time(), LEASE) is None
            go.set()
            await until(lambda: acme.resyncs.requests + beta.resyncs.requests == 4)
            assert len(at_work) == 4


async def test_workers_of_two_processes_share_a_store(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Of all the workers that look for jobs at the same time each job is done by one."""
    permission_errors(acme, 30)
    async with open_on(config) as one, open_on(config) as other:
        await one.poll()
        await other.poll()
        async with running(one.worker), running(other.worker):
            for number in range(5):
                await one.notify(alert(fingerprint=f"number {number}"))
                other.worker.wake()
            await until(lambda: acme.resyncs.records.total() == 30)
            async with asyncio.timeout(DEADLINE):
                while any(job["state"] != "done" for job in await one.listed()):
                    other.worker.wake()
                    one.worker.wake()
    assert set(acme.resyncs.records.values()) == {1}
    assert acme.resyncs.requests == 1


async def test_a_slow_job_keeps_its_lease(open_on: OpenBench, config: Config, acme: Org) -> None:
    """However long the bridge takes, nobody else takes the job up meanwhile."""
    permission_errors(acme, 1)
    at_work: list[str] = []
    go = asyncio.Event()
    async with open_on(config, make_action=lambda client: Slow(client, at_work, go)) as bench:
        await bench.poll()
        await bench.notify(alert())
        job = await bench.claim()
        task = asyncio.create_task(bench.worker.do(job))
        await until(lambda: len(at_work) == 1)
        for _ in range(12):
            bench.clock.advance(LEASE / 4)
            assert await bench.jobs.claim(bench.clock.time(), LEASE) is None
        await bench.poll()
        go.set()
        await task
        assert (await bench.listed())[0]["state"] == "done"
        assert acme.resyncs.requests == 1


class Overtaken(JobStore):
    """Every worker's first look at the queue finds nothing, and before it says so there is a job."""

    looks = 0
    job_comes: Callable[[], Awaitable[object]]

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._came = asyncio.Event()

    async def claim(
        self, now: float, lease: float, job_id: int | None = None, reach: Reach | None = None, at_work: Ids = ()
    ) -> Job | None:
        job = await super().claim(now, lease, job_id, reach, at_work)
        self.looks += 1
        if self.looks == CONCURRENT_JOBS:
            await self.job_comes()
            self._came.set()
        await self._came.wait()
        return job


async def test_a_job_that_comes_while_the_queue_is_looked_at_is_not_overlooked(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """It is done at once, not at the next look some seconds later."""
    permission_errors(acme, 1)
    async with open_on(config, make_jobs=Overtaken) as bench:
        await bench.poll()
        assert isinstance(bench.jobs, Overtaken)
        bench.jobs.job_comes = lambda: bench.notify(alert())
        async with running(bench.worker), asyncio.timeout(IDLE_PAUSE / 2):
            await until(lambda: acme.resyncs.requests == 1)


class AwayOnce(JobStore):
    """A store that fails at the first look at the queue."""

    failed = False

    async def claim(
        self, now: float, lease: float, job_id: int | None = None, reach: Reach | None = None, at_work: Ids = ()
    ) -> Job | None:
        if not self.failed:
            self.failed = True
            raise StoreError("store: OperationalError: disk I/O error")
        return await super().claim(now, lease, job_id, reach, at_work)


async def test_a_store_that_fails_does_not_end_the_worker(open_on: OpenBench, config: Config, acme: Org) -> None:
    """It goes on with the next job."""
    permission_errors(acme, 1)
    async with open_on(config, make_jobs=AwayOnce) as bench:
        await bench.poll()
        async with running(bench.worker):
            await bench.notify(alert())
            await until(lambda: acme.resyncs.requests == 1)
