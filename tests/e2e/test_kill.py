"""``serve`` killed with SIGKILL in the middle of a resync of 1,000 errors."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program, simulator_program, write_exporter_config

T = TypeVar("T")

ERRORS = 1000
REQUESTS = ERRORS // 100
DEADLINE = 40.0

NOTIFICATION = {
    "version": "4",
    "status": "resolved",
    "receiver": "hubspot-salesforce-resync",
    "alerts": [
        {
            "status": "resolved",
            "labels": {"alertname": "HubSpotSalesforceFieldPermissionsMissing", "integration": ORG},
            "startsAt": "2026-11-21T10:00:00Z",
            "fingerprint": "0123456789abcdef",
        }
    ],
}


class World:
    """The simulated companies, seen and changed from outside."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient) -> None:
        self._control = f"{stage.simulator}/control/{ORG}"
        self._http = http

    async def act(self, verb: str, body: dict[str, Any]) -> None:
        (await self._http.post(f"{self._control}/{verb}", json=body)).raise_for_status()

    async def resyncs(self) -> dict[str, Any]:
        answer = await self._http.get(f"{self._control}/resyncs")
        answer.raise_for_status()
        resyncs: dict[str, Any] = answer.json()
        return resyncs


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A simulator that stays up; the exporter is started and killed by the test."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    async with running(simulator_program(stage), tmp_path / "simulator.log"):
        yield stage


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        yield client


@pytest.mark.parametrize("after_requests", [0, 1, 5, REQUESTS - 1], ids=lambda number: f"after-{number}-requests")
async def test_a_resync_survives_a_kill(stage: Stage, http: httpx.AsyncClient, after_requests: int) -> None:
    """After a kill at any moment the job goes on: every error is resynced, and none twice."""
    world = World(stage, http)
    # Enough for what a thousand records may cost: the job is not to wait for the use to be counted anew.
    for quota in ("allocation", "limit"):
        await world.act(quota, {"calls": 100 * ERRORS})
    await world.act(
        "add-errors", {"category": "permissions", "error_type": "salesforce_field_permissions", "count": ERRORS}
    )
    log = stage.folder / "exporter.log"
    async with running(exporter_program(stage), log) as first:
        await post_notification(stage, http)
        await until(lambda: sent_requests(world, after_requests))
        first.send_signal(signal.SIGKILL)
        await first.wait()
    async with running(exporter_program(stage), log):
        job = await until(lambda: finished_job(stage, http))
    resynced = await world.resyncs()
    assert job is not None
    assert job["state"] == "done"
    assert job["records"] == {"pending": 0, "sending": 0, "succeeded": ERRORS, "failed": 0}
    assert len(resynced["records"]) == ERRORS
    assert resynced["largest_request"] <= 100
    assert resynced["requests"] == REQUESTS
    assert set(resynced["records"].values()) == {1}


async def post_notification(stage: Stage, http: httpx.AsyncClient) -> None:
    token = (stage.folder / "webhook-token").read_text()
    answer = await http.post(
        f"{stage.exporter}/alertmanager/webhook", json=NOTIFICATION, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 202


async def sent_requests(world: World, at_least: int) -> bool:
    resyncs = await world.resyncs()
    return bool(resyncs["requests"] >= at_least)


async def finished_job(stage: Stage, http: httpx.AsyncClient) -> dict[str, Any] | None:
    listing = (await http.get(f"{stage.exporter}/api/v1/resyncs")).json()
    assert len(listing["jobs"]) == 1
    job: dict[str, Any] = listing["jobs"][0]
    return job if job["finished_at"] else None


async def until(look: Callable[[], Awaitable[T]]) -> T:
    """What ``look`` returns once it is true; fails after ``DEADLINE`` seconds."""
    async with asyncio.timeout(DEADLINE):
        while not (seen := await look()):
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.005)
        return seen
