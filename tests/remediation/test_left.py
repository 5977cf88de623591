"""A job that is left before its end, because who works on it has to go; and one that is taken up by its number."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.remediation.actions.bridge import BridgeResync
from exporter.store.job import Job
from tests.remediation.at_work import Interrupted, permission_errors, records
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert


async def only_job(bench: Bench) -> int:
    (job,) = await bench.listed()
    return int(job["id"])


async def test_it_goes_back_after_the_request_that_is_under_way(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Nothing is in doubt, and whoever comes next sends only what was not sent."""
    permission_errors(acme, 25)
    benches: list[Bench] = []

    async def leave() -> None:
        benches[0].crew.waiting.stop()

    async with open_on(config, make_action=lambda client: Interrupted(client, leave)) as bench:
        benches.append(bench)
        await bench.poll()
        await bench.notify(alert())
        assert await bench.worker.work_on(await only_job(bench))
        (job,) = await bench.listed()
        assert (job["state"], job["message"]) == ("queued", "interrupted")
        assert job["records"] == records(succeeded=10, pending=15)
    async with open_on(config) as bench:
        await bench.poll()
        assert await bench.worker.work_on(await only_job(bench))
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=25))
    assert acme.resyncs.records.total() == 25


async def test_who_cannot_wait_puts_it_back_at_once(open_on: OpenBench, config: Config, acme: Org) -> None:
    """The request under way is in doubt then, as after a crash; nobody has to wait until a lease runs out."""
    permission_errors(acme, 5)
    sending = asyncio.Event()

    class Hangs(BridgeResync):
        async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
            sending.set()
            await asyncio.Event().wait()
            return await super().resync(error_ids, job)

    async with open_on(config, make_action=Hangs) as bench:
        await bench.poll()
        await bench.notify(alert())
        working = asyncio.create_task(bench.worker.work_on(await only_job(bench)))
        await sending.wait()
        working.cancel()
        await asyncio.wait([working])
        assert working.cancelled()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("queued", records(sending=5))
    async with open_on(config) as bench:
        await bench.poll()
        assert await bench.worker.work_on(await only_job(bench))
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=5))


async def test_only_the_job_that_is_named_is_taken_up(bench: Bench, acme: Org) -> None:
    """Not one that has ended, nor one that somebody else is at, nor one that there is not."""
    permission_errors(acme, 1)
    await bench.notify(alert())
    number = await only_job(bench)
    assert not await bench.worker.work_on(number + 1)
    claimed = await bench.claim()
    assert not await bench.worker.work_on(number)
    await bench.jobs.postpone(claimed, bench.clock.time(), 0.0, 0, "", "")
    assert await bench.worker.work_on(number)
    assert not await bench.worker.work_on(number)


async def test_only_the_job_that_is_named_is_looked_at(bench: Bench, acme: Org) -> None:
    """Of others it stays open what was cured: they may be of an integration that is not at hand."""
    permission_errors(acme, 1)
    await bench.notify(alert())
    number = await only_job(bench)
    await bench.work()
    assert not await bench.crew.prover.look(number)
    await bench.later(120)
    assert not await bench.crew.prover.look(number + 1)
    assert await bench.crew.prover.look(number)
    assert not await bench.crew.prover.look(number)
