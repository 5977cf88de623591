"""The circuit breaker: what the first batches of a large job have to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import UpstreamTimeout
from exporter.remediation.actions.bridge import BridgeResync
from exporter.store.job import Job
from tests.remediation.at_work import permission_errors, records
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert


async def test_a_large_job_stops_until_its_first_batches_have_cured_something(bench: Bench, acme: Org) -> None:
    """Two requests, then nothing until it can be seen what they did; the rest follows, and nobody is asked twice."""
    permission_errors(acme, 1000)
    await bench.notify(alert())
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("queued", records(succeeded=200, pending=800))
    assert job["message"] == "the first batches are sent; it goes on once they have cured something"
    await bench.later(bench.verify_after - 1)
    assert await bench.work() == 0
    await bench.later(1)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("done", records(succeeded=1000))
    assert (acme.resyncs.requests, set(acme.resyncs.records.values())) == (10, {1})


async def test_a_job_whose_first_batches_cure_nothing_ends(bench: Bench, acme: Org, world: World) -> None:
    """The cause is still there, whatever the alert said: every error is back, so the rest is not sent at all."""
    permission_errors(acme, 1000, cause="a trigger")
    await bench.notify(alert())
    await bench.work()
    world.tick()
    await bench.later(bench.verify_after)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["message"]) == ("failed", "stopped: none of the first 200 records is cured")
    assert job["records"] == records(succeeded=200, failed=800)
    assert await bench.refusals() == [("FieldPermissionsMissing", "circuit_open")]
    assert acme.resyncs.requests == 2
    assert bench.sample("resync_refusals_total", reason="circuit_open") == 1


async def test_one_cured_record_is_enough(bench: Bench, acme: Org, world: World) -> None:
    """Some errors may have a cause of their own."""
    permission_errors(acme, 1)
    permission_errors(acme, 400, cause="a trigger")
    await bench.notify(alert())
    await bench.work()
    world.tick()
    await bench.work_off()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("done", records(succeeded=401))


async def test_a_job_none_of_whose_first_records_is_accepted_ends(bench: Bench, acme: Org) -> None:
    """HubSpot refuses them all, as while it is suspended for a moment that nobody has seen."""
    permission_errors(acme, 1000)
    acme.suspend("salesforce_org_locked")  # after the poll: the worker does not know yet
    await bench.notify(alert())
    await bench.work()
    acme.suspension = None
    await bench.work_off()
    (job,) = await bench.listed()
    assert (job["state"], job["message"]) == ("failed", "stopped: none of the first records was accepted")
    assert job["records"] == records(failed=1000)


async def test_a_job_of_two_batches_has_no_trial(bench: Bench, acme: Org) -> None:
    """It is over before there is anything to see."""
    permission_errors(acme, 200)
    await bench.notify(alert())
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["trial"]) == ("done", "")


async def test_a_trial_survives_a_bridge_that_is_away(bench: Bench, acme: Org) -> None:
    """Nobody can say what the first batches did, so the job waits; then it goes on."""
    permission_errors(acme, 300)
    await bench.notify(alert())
    await bench.work()
    bench.clock.advance(bench.verify_after)
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["trial"], job["failures"]) == ("queued", "sent", 1)
    acme.faults.clear()
    await bench.later(60)
    await bench.work()
    assert (await bench.listed())[0]["state"] == "done"


async def test_answers_that_are_lost_say_nothing_of_a_cure(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Two requests that time out are two failures, and no trial: the job goes on."""
    permission_errors(acme, 1000)

    class Slow(BridgeResync):
        asked = 0

        async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
            self.asked += 1
            if self.asked < 3:
                raise UpstreamTimeout("POST /resync: no complete answer within 10 s")
            return await super().resync(error_ids, job)

    async with open_on(config, make_action=Slow) as bench:
        await bench.poll()
        await bench.notify(alert())
        for _ in range(3):
            await bench.work()
            await bench.later(60)
        await bench.work_off()
        (job,) = await bench.listed()
        assert (job["state"], job["failures"], job["records"]) == ("done", 0, records(succeeded=1000))


async def test_failures_count_since_something_was_answered(open_on: OpenBench, config: Config, acme: Org) -> None:
    """A long job on a bad line goes on: every second request fails, and none of those ends it."""
    permission_errors(acme, 2500)

    class BadLine(BridgeResync):
        on_trial = False
        asked = 0

        async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
            self.asked += 1
            if self.asked % 2:
                raise UpstreamTimeout("POST /resync: no complete answer within 10 s")
            return await super().resync(error_ids, job)

    async with open_on(config, make_action=BadLine) as bench:
        await bench.poll()
        await bench.notify(alert())
        for _ in range(26):
            await bench.work()
            await bench.later(30)
        assert (await bench.listed())[0]["records"] == records(succeeded=2500)
