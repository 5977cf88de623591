"""Resyncs of errors that nobody lists but an export: touched, proved by the records' own syncs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.config.file import load_config
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.remediation.actions import ways_of
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN
from tests.remediation.at_work import records
from tests.remediation.bench import Bench
from tests.remediation.idle_time import open_watched, pass_when_idle
from tests.remediation.payloads import sync_errors
from tests.web.conftest import bearer


@pytest.fixture
async def bench(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    tmp_path: Path,
    clock: ManualClock,
    transport: httpx.ASGITransport,
) -> AsyncIterator[Bench]:
    """One integration without a bridge: its errors are uploaded, its records can be touched."""
    acme = config_data["integrations"][0]
    acme["hubspot"] = {"url": acme["sync_health"]["url"].replace("bridge", "hubspot"), "token_file": "hubspot-token"}
    acme |= {"remediation": {"touch": {"property": "salesforce_resync_requested_at"}}, "sync_health": {"uploads": True}}
    del config_data["integrations"][1], acme["salesforce"]
    policy = {"alert": "HubSpotSalesforceSyncErrors", "on": "firing", "categories": ["other"]}
    config_data["remediation"]["policies"] = [policy]
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    config = load_config(write_config(config_data))
    async with open_watched(config, clock, transport, make_ways=ways_of) as opened:
        yield opened


def exported(acme: Org) -> str:
    """The errors of the simulated page, as somebody exports them."""
    rows = [
        f"{error.object_type},{error.hubspot_id},{error.error_type}"
        for error in acme.errors.page(None, None, None, 100)
    ]
    return "\n".join(["Object type,HubSpot ID,Error type", *rows, ""])


async def upload(bench: Bench, content: str) -> None:
    transport = httpx.ASGITransport(bench.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
        headers = {"Content-Type": "text/csv", **bearer(WEBHOOK_TOKEN)}
        answer = await client.put("/api/v1/sync-errors/acme/other", content=content, headers=headers)
        assert answer.status_code == 200, answer.text


def verified(bench: Bench) -> dict[str, float | None]:
    outcomes = ("cured", "unchanged", "came_back")
    return {name: bench.sample("resync_verified_records_total", action="touch", outcome=name) for name in outcomes}


async def look(bench: Bench, seconds: float) -> None:
    bench.clock.advance(seconds)
    while await bench.crew.prover.look():
        pass


async def test_exported_errors_are_touched_and_proved_by_their_syncs(
    bench: Bench, acme: Org, world: World, clock: ManualClock
) -> None:
    """The export goes on listing them, and is no proof that they are unchanged. The next one is what counts."""
    acme.add_errors("other", "unknown", 3)
    await upload(bench, exported(acme))
    await bench.poll()
    clock.advance(60)
    await bench.notify(sync_errors("other"))
    await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
    assert [(job["action"], job["records"]) for job in await bench.listed()] == [("touch", records(succeeded=3))]
    world.tick()
    assert len(acme.errors) == 0
    await look(bench, bench.verify_after)
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}
    await upload(bench, exported(acme))
    await look(bench, 3600)
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}


async def resynced(bench: Bench, clock: ManualClock) -> dict[str, Any]:
    """The alert fires once more, an hour later; the job it makes."""
    clock.advance(3600)
    await bench.poll()
    await bench.notify(sync_errors("other"))
    await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
    return (await bench.listed())[0]


async def test_what_is_cured_is_not_resynced_again(bench: Bench, acme: Org, world: World, clock: ManualClock) -> None:
    """However often the alert is repeated that the old export keeps firing: it costs nothing more, and counts once."""
    acme.add_errors("other", "unknown", 3)
    await upload(bench, exported(acme))
    assert (await resynced(bench, clock))["records"] == records(succeeded=3)
    world.tick()
    await look(bench, bench.verify_after)
    for _hour in range(6):
        job = await resynced(bench, clock)
        assert (job["records"], job["message"]) == (records(), "nothing to resync")
        await look(bench, bench.verify_after)
    assert acme.touches.requests == 1
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}
    assert await bench.refusals() == [("SyncErrors", "no_records")] * 6
    (refusal, *_) = (await bench.history.listing(None, 1))["refusals"]
    assert refusal["detail"] == "3 of 3 records: cured since the export that lists them"


async def test_what_is_not_cured_is_resynced_again(bench: Bench, acme: Org, world: World, clock: ManualClock) -> None:
    """Of the same export."""
    acme.add_errors("other", "unknown", 3)
    await upload(bench, exported(acme))
    await resynced(bench, clock)
    await look(bench, bench.verify_after)
    assert verified(bench) == {"cured": 0, "unchanged": 3, "came_back": 0}
    assert (await resynced(bench, clock))["records"] == records(succeeded=3)


async def test_what_the_next_export_lists_is_resynced(
    bench: Bench, acme: Org, world: World, clock: ManualClock
) -> None:
    """Whatever was cured before: these errors came after."""
    acme.add_errors("other", "unknown", 3)
    await upload(bench, exported(acme))
    export = exported(acme)
    await resynced(bench, clock)
    world.tick()
    await look(bench, bench.verify_after)
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}
    await upload(bench, export)
    assert (await resynced(bench, clock))["records"] == records(succeeded=3)
