"""Replicas whose clocks differ: whose a job is, and when it is due, goes by the one clock of the server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.bridge import BridgeClient
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.lease import LEASE
from exporter.remediation.waiting import REFUSED_PAUSE
from exporter.store.batches import PENDING, Listed, Outcome
from exporter.store.database import Database
from exporter.store.job import NEEDS_APPROVAL, Job
from exporter.store.orders import OrderStore
from tests.clocks import ManualClock
from tests.e2e.postgresql import time_passes
from tests.remediation.bench import Bench, MakeAction, open_bench
from tests.remediation.payloads import alert
from tests.store.shelf import new_job

HOUR = 3_600.0
AHEAD_AND_BEHIND = pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["ahead", "behind"])
"""The clock of the one that dies, as the other has it."""

OpenReplica = Callable[..., contextlib.AbstractAsyncContextManager[Bench]]


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], url: str) -> Config:
    return load_config(write_config(config_data | {"store": url}))


@pytest.fixture
def replica(config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org) -> OpenReplica:
    """Opens one that has polled, with so many seconds on its clock that are not on the others'."""
    acme.add_errors("permissions", "salesforce_field_permissions", 150)

    @contextlib.asynccontextmanager
    async def opened(step: float = 0.0, make_action: MakeAction = BridgeResync) -> AsyncIterator[Bench]:
        own = ManualClock(clock.time() + step)
        async with open_bench(config, own, transport, make_action=make_action) as bench:
            await bench.poll()
            yield bench

    return opened


class Killed(BaseException):
    """As ``kill -9``: nobody sees to anything any more."""


class DyingResync(BridgeResync):
    """Sends one batch; then its process is dead."""

    def __init__(self, bridge: BridgeClient) -> None:
        super().__init__(bridge)
        self._sent = False

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        if self._sent:
            raise Killed
        self._sent = True
        return await super().resync(error_ids, job)


def resynced_once(acme: Org, count: int = 150) -> bool:
    return sorted(acme.resyncs.records.values()) == [1] * count


@AHEAD_AND_BEHIND
async def test_a_job_that_another_is_at_is_not_taken(replica: OpenReplica, url: str, step: float) -> None:
    """Signs of life are enough; without one it is taken once its lease is over, and not before."""
    async with replica() as holder, replica(step) as other:
        await holder.notify(alert())
        job = await holder.claim()
        for _ in range(3):
            time_passes(url, LEASE * 0.6)
            assert await other.worker.claim() is None
            await holder.jobs.renew(job, holder.clock.time(), LEASE)
        time_passes(url, LEASE)
        taken = await other.worker.claim()
        assert taken is not None
        assert taken.claim == job.claim + 1


@AHEAD_AND_BEHIND
async def test_who_is_at_a_job_keeps_it_when_its_clock_is_set(replica: OpenReplica, url: str, step: float) -> None:
    """Signs of life count as before: to the other it is neither lost, nor held for hours once they end."""
    async with replica() as holder, replica() as other:
        await holder.notify(alert())
        job = await holder.claim()
        holder.clock.set_by(step)
        await holder.jobs.renew(job, holder.clock.time(), LEASE)
        time_passes(url, LEASE * 0.9)
        assert await other.worker.claim() is None
        time_passes(url, LEASE * 0.1)
        assert await other.worker.claim() is not None


@AHEAD_AND_BEHIND
async def test_what_a_dead_one_was_at_goes_on(replica: OpenReplica, url: str, acme: Org, step: float) -> None:
    """When its lease is over, with what it had not sent."""
    async with replica(step, make_action=DyingResync) as dying, replica() as other:
        await dying.notify(alert())
        with pytest.raises(Killed):
            await dying.work()
        assert await other.work() == 0
        time_passes(url, LEASE)
        assert await other.work() == 1
        assert (await other.listed())[0]["state"] == "done"
    assert resynced_once(acme)


@AHEAD_AND_BEHIND
async def test_what_a_dead_one_has_accepted_is_done(replica: OpenReplica, acme: Org, step: float) -> None:
    """At once."""
    async with replica(step) as dying, replica() as other:
        await dying.notify(alert())
        assert await other.work() == 1
    assert resynced_once(acme)


@AHEAD_AND_BEHIND
async def test_what_a_dead_one_has_put_off_goes_on_in_time(
    replica: OpenReplica, url: str, acme: Org, step: float
) -> None:
    """After the pause that it has said, and not before."""
    acme.suspend("salesforce_org_locked")
    async with replica(step) as dying, replica() as other:
        await dying.notify(alert())
        assert await dying.work() == 1
        acme.clear_suspension()
        await other.poll()
        time_passes(url, REFUSED_PAUSE - 5)
        assert await other.work() == 0
        time_passes(url, 5)
        assert await other.work() == 1
        assert (await other.listed())[0]["state"] == "done"
    assert resynced_once(acme)


@AHEAD_AND_BEHIND
async def test_records_that_a_dead_one_was_to_ask_for_again(replica: OpenReplica, url: str, step: float) -> None:
    """Are asked for after the same pause."""
    async with replica(step) as dying, replica() as other:
        await dying.notify(alert())
        job = await dying.claim()
        now = dying.clock.time()
        await dying.batches.list_records(job, [Listed("e1", "contacts/1")], 4, now)
        batch = await dying.batches.begin_batch(job, 1, now, LEASE)
        assert batch is not None
        refused = {"e1": Outcome(PENDING, "busy", retry_at=now + 60)}
        await dying.batches.record(job, batch.number, refused, now, LEASE)
        left = await other.batches.left(job, other.clock.time())
        assert (left.now, left.later) == (0, 1)
        assert left.pause == pytest.approx(60, abs=5)
        time_passes(url, 60)
        assert (await other.batches.left(job, other.clock.time())).now == 1


@AHEAD_AND_BEHIND
async def test_what_somebody_has_approved_goes_on_at_once(
    replica: OpenReplica, database: Database, step: float
) -> None:
    """Whichever replica was told, whatever its clock says; as does what somebody has ordered."""
    async with replica(step) as told, replica() as other:
        await told.notify(alert())
        job = await told.claim()
        await told.jobs.postpone(job, told.clock.time(), HOUR, 0, "large", NEEDS_APPROVAL)
        assert await other.worker.claim() is None
        orders = OrderStore(database)
        assert await orders.approve(job.id, told.clock.time())
        assert await other.worker.claim(job.id) is not None
        made = await orders.order(new_job("key", "beta", status="requested"), told.clock.time())
        assert await other.worker.claim(made.job) is not None
