"""Jobs that touch: from the alert to records that sync, and what a crash in the middle leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.remediation.actions import Ways, ways_of
from exporter.remediation.actions.touch import KIND, Touch
from exporter.store.job import Job
from tests.clocks import ManualClock
from tests.remediation.at_work import records
from tests.remediation.idle_time import open_watched, pass_when_idle
from tests.remediation.payloads import sync_errors

OTHER = ("other", "unknown")
PROPERTY = "salesforce_resync_requested_at"


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path) -> Config:
    """One integration with a bridge that resyncs, and a property that a policy may have touched."""
    acme = config_data["integrations"][0]
    del config_data["integrations"][1], acme["salesforce"]
    acme["hubspot"] = {"url": acme["sync_health"]["url"].replace("bridge", "hubspot"), "token_file": "hubspot-token"}
    acme["remediation"] = {"touch": {"property": PROPERTY}}
    policy = {"alert": "HubSpotSalesforceSyncErrors", "on": "firing"}
    config_data["remediation"]["policies"] = [
        {**policy, "categories": ["other"], "action": "touch"},
        {**policy, "categories": ["duplicates"]},
    ]
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    return load_config(write_config(config_data))


async def test_a_policy_chooses_the_action(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org, world: World
) -> None:
    """One alert's errors are touched, another's go through the bridge; each job counts by its own action."""
    acme.add_errors(*OTHER, 3)
    acme.add_errors("duplicates", "email_already_in_use", 2)
    async with open_watched(config, clock, transport, make_ways=ways_of) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other"), sync_errors("duplicates"))
        await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
        world.tick()
        assert [(job["action"], job["records"]) for job in reversed(await bench.listed())] == [
            ("touch", records(succeeded=3)),
            ("bridge", records(succeeded=2)),
        ]
        assert (acme.touches.records.total(), acme.resyncs.records.total(), len(acme.errors)) == (3, 2, 0)
        assert bench.sample("resync_records_total", action="touch", outcome="succeeded") == 3


class Cut(Touch):
    """Two records a request, three at once; after some the process is gone, in the middle of the others."""

    batch_size, lanes, on_trial = 2, 3, False
    sent = 0

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        outcomes = await super().resync(error_ids, job)
        self.sent += 1
        if self.sent > 2:  # HubSpot has written them, but nobody records it
            await asyncio.Event().wait()
        return outcomes


def _cut(connection: Connection) -> Ways:
    lister, hubspot = connection.lister, connection.hubspot
    assert lister is not None
    assert hubspot is not None
    return Ways({"touch": Cut(lister, hubspot, PROPERTY, connection.clock)}, "touch")


async def test_killed_with_requests_under_way_it_touches_those_again_and_no_other(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org, world: World
) -> None:
    """The same job's time is written the second time, so every record syncs once, and none is left."""
    acme.add_errors(*OTHER, 20)
    async with open_watched(config, clock, transport, make_ways=_cut) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other"))
        work = asyncio.create_task(bench.worker.do(await bench.claim()))
        await pass_when_idle(_until(lambda: acme.touches.requests == 5), clock, bench.jobs, bench.batches)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    async with open_watched(config, clock, transport, make_ways=ways_of) as again:
        assert KIND.name in {job["action"] for job in await again.listed()}
        await again.poll()
        await pass_when_idle(again.work(), clock, again.jobs, again.batches)
        (job,) = await again.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=20))
    assert sorted(acme.touches.records.values()) == [1] * 14 + [2] * 6
    assert len({record.written[PROPERTY] for record in acme.records.by_id.values() if record.written}) == 1
    world.tick()
    assert len(acme.errors) == 0


async def _until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not seen():  # noqa: ASYNC110  what is waited for is seen, not signalled
            await asyncio.sleep(0)


async def test_hubspots_own_quota_of_the_day_is_left_to_others_at_its_end(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org
) -> None:
    """Touching costs calls of it; what the bridge resyncs costs none."""
    acme.add_errors(*OTHER, 3)
    acme.add_errors("duplicates", "email_already_in_use", 2)
    acme.use_hubspot_calls(600_000)
    async with open_watched(config, clock, transport, make_ways=ways_of) as bench:
        await bench.poll()
        await bench.poll("hubspot_account")
        await bench.notify(sync_errors("other"), sync_errors("duplicates"))
        await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
        states = {job["action"]: (job["state"], job["refused_for"]) for job in await bench.listed()}
        assert states == {"touch": ("queued", "api_budget"), "bridge": ("done", "")}
        assert acme.touches.records.total() == 0


async def test_a_touched_record_that_nothing_has_synced_is_not_cured(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org, world: World
) -> None:
    """Its error has left the list, as one does that somebody has dismissed; the other record was synced."""
    acme.add_errors(*OTHER, 2)
    async with open_watched(config, clock, transport, make_ways=ways_of) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other"))
        await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
        dismissed = acme.errors.page(None, None, None, 1)[0]
        acme.errors.remove(dismissed)
        acme.records.waiting.pop(dismissed.hubspot_id)
        world.tick()
        await bench.later(bench.verify_after)
        await pass_when_idle(bench.crew.prover.look(), clock, bench.jobs, bench.batches)
        outcomes = ("cured", "unchanged", "came_back")
        seen = [bench.sample("resync_verified_records_total", action="touch", outcome=name) for name in outcomes]
        assert seen == [1, 1, 0]


async def test_a_record_that_was_synced_by_a_lost_request_is_cured(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org, world: World
) -> None:
    """HubSpot has synced it at once, long before anybody knew that it was touched."""
    acme.add_errors(*OTHER, 20)
    async with open_watched(config, clock, transport, make_ways=_cut) as bench:
        await bench.poll()
        await bench.notify(sync_errors("other"))
        work = asyncio.create_task(bench.worker.do(await bench.claim()))
        await pass_when_idle(_until(lambda: acme.touches.requests == 5), clock, bench.jobs, bench.batches)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    world.tick()
    clock.advance(3600)
    async with open_watched(config, clock, transport, make_ways=ways_of) as again:
        await again.poll()
        await pass_when_idle(again.work(), clock, again.jobs, again.batches)
        world.tick()
        await again.later(again.verify_after)
        await pass_when_idle(again.crew.prover.look(), clock, again.jobs, again.batches)
        assert again.sample("resync_verified_records_total", action="touch", outcome="cured") == 20
