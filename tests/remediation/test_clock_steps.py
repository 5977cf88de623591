"""What jobs do when the machine's clock is set."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.remediation.lease import LEASE
from exporter.remediation.ledger import Ledger
from exporter.remediation.waiting import REFUSED_PAUSE
from exporter.store.database import open_database
from exporter.store.job import QUEUED
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.payloads import alert

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
async def ledger(bench: Bench, config: Config) -> AsyncIterator[Ledger]:
    """Of the bench's store, as the worker has one; it has looked at the clock."""
    database = await open_database(config.store)
    opened = Ledger(database, lambda: config.remediation, bench.clock)
    await opened.follow_clock()
    yield opened
    await database.close()


@pytest.mark.parametrize("step", [HOUR, DAY, 57 * 365 * DAY])
async def test_set_forward_while_a_job_is_done(bench: Bench, acme: Org, step: float) -> None:
    """Its lease looks lost; but who does it is this process, so nobody else takes it up."""
    permission_errors(acme, 3)
    await bench.notify(alert())
    job = await bench.claim()
    bench.clock.set_by(step)
    assert await bench.jobs.claim(bench.clock.time(), LEASE, at_work={job.id}) is None
    await bench.poll()
    await bench.worker.do(job)
    assert (await bench.listed())[0]["state"] == "done"
    assert sorted(acme.resyncs.records.values()) == [1, 1, 1]


@pytest.mark.parametrize("step", [DAY, 57 * 365 * DAY])
async def test_set_forward_while_a_job_waits(bench: Bench, acme: Org, step: float) -> None:
    """Nothing is known at first, as everything was read long ago; but it has not waited for so long, and is done."""
    permission_errors(acme, 3)
    await bench.notify(alert())
    bench.clock.set_by(step)
    await bench.work()
    (job,) = await bench.listed()
    assert job["state"] == QUEUED
    await bench.later(REFUSED_PAUSE)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]["succeeded"]) == ("done", 3)


@pytest.mark.parametrize("step", [HOUR, DAY, 57 * 365 * DAY])
async def test_set_back_while_a_job_waits(bench: Bench, ledger: Ledger, acme: Org, step: float) -> None:
    """It waits as long as it would have, and what it has cured is looked at as soon."""
    permission_errors(acme, 3)
    acme.suspend("salesforce_org_locked")
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    acme.clear_suspension()
    bench.clock.set_by(-step)
    await ledger.follow_clock()
    assert await bench.work() == 0
    await bench.later(REFUSED_PAUSE)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]["succeeded"]) == ("done", 3)
    assert not await bench.crew.prover.look()
    bench.clock.set_by(-step)
    await ledger.follow_clock()
    await bench.later(2 * bench.verify_after)
    assert await bench.crew.prover.look()


@pytest.mark.parametrize("step", [HOUR, 57 * 365 * DAY])
async def test_set_back_after_a_job_was_cut_off(bench: Bench, ledger: Ledger, acme: Org, step: float) -> None:
    """The store failed in the middle of it: it goes on once its lease is over, as it would have."""
    permission_errors(acme, 3)
    await bench.notify(alert())
    await bench.claim()
    bench.clock.set_by(-step)
    await ledger.follow_clock()
    assert await bench.work() == 0
    await bench.later(LEASE)
    assert await bench.work() == 1
    assert (await bench.listed())[0]["state"] == "done"
