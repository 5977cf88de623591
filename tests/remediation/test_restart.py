"""A job cut off at any step, and what the next process makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.clients.bridge import BridgeClient
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import ConnectError, StoreError
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.lease import LEASE
from exporter.remediation.waiting import LONGEST_JOB
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert
from tests.remediation.scissors import Cut, CutBatches, CutJobs, Scissors

ERRORS, BATCH_SIZE, REQUESTS = 30, 20, 2

GATE = ("cancelled", "sent_since")
BATCH = ("left", *GATE, "begin_batch", "resync", "record")
STEPS = (
    *("known", "accept", "queues", "claim", "queues", *GATE, "find", "attempts", "list_records", *GATE, "in_doubt"),
    *("left", *GATE, *(BATCH * REQUESTS), "left"),
    *("left", "by_outcome", "finish", "queues", "claim"),
)
"""What the store and the bridge are asked for, from the notification to the end of a job of two requests."""

BRIDGE_STEPS = ("find", "resync")


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]) -> Config:
    """One integration with a bridge: no more than a job needs."""
    del config_data["integrations"][1], config_data["integrations"][0]["salesforce"]
    return load_config(write_config(config_data))


class Outage(Scissors):
    """One step fails instead of being done; all others work."""

    async def perform(self, name: str, step: Callable[[], Awaitable[Any]]) -> Any:
        self.steps.append(name)
        if len(self.steps) - 1 == self._number:
            raise ConnectError("no answer") if name in BRIDGE_STEPS else StoreError("away for a moment")
        return await step()


class CutAction(Cut, BridgeResync):
    """With small batches, so that few errors make several requests."""

    batch_size = BATCH_SIZE

    def __init__(self, client: BridgeClient, scissors: Scissors) -> None:
        super().__init__(client)
        self._scissors = scissors


@contextlib.asynccontextmanager
async def open_cut(open_on: OpenBench, config: Config, scissors: Scissors) -> AsyncIterator[Bench]:
    make_jobs = functools.partial(CutJobs, scissors=scissors)
    make_batches = functools.partial(CutBatches, scissors=scissors)
    make_action = functools.partial(CutAction, scissors=scissors)
    async with open_on(config, make_jobs, make_batches, make_action) as bench:
        await bench.poll()
        scissors.armed = True
        yield bench


async def assert_all_was_done_once(bench: Bench, acme: Org, requests: int) -> None:
    """Every error was resynced, none twice, by one job in so many requests."""
    (job,) = await bench.listed()
    assert (job["state"], job["message"]) == ("done", "")
    assert job["records"] == {"pending": 0, "sending": 0, "succeeded": ERRORS, "failed": 0}
    assert len(acme.resyncs.records) == ERRORS
    assert set(acme.resyncs.records.values()) == {1}
    assert acme.resyncs.largest_request <= BATCH_SIZE
    assert acme.resyncs.requests <= requests


async def test_the_steps_of_a_job(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Undisturbed, a job of two requests takes these steps, all of which the tests below cut off in turn."""
    acme.add_errors("permissions", "salesforce_field_permissions", ERRORS)
    scissors = Scissors()
    async with open_cut(open_on, config, scissors) as bench:
        await bench.notify(alert())
        await bench.work()
        assert tuple(scissors.steps) == STEPS
        scissors.armed = False
        await assert_all_was_done_once(bench, acme, REQUESTS)


NUMBERED = [pytest.param(number, id=f"{number:02}-{name}") for number, name in enumerate(STEPS)]


@pytest.mark.parametrize("number", NUMBERED)
async def test_a_job_survives_a_kill_at_any_step(open_on: OpenBench, config: Config, acme: Org, number: int) -> None:
    """Cut off after any step, before the next: another process ends the job. No job is lost, no error is left out or
    resynced twice, and at most one request is sent again."""
    acme.add_errors("permissions", "salesforce_field_permissions", ERRORS)
    answered = False
    async with open_cut(open_on, config, Scissors(number)) as killed:
        try:
            await killed.notify(alert())
            answered = True
            await killed.work()
        except asyncio.CancelledError:
            killed.clock.advance(1)
        else:
            pytest.fail("nothing was cut off")
    async with open_cut(open_on, config, Scissors()) as second:
        if not answered:  # Alertmanager sends again what was not answered
            await second.notify(alert())
        await second.work()
        await assert_all_was_done_once(second, acme, REQUESTS + 1)


async def test_a_job_that_was_cut_off_before_its_end_has_not_failed(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """Everything was sent and answered; that the integration is suspended for a day after that is not its concern."""
    acme.add_errors("permissions", "salesforce_field_permissions", ERRORS)
    async with open_cut(open_on, config, Scissors(STEPS.index("finish"))) as killed:
        await killed.notify(alert())
        with pytest.raises(asyncio.CancelledError):
            await killed.work()
        killed.clock.advance(2 * LONGEST_JOB)
    acme.suspend("salesforce_org_locked")
    async with open_cut(open_on, config, Scissors()) as second:
        await second.work()
        await assert_all_was_done_once(second, acme, REQUESTS)


async def test_what_is_left_out_is_listed_once(open_on: OpenBench, config: Config, acme: Org, world: World) -> None:
    """Killed while the plan was being made, the next process makes it anew: its refusals still add up."""
    acme.add_errors("permissions", "salesforce_field_permissions", 2, cause="a trigger")
    scissors = Scissors()
    async with open_cut(open_on, config, scissors) as killed:
        await killed.notify(alert(fingerprint="first"))
        await killed.work()
        world.tick()
        acme.add_errors("permissions", "salesforce_field_permissions", 1)
        scissors.cut_after(STEPS.index("list_records"))
        await killed.notify(alert(fingerprint="second"))
        with pytest.raises(asyncio.CancelledError):
            await killed.work()
    async with open_cut(open_on, config, Scissors()) as second:
        await second.work()
        assert await second.refusals() == [("FieldPermissionsMissing", "cooldown")]
        newest = (await second.history.listing(None, 1))["refusals"]
        assert [row["detail"] for row in newest] == ["2 of 3 records"]


@pytest.mark.parametrize("number", NUMBERED)
async def test_a_job_survives_a_failure_of_any_step(open_on: OpenBench, config: Config, acme: Org, number: int) -> None:
    """A store or a bridge that is away for a moment costs time, at most the lease, and nothing else."""
    acme.add_errors("permissions", "salesforce_field_permissions", ERRORS)
    async with open_cut(open_on, config, Outage(number)) as bench:
        try:
            await bench.notify(alert())
        except StoreError:  # answered with 503: Alertmanager sends again
            await bench.notify(alert())
        with contextlib.suppress(StoreError):
            await bench.work()
        await bench.later(LEASE + 1)
        await bench.work()
        await assert_all_was_done_once(bench, acme, REQUESTS)
