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


async def upload(bench: Bench, acme: Org) -> None:
    """The errors of the simulated page, as somebody exports them."""
    rows = [
        f"{error.object_type},{error.hubspot_id},{error.error_type}"
        for error in acme.errors.page(None, None, None, 100)
    ]
    content = "\n".join(["Object type,HubSpot ID,Error type", *rows, ""])
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
    await upload(bench, acme)
    await bench.poll()
    clock.advance(60)
    await bench.notify(sync_errors("other"))
    await pass_when_idle(bench.work(), clock, bench.jobs, bench.batches)
    assert [(job["action"], job["records"]) for job in await bench.listed()] == [("touch", records(succeeded=3))]
    world.tick()
    assert len(acme.errors) == 0
    await look(bench, bench.verify_after)
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}
    await upload(bench, acme)
    await look(bench, 3600)
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}
