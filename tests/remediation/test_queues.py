"""The queues of jobs as metrics show them."""

from __future__ import annotations

import asyncio

from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.remediation.queues import QUEUE_LOOK
from tests.remediation.at_work import DEADLINE, permission_errors, running
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert


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
