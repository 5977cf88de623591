"""Signals of the running process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import yaml

from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program, simulator_program, write_exporter_config
from tests.pages import Page


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.02)


async def test_sighup_reloads(tmp_path: Path) -> None:
    """A bad file changes nothing but the gauge; a good one is applied without a restart or a new login; the process
    ends with 0 when it is told to."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    file = write_exporter_config(stage)
    good = file.read_text()
    async with (
        running(simulator_program(stage), tmp_path / "simulator.log"),
        running(exporter_program(stage), tmp_path / "exporter.log") as exporter,
        httpx.AsyncClient(trust_env=False) as http,
    ):

        async def page() -> Page:
            return Page((await http.get(f"{stage.exporter}/metrics")).text)

        async def logins() -> int:
            return int((await http.get(f"{stage.simulator}/control/{ORG}")).json()["requests"]["token"])

        async def reloaded_as(value: float) -> bool:
            return (await page()).value("config_last_reload_successful") == value

        before = await logins()
        requests = (await page()).value("upstream_requests_total", integration=ORG, api="bridge") or 0
        file.write_text(good + "\ncolour: red\n")
        exporter.send_signal(signal.SIGHUP)
        await until(lambda: reloaded_as(0))
        data = yaml.safe_load(good)
        second = {**data["integrations"][0], "name": "second"}
        file.write_text(yaml.safe_dump({**data, "integrations": [*data["integrations"], second]}))
        exporter.send_signal(signal.SIGHUP)
        await until(lambda: reloaded_as(1))

        async def second_is_read() -> bool:
            up = (await page()).value("source_up", integration="second", source="sync_health")
            return up == 1

        await until(second_is_read)
        assert ((await page()).value("upstream_requests_total", integration=ORG, api="bridge") or 0) >= requests > 0
        file.write_text(good)
        exporter.send_signal(signal.SIGHUP)

        async def second_is_gone() -> bool:
            return not (await page()).series(integration="second")

        await until(second_is_gone)
        # The second integration logged in once, the first never again.
        assert await logins() <= before + 1
        refused = await http.post(f"{stage.exporter}/-/reload")
        assert refused.status_code == 403
        exporter.terminate()
        async with asyncio.timeout(10):
            assert await exporter.wait() == 0
    log = (tmp_path / "exporter.log").read_text()
    assert "configuration not reloaded" in log
    assert "colour" in log
    assert "Traceback" not in log
