"""How jobs are worked off: batches, failures, refusals, waiting, one an integration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from exporter.clients.http.upstream import LONGEST_RETRY_AFTER
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import RateLimited, StoreError, UpstreamTimeout
from exporter.model import SyncError
from exporter.polling.poller import HASTE_PAUSE, Target
from exporter.remediation.actions import Pair
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.lease import LEASE
from exporter.remediation.queues import QUEUE_LOOK
from exporter.remediation.waiting import LONGEST_JOB, REFUSED_PAUSE, UNREAD_PAUSE
from exporter.remediation.worker import (
    CONCURRENT_JOBS,
    FIRST_RETRY,
    IDLE_PAUSE,
    LONGEST_RETRY,
    MOST_FAILURES,
    Worker,
)
from exporter.store.database import Database
from exporter.store.job import Job
from exporter.store.jobs import JobStore
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert, sync_errors

PERMISSIONS = ("permissions", "salesforce_field_permissions")
DEADLINE = 5.0


def permission_errors(org: Org, count: int, **more: Any) -> list[str]:
    return org.add_errors(*PERMISSIONS, count, **more)


def records(**counts: int) -> dict[str, int]:
    return {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0, **counts}


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """The worker as the service runs it."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(seen: Callable[[], bool]) -> None:
    """Fails if it is not seen in time."""
    async with asyncio.timeout(DEADLINE):
        while not seen():  # noqa: ASYNC110  what is waited for is seen, not signalled
            await asyncio.sleep(0)


class Interrupted(BridgeResync):
    """Calls ``between`` after each request of ten: something happens while a job runs."""

    batch_size = 10

    def __init__(self, client: Any, between: Callable[[], Any]) -> None:
        super().__init__(client)
        self._between = between

    async def resync(self, error_ids: Sequence[str]) -> Mapping[str, str | None]:
        answer = await super().resync(error_ids)
        await self._between()
        return answer


@asynccontextmanager
async def suspended_by_a_request(open_on: OpenBench, config: Config, org: Org) -> AsyncIterator[Bench]:
    """A bench with a job to do, and a HubSpot that suspends after each request, which the next poll sees."""
    opened: list[Bench] = []

    async def suspended() -> None:
        org.suspend("salesforce_org_locked")
        await opened[0].poll()

    async with open_on(config, make_action=lambda client: Interrupted(client, suspended)) as bench:
        opened.append(bench)
        await bench.poll()
        await bench.notify(alert())
        yield bench


# --- batches and outcomes


async def test_a_thousand_errors_are_resynced_in_ten_requests(bench: Bench, acme: Org) -> None:
    """No request asks for more than 100, every error is asked for once, and all outcomes are counted."""
    permission_errors(acme, 1000)
    await bench.notify(alert())
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("done", records(succeeded=1000))
    assert (acme.resyncs.requests, acme.resyncs.largest_request) == (10, 100)
    assert set(acme.resyncs.records.values()) == {1}
    assert bench.sample("resync_records_total", action="bridge", outcome="succeeded") == 1000
    assert bench.sample("resync_records_total", action="bridge", outcome="failed") == 0


async def test_only_what_was_ordered_is_resynced(bench: Bench, acme: Org, world: World) -> None:
    """Errors of other categories, and those of other integrations, are left alone."""
    permission_errors(acme, 3)
    acme.add_errors("duplicates", "email_already_in_use", 4)
    permission_errors(world.orgs["beta"], 5)
    await bench.notify(alert())
    await bench.work()
    assert acme.resyncs.records.total() == 3
    assert world.orgs["beta"].resyncs.requests == 0
    assert {(category, errors) for category, _, errors, _ in acme.errors.counts()} == {("duplicates", 4)}


class Answering(BridgeResync):
    """The real bridge, but for what it answers to a resync."""

    async def resync(self, error_ids: Sequence[str]) -> Mapping[str, str | None]:
        answer = dict(await super().resync(error_ids))
        return {**answer, "e2": "locked by a user"}


async def test_rejected_errors_are_recorded_with_their_reason(open_on: OpenBench, config: Config, acme: Org) -> None:
    """What the bridge refuses counts as failed, and does not keep the rest or the job from its end."""
    permission_errors(acme, 3)
    async with open_on(config, make_action=Answering) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=2, failed=1))
        assert bench.sample("resync_records_total", action="bridge", outcome="failed") == 1


async def test_errors_that_vanished_after_listing_are_rejected_ones(bench: Bench, acme: Org) -> None:
    """An error somebody else resynced in between is one the bridge does not know any more."""
    ids = permission_errors(acme, 15)
    await bench.notify(alert())
    job = await bench.claim()
    await bench.batches.list_records(job, [(error_id, error_id) for error_id in (*ids, "e999")], bench.clock.time())
    await bench.jobs.postpone(job, 0.0, 0, "", "")
    await bench.work()
    (done,) = await bench.listed()
    assert (done["state"], done["records"]) == ("done", records(succeeded=15, failed=1))


async def test_a_job_without_errors_says_so(bench: Bench) -> None:
    """When nothing of what was ordered is left the job ends, and no_records is listed."""
    await bench.notify(alert())
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["message"], job["records"]) == ("done", "nothing to resync", records())
    assert await bench.refusals() == [("FieldPermissionsMissing", "no_records")]
    assert bench.sample("resync_refusals_total", reason="no_records") == 1


# --- the same record again


async def test_an_error_that_comes_back_is_left_alone_for_its_cooldown(bench: Bench, acme: Org, world: World) -> None:
    """While its cause is still there an error returns under a new id: the record is not resynced again for an hour."""
    permission_errors(acme, 2, cause="a trigger")
    await bench.notify(alert(fingerprint="first"))
    await bench.work()
    world.tick()
    assert len(acme.errors) == 2
    await bench.later(3599)
    await bench.notify(alert(fingerprint="second"))
    await bench.work()
    assert (acme.resyncs.requests, bench.sample("resync_refusals_total", reason="cooldown")) == (1, 1)
    await bench.later(1)
    await bench.notify(alert(fingerprint="third"))
    await bench.work()
    assert acme.resyncs.requests == 2
    assert await bench.refusals() == [("FieldPermissionsMissing", "cooldown")]


async def test_a_record_is_resynced_five_times_a_day_at_most(bench: Bench, acme: Org, world: World) -> None:
    """The sixth attempt within 24 hours is refused; a day after the first there is one again."""
    permission_errors(acme, 1, cause="a trigger")
    for number in range(6):
        await bench.notify(alert(fingerprint=f"number {number}"))
        await bench.work()
        world.tick()
        await bench.later(3600)
    assert acme.resyncs.requests == 5
    assert await bench.refusals() == [("FieldPermissionsMissing", "max_attempts")]
    await bench.later(86_400 - 6 * 3600)
    await bench.notify(alert(fingerprint="the next day"))
    await bench.work()
    assert acme.resyncs.requests == 6


async def test_a_rejected_record_was_no_attempt(open_on: OpenBench, config: Config, acme: Org) -> None:
    """What the bridge did not take may be asked for again at once."""
    permission_errors(acme, 1, cause="a trigger")
    async with open_on(config) as bench:
        await bench.poll()
        acme.suspend("salesforce_org_locked")  # after the poll: the worker does not know yet
        await bench.notify(alert(fingerprint="first"))
        await bench.work()
        acme.suspension = None
        await bench.notify(alert(fingerprint="second"))
        await bench.work()
        second, first = await bench.listed()
        assert first["records"] == records(failed=1)
        assert second["records"] == records(succeeded=1)


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
        batch_size = 10

        async def resync(self, error_ids: Sequence[str]) -> Mapping[str, str | None]:
            if acme.resyncs.requests:
                raise RateLimited("POST /resync: status 429")
            return await super().resync(error_ids)

    async with open_on(config, make_action=SecondFails) as bench:
        await bench.poll()
        await bench.notify(alert())
        for _ in range(MOST_FAILURES):
            await bench.work()
            await bench.later(LONGEST_RETRY)
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("failed", records(succeeded=10, failed=15))
        assert bench.sample("resync_records_total", action="bridge", outcome="failed") == 15


async def test_a_failure_in_the_middle_costs_no_record(open_on: OpenBench, config: Config, acme: Org) -> None:
    """When the bridge is back the job goes on where it was; a request that was not carried out is sent again."""
    permission_errors(acme, 25)

    async def bridge_goes_away() -> None:
        if acme.resyncs.requests == 1:
            acme.faults.put(Fault("bridge", "unavailable_html", count=1))

    async with open_on(config, make_action=lambda client: Interrupted(client, bridge_goes_away)) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("queued", records(succeeded=10, sending=10, pending=5))
        await bench.later(FIRST_RETRY)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["failures"], job["records"]) == ("done", 1, records(succeeded=25))
        assert acme.resyncs.requests == 3


async def test_an_answer_that_is_lost_is_no_failure_of_the_records(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """A request that was carried out but not answered is not repeated: its errors are gone, so they count as done."""
    permission_errors(acme, 15)

    async def answer_is_lost() -> None:
        if acme.resyncs.requests == 1:
            raise UpstreamTimeout("POST /resync: no complete answer within 10 s")

    async with open_on(config, make_action=lambda client: Interrupted(client, answer_is_lost)) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        await bench.later(FIRST_RETRY)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=15))
        assert acme.resyncs.requests == 2
        assert bench.sample("resync_records_total", action="bridge", outcome="succeeded") == 15


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

    async def find(self, pairs: Iterable[Pair]) -> tuple[SyncError, ...]:
        raise KeyError("hubspot_id")


async def test_a_bug_met_by_one_job_does_not_end_the_worker(open_on: OpenBench, config: Config, acme: Org) -> None:
    """The job is tried again later and named in its message; others run on."""
    async with open_on(config, make_action=Buggy) as bench:
        await bench.poll()
        await bench.notify(alert())
        assert await bench.work() == 1
        (job,) = await bench.listed()
        assert (job["state"], job["failures"], job["message"]) == ("queued", 1, "bug in resync: KeyError")


# --- refusals while a job runs


async def test_a_resolved_alert_waits_for_the_end_of_the_suspension(bench: Bench, acme: Org) -> None:
    """Its job is taken at once, refused once however often it is looked at, and goes on when nothing is in its way."""
    permission_errors(acme, 2)
    acme.suspend("salesforce_field_permissions_missing")
    await bench.poll()
    assert (await bench.notify(alert())).jobs == 1
    for _ in range(3):
        assert await bench.work() == 1
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"]) == ("queued", "suspended")
        await bench.later(REFUSED_PAUSE)
    assert acme.resyncs.requests == 0
    assert await bench.refusals() == [("FieldPermissionsMissing", "suspended")]
    assert bench.sample("resync_refusals_total", reason="suspended") == 1
    acme.suspension = None
    await bench.later(0)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("done", records(succeeded=2))


async def test_a_suspension_in_the_middle_stops_a_job_until_it_is_over(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """After the request during which HubSpot suspended no other is sent; each such stop is one refusal."""
    permission_errors(acme, 25)
    async with suspended_by_a_request(open_on, config, acme) as bench:
        for sent in (1, 2):
            await bench.work()
            assert acme.resyncs.requests == sent
            await bench.later(REFUSED_PAUSE)
            await bench.work()
            assert acme.resyncs.requests == sent
            assert await bench.refusals() == [("FieldPermissionsMissing", "suspended")] * sent
            acme.suspension = None
            await bench.later(REFUSED_PAUSE)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=25))


async def test_a_job_that_has_sent_everything_ends_even_while_suspended(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """With nothing left to send there is nothing to refuse."""
    permission_errors(acme, 10)
    async with suspended_by_a_request(open_on, config, acme) as bench:
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], await bench.refusals()) == ("done", [])


async def test_a_job_spends_no_more_than_the_budget(bench: Bench, acme: Org) -> None:
    """Calls of its own that the last stated usage cannot know of are added: it stops at 75 % without another poll."""
    acme.use_api_calls("HubSpot", 44_850)
    permission_errors(acme, 400)
    await bench.poll()
    await bench.notify(alert())
    bench.clock.advance(1)
    await bench.work()
    (job,) = await bench.listed()
    assert acme.resyncs.requests == 2
    assert (job["state"], job["refused_for"], job["records"]) == (
        "queued",
        "api_budget",
        records(succeeded=200, pending=200),
    )
    assert await bench.refusals() == [("FieldPermissionsMissing", "api_budget")]


async def test_the_reserve_of_the_org_is_left_to_its_other_apps(bench: Bench, acme: Org) -> None:
    """In the last tenth of the org's calls nothing is resynced, whoever used the rest."""
    acme.use_api_calls("Backup", 90_000)
    permission_errors(acme, 1)
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    assert (acme.resyncs.requests, await bench.refusals()) == (0, [("FieldPermissionsMissing", "api_budget")])


async def test_a_sync_health_that_cannot_be_read_makes_a_job_wait(bench: Bench, acme: Org) -> None:
    """An alert also resolves when its series vanish: only a page that is read says that a suspension is over."""
    permission_errors(acme, 1)
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["refused_for"]) == ("queued", "suspended")
    assert "cannot be read" in job["message"]
    acme.faults.clear()
    await bench.later(REFUSED_PAUSE)
    await bench.work()
    assert acme.resyncs.requests == 1


async def test_what_was_read_long_ago_says_nothing_any_more(
    open_on: OpenBench, config: Config, acme: Org, bench: Bench
) -> None:
    """A process that was away for an hour waits for its first look at the page, however good the last reading was."""
    permission_errors(acme, 1)
    await bench.notify(alert())
    bench.clock.advance(3600)
    async with open_on(config) as restarted:
        await restarted.work()
        assert acme.resyncs.requests == 0
        await restarted.later(UNREAD_PAUSE)
        await restarted.work()
        assert acme.resyncs.requests == 1


async def test_a_refused_job_is_looked_at_again_with_the_next_poll(
    open_on: OpenBench,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    acme: Org,
) -> None:
    """Where the page is read every ten seconds nobody waits a minute; before there is news nothing is tried."""
    config_data["integrations"][0]["intervals"] = {"sync_health": "10s"}
    permission_errors(acme, 1)
    acme.suspend("salesforce_org_locked")
    async with open_on(load_config(write_config(config_data))) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        acme.suspension = None
        await bench.later(9.9)
        assert await bench.work() == 0
        await bench.later(0.1)
        assert await bench.work() == 1
        assert acme.resyncs.requests == 1


async def test_a_job_refused_for_a_day_fails(bench: Bench, acme: Org) -> None:
    """What could not be done in a day is not done unasked for some time later."""
    permission_errors(acme, 3)
    acme.suspend("missing_field_mappings")
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    await bench.later(LONGEST_JOB + 1)
    await bench.work()
    (job,) = await bench.listed()
    assert job["state"] == "failed"
    assert job["message"] == "refused for a day: HubSpot reports the integration suspended (missing_field_mappings)"
    assert acme.resyncs.requests == 0


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
        assert (job["state"], job["message"]) == ("failed", "the integration has no way to resync any more")
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


# --- the queue


async def test_the_queue_as_metrics(bench: Bench, acme: Org) -> None:
    """Jobs by state, and when the oldest waiting one came: a timestamp that is there only while one waits."""
    assert bench.sample("resync_jobs", state="queued") == 0
    assert bench.sample("resync_oldest_queued_timestamp_seconds") is None
    arrived = bench.clock.time()
    await bench.notify(alert(fingerprint="a"))
    bench.clock.advance(10)
    await bench.notify(alert(fingerprint="b"))
    assert bench.sample("resync_jobs", state="queued") == 2
    assert bench.sample("resync_oldest_queued_timestamp_seconds") == arrived
    await bench.worker.do(await bench.claim())
    assert (bench.sample("resync_jobs", state="queued"), bench.sample("resync_jobs", state="done")) == (1, 1)
    assert bench.sample("resync_oldest_queued_timestamp_seconds") == arrived + 10
    await bench.work()
    assert bench.sample("resync_jobs", state="done") == 2
    assert bench.sample("resync_oldest_queued_timestamp_seconds") is None


async def test_the_queue_is_shown_after_a_restart(open_on: OpenBench, config: Config, bench: Bench) -> None:
    """What waits in the store is seen before the first job runs."""
    await bench.notify(alert())
    async with open_on(config) as restarted:
        assert restarted.sample("resync_jobs", state="queued") == 1
        assert restarted.sample("resync_oldest_queued_timestamp_seconds") == bench.clock.time()


async def test_a_queue_that_another_replica_empties_is_seen_to_be_empty(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """Else the replica that took the notification would show a job waiting for ever, and an alert would say so."""
    permission_errors(acme, 1)
    async with open_on(config) as one, open_on(config) as other:
        await one.notify(alert())
        await other.poll()
        await other.work()
        assert one.sample("resync_jobs", state="queued") == 1
        async with running(one.worker), asyncio.timeout(DEADLINE):
            while one.sample("resync_jobs", state="queued"):
                one.clock.advance(QUEUE_LOOK)
                await asyncio.sleep(0)
        assert one.sample("resync_jobs", state="done") == 1
        assert one.sample("resync_oldest_queued_timestamp_seconds") is None


class Slow(BridgeResync):
    """Notes who is at work and waits in the middle of it until it is let go."""

    def __init__(self, client: Any, at_work: list[str], go: asyncio.Event) -> None:
        super().__init__(client)
        self._at_work = at_work
        self._go = go

    async def find(self, pairs: Iterable[Pair]) -> tuple[SyncError, ...]:
        found = await super().find(pairs)
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

    async def claim(self, now: float, lease: float) -> Job | None:
        job = await super().claim(now, lease)
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

    async def claim(self, now: float, lease: float) -> Job | None:
        if not self.failed:
            self.failed = True
            raise StoreError("store: OperationalError: disk I/O error")
        return await super().claim(now, lease)


async def test_a_store_that_fails_does_not_end_the_worker(open_on: OpenBench, config: Config, acme: Org) -> None:
    """It goes on with the next job."""
    permission_errors(acme, 1)
    async with open_on(config, make_jobs=AwayOnce) as bench:
        await bench.poll()
        async with running(bench.worker):
            await bench.notify(alert())
            await until(lambda: acme.resyncs.requests == 1)


# --- a cause that is still seen


def watching_permissions(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], org: Org
) -> Config:
    """The configuration with an hourly check of what acme's integration user may do."""
    checked = {"integration_user": org.integration_user, "fields": {"Contact": ["Email"]}}
    config_data["integrations"][0]["salesforce"] |= checked
    return load_config(write_config(config_data))


def access_check(bench: Bench) -> Target:
    found = {(target.integration, target.source.name): target for target in bench.poller.targets}
    return found["acme", "salesforce_access"]


async def test_a_job_waits_until_the_cause_is_seen_to_be_gone(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], acme: Org
) -> None:
    """HubSpot resumed, but the hourly access check is older than the cure: the check comes early, then the job runs."""
    async with open_on(watching_permissions(config_data, write_config, acme)) as bench:
        acme.set_field_permission("Contact", "Email", granted=False, access=None)
        permission_errors(acme, 3, cause="field:Contact.Email")
        await bench.poll()
        acme.set_field_permission("Contact", "Email", granted=True, access=None)
        await bench.notify(alert())
        bench.clock.advance(HASTE_PAUSE)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], "still sees the cause" in job["message"]) == ("queued", True)
        assert await bench.refusals() == [("FieldPermissionsMissing", "not_retryable")]
        access = access_check(bench)
        assert bench.poller.due_at(access) == bench.clock.time()
        await bench.later(60)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=3))


async def test_a_cause_that_stays_costs_one_look(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], acme: Org
) -> None:
    """HubSpot resumed although nothing was mended: the early check says so, and no further one comes early."""
    async with open_on(watching_permissions(config_data, write_config, acme)) as bench:
        acme.set_field_permission("Contact", "Email", granted=False, access=None)
        permission_errors(acme, 3, cause="field:Contact.Email")
        await bench.poll()
        bench.clock.advance(HASTE_PAUSE)
        await bench.notify(alert())
        await bench.work()
        await bench.later(HASTE_PAUSE)
        await bench.work()
        access = access_check(bench)
        (job,) = await bench.listed()
        assert job["state"] == "queued"
        assert bench.poller.due_at(access) >= bench.clock.time() + access.interval
