"""An exporter with a store in trouble: in the middle of a resync, and notified by a real Alertmanager of another."""

from __future__ import annotations

import contextlib
import re
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import yaml

from exporter.demo.processes import running
from exporter.demo.stage import ORG, Stage, exporter_program, plan_stage, simulator_program, write_exporter_config
from tests.alertmanager.conftest import Running, running_alertmanager
from tests.alertmanager.labels import Labels
from tests.pages import Page
from tests.ready import until

ANSWER = 10.0
"""Seconds that Alertmanager waits."""

LATENCY = 0.3
"""Seconds that the simulator takes for an answer: so something is under way when the trouble begins."""


@dataclass(frozen=True)
class Errors:
    """What an alert is about, and a job resyncs."""

    category: str
    error_type: str
    count: int

    @property
    def labels(self) -> Labels:
        return {"alertname": "HubSpotSalesforceSyncErrors", "integration": ORG, "category": self.category}


UNDER_WAY = Errors("associations", "waiting_for_account_to_sync", 120)
"""Two requests, of which the first has been sent when the trouble begins."""
NOTIFIED = Errors("other", "unknown", 150)
"""Of which Alertmanager tells while it lasts."""


class Scene:
    """Simulator and Alertmanager run; the exporter is started once or several times."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient, alertmanager: Running) -> None:
        self._stage = stage
        self._http = http
        self._alertmanager = alertmanager

    def exporter(self, within: Sequence[str] = ()) -> AbstractAsyncContextManager[Process]:
        """``within`` is what it is started with."""
        program = exporter_program(self._stage)
        return running(replace(program, command=(*within, *program.command)), self._stage.folder / "exporter.log")

    async def resync_under_way(self) -> None:
        """A request of it has been sent, and is not answered yet."""
        # Enough for what they may cost: no job is to wait for the use to be counted anew.
        for quota in ("allocation", "limit"):
            await self._act(quota, {"calls": 1_000_000})
        await self._happen(UNDER_WAY)
        await until(self._requests, lambda count: count >= 1)

    async def in_trouble(self, said: str) -> None:
        """Alertmanager is told to try again, and whoever asks what is wrong; everything else goes on."""
        why = await until(self.not_ready, lambda why: why is not None)
        assert re.fullmatch(rf"The store cannot be used: ({said})\.\n", why or ""), why
        await until(self._store_up, lambda up: up == 0)
        await self._happen(NOTIFIED)
        await until(lambda: self._notified("unavailable"), lambda count: count is not None and count > 0)
        before = await self._read_at()
        # A replica that cannot write waits for the lease of what was under way, and half a minute for others.
        await until(self._read_at, lambda read_at: read_at != before, seconds=240)
        assert await self.not_ready() is not None

    async def over(self) -> None:
        """Both jobs are done, every record once."""
        await until(self.not_ready, lambda why: why is None)
        await until(self._store_up, lambda up: up == 1)
        jobs = await until(self._jobs, lambda jobs: len(jobs) == 2 and all(job["finished_at"] for job in jobs))
        done = [("done", errors.count) for errors in (NOTIFIED, UNDER_WAY)]
        assert [(job["state"], job["records"]["succeeded"]) for job in jobs] == done
        resyncs = (await self._http.get(f"{self._stage.simulator}/control/{ORG}/resyncs")).json()["records"]
        assert sorted(resyncs.values()) == [1] * (UNDER_WAY.count + NOTIFIED.count)

    async def not_ready(self) -> str | None:
        """Why it is not ready, ``None`` if it is."""
        answer = await self._http.get(f"{self._stage.exporter}/-/ready")
        assert answer.status_code in {200, 503}
        return None if answer.status_code == 200 else answer.text

    async def _happen(self, errors: Errors) -> None:
        body = {"category": errors.category, "error_type": errors.error_type, "count": errors.count}
        await self._act("add-errors", body)
        await self._alertmanager.fire(errors.labels)

    async def _act(self, verb: str, body: dict[str, Any]) -> None:
        (await self._http.post(f"{self._stage.simulator}/control/{ORG}/{verb}", json=body)).raise_for_status()

    async def _requests(self) -> int:
        resyncs = (await self._http.get(f"{self._stage.simulator}/control/{ORG}/resyncs")).json()
        return int(resyncs["requests"])

    async def _page(self) -> Page:
        """Neither this nor the status page waits for the store."""
        with at_most(2):
            assert (await self._http.get(f"{self._stage.exporter}/")).status_code == 200
            return Page((await self._http.get(f"{self._stage.exporter}/metrics")).text)

    async def _notified(self, result: str) -> float | None:
        """How many notifications ended so."""
        return (await self._page()).value("webhook_notifications_total", result=result)

    async def _store_up(self) -> float | None:
        return (await self._page()).value("store_up")

    async def _read_at(self) -> float | None:
        """When errors were last counted."""
        name = "source_last_success_timestamp_seconds"
        return (await self._page()).value(name, integration=ORG, source="sync_health")

    async def _jobs(self) -> list[dict[str, Any]]:
        answer = await self._http.get(f"{self._stage.exporter}/api/v1/resyncs")
        jobs: list[dict[str, Any]] = answer.json().get("jobs", [])
        return jobs


@contextlib.asynccontextmanager
async def open_scene(folder: Path, store: str) -> AsyncIterator[Scene]:
    stage = plan_stage(folder)
    file = write_exporter_config(stage)
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"store": store}))
    (folder / "alertmanager").mkdir()
    simulator = simulator_program(stage)
    simulator = replace(simulator, command=(*simulator.command, f"--latency={LATENCY}"))
    async with (
        httpx.AsyncClient(trust_env=False, timeout=ANSWER) as http,
        running(simulator, folder / "simulator.log"),
        running_alertmanager(_notifying(stage), folder / "alertmanager") as alertmanager,
    ):
        yield Scene(stage, http, alertmanager)


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def _notifying(stage: Stage) -> dict[str, Any]:
    """A route as the shipped one, but everything within seconds, and an alert that goes on is not repeated."""
    webhook = {
        "url": f"{stage.exporter}/alertmanager/webhook",
        "http_config": {"authorization": {"credentials_file": str(stage.folder / "webhook-token")}},
    }
    intervals = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    return {
        "route": {"receiver": "exporter", "group_by": ["..."], **intervals},
        "receivers": [{"name": "exporter", "webhook_configs": [webhook]}],
    }
