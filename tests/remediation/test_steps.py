"""How a job is carried out: batches, outcomes, the same record again, failures in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import UpstreamTimeout
from exporter.remediation.actions import Final
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.worker import FIRST_RETRY
from exporter.store.batches import Listed
from exporter.store.job import Job
from tests.remediation.at_work import Interrupted, permission_errors, records
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert, sync_errors

# --- batches and outcomes


async def test_a_thousand_errors_are_resynced_in_ten_requests(bench: Bench, acme: Org) -> None:
    """No request asks for more than 100, every error is asked for once, and all outcomes are counted."""
    permission_errors(acme, 1000)
    await bench.notify(alert())
    await bench.work_off()
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
    """The real bridge, but for one error that it never takes."""

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        others = [error_id for error_id in error_ids if error_id != "e2"]
        answer = await super().resync(others, job) if others else {}
        return {**answer, "e2": "locked by a user"}


async def test_rejected_errors_are_recorded_with_their_reason(open_on: OpenBench, config: Config, acme: Org) -> None:
    """What the bridge refuses is asked for again, later and later, and fails at last; the rest is not kept waiting."""
    permission_errors(acme, 3)
    async with open_on(config, make_action=Answering) as bench:
        await bench.poll()
        await bench.notify(alert())
        for pause in (0, 60, 120, 240, 480):
            (job,) = await bench.listed()
            assert job["state"] == "queued"
            await bench.later(pause - 1)
            await bench.work()
            await bench.later(1)
            await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["message"]) == ("partly_failed", "1 of 3 records failed")
        assert (job["records"], job["failed_for"]) == (records(succeeded=2, failed=1), {"locked by a user": 1})
        assert bench.sample("resync_records_total", action="bridge", outcome="failed") == 1
        assert acme.resyncs.requests == 1


class Frozen(BridgeResync):
    """The real bridge, but for what it will never take."""

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        return {**await super().resync(error_ids, job), "e2": Final("the record is archived")}


async def test_what_is_refused_for_good_is_not_asked_for_again(open_on: OpenBench, config: Config, acme: Org) -> None:
    """It fails at once."""
    permission_errors(acme, 3)
    async with open_on(config, make_action=Frozen) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["failed_for"]) == ("partly_failed", {"the record is archived": 1})


async def test_errors_that_vanished_after_listing_are_rejected_ones(bench: Bench, acme: Org) -> None:
    """An error somebody else resynced in between is one the bridge does not know any more."""
    ids = permission_errors(acme, 15)
    await bench.notify(alert())
    job = await bench.claim()
    await bench.batches.list_records(job, [Listed(each, each) for each in (*ids, "e999")], 64, bench.clock.time())
    await bench.jobs.postpone(job, bench.clock.time(), 0.0, 0, "", "")
    for _attempt in range(job.max_attempts):
        await bench.work()
        await bench.later(3600)
    (done,) = await bench.listed()
    assert (done["state"], done["records"]) == ("partly_failed", records(succeeded=15, failed=1))


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


async def test_a_rejected_record_is_taken_the_next_time(open_on: OpenBench, config: Config, acme: Org) -> None:
    """What the bridge did not take needs no cooldown: a minute later it is asked for again, by the same job."""
    permission_errors(acme, 1, cause="a trigger")
    async with open_on(config) as bench:
        await bench.poll()
        acme.suspend("salesforce_org_locked")  # after the poll: the worker does not know yet
        await bench.notify(alert(fingerprint="first"))
        await bench.work()
        acme.suspension = None
        await bench.later(60)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=1))


async def test_rejected_attempts_count_towards_the_maximum_of_a_day(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """A job that could do nothing with a record five times leaves none for the next, while the alert goes on."""
    acme.add_errors("other", "unknown", 3)
    async with open_on(config, make_action=Answering) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other", fingerprint="first"))
        for _attempt in range(5):
            await bench.work()
            await bench.later(3600)
        await bench.notify(sync_errors("other", fingerprint="second"))
        await bench.work()
        assert await bench.refusals() == [("SyncErrors", "max_attempts")]


async def test_two_jobs_never_name_the_same_record(bench: Bench, acme: Org) -> None:
    """What one has listed and not sent yet is as good as resynced for the next."""
    permission_errors(acme, 300)
    await bench.notify(alert(fingerprint="first"))
    await bench.work()
    await bench.notify(alert(fingerprint="second"))
    await bench.work()
    assert await bench.refusals() == [("FieldPermissionsMissing", "cooldown")]
    await bench.work_off()
    assert set(acme.resyncs.records.values()) == {1}


async def test_a_record_that_may_have_been_resynced_is_taken_for_it(
    open_on: OpenBench, config: Config, acme: Org, world: World
) -> None:
    """The answer was lost, and the job cancelled before anybody could look: what it may have cost counts, and when the
    error is back the next job leaves the record alone for its cooldown."""
    permission_errors(acme, 3, cause="a trigger")

    async def answer_is_lost() -> None:
        raise UpstreamTimeout("POST /resync: no complete answer within 10 s")

    async with open_on(config, make_action=lambda client: Interrupted(client, answer_is_lost)) as bench:
        await bench.poll()
        await bench.notify(alert(fingerprint="first"))
        await bench.work()
        assert await bench.crew.orders.cancel(1)
        assert (await bench.listed())[0]["records"] == records(failed=3)
        assert await bench.batches.sent_since("acme", 0.0) == 3
        world.tick()
        await bench.later(60)
        await bench.notify(alert(fingerprint="second"))
        await bench.work()
        assert await bench.refusals() == [("FieldPermissionsMissing", "cooldown")]
        assert acme.resyncs.requests == 1


# --- failures in between


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
        assert (job["state"], job["failures"], job["records"]) == ("done", 0, records(succeeded=25))
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


async def test_once_the_cause_is_gone_refused_attempts_are_forgotten(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """The alert has resolved, which it does once: what was refused all day is asked for now."""
    ids = acme.add_errors("other", "unknown", 3)
    async with open_on(config, make_action=Answering) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other"))
        for _attempt in range(5):
            await bench.work()
            await bench.later(3600)
        await bench.notify(alert("HubSpotSalesforceOrgLocked", fingerprint="resolved"))
        await bench.work()
        job, _first = await bench.listed()
        assert (ids[1], job["planned_records"], job["state"]) == ("e2", 1, "queued")
