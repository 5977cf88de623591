"""``poll`` as a real process against a real simulator."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import yaml

from exporter.demo.processes import running
from exporter.demo.stage import ORG, Stage, exporter_program
from tests.canaries import CANARY
from tests.commands.staged import act, assert_one_line, run
from tests.pages import Page


@pytest.mark.binaries
async def test_one_round_is_printed(stage: Stage) -> None:
    """Every source, as Prometheus reads it; 0."""
    ended = await run(stage, "poll")
    assert (ended.code, ended.err) == (0, "")
    page = Page(ended.out)
    assert len([series for series in page.samples if series[0] == "hubspot_salesforce_source_up"]) == 9
    assert page.value("suspended", integration=ORG) == 0
    check = await asyncio.create_subprocess_exec(
        *("promtool", "check", "metrics"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    complaints, _ = await check.communicate(ended.out.encode())
    assert (check.returncode, complaints) == (0, b"")


async def test_the_canary_is_left_out(stage: Stage) -> None:
    """It writes to HubSpot; a round is no part of reading every source once."""
    file = stage.folder / "exporter.yml"
    config = yaml.safe_load(file.read_text())
    config["integrations"][0]["canary"] = CANARY
    file.write_text(yaml.safe_dump(config))
    ended = await run(stage, "poll")
    page = Page(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert page.value("source_up", integration=ORG, source="hubspot_heartbeat") == 1
    assert page.value("source_up", integration=ORG, source="canary") is None
    async with httpx.AsyncClient(trust_env=False) as http:
        touches = (await http.get(f"{stage.simulator}/control/{ORG}/resyncs")).json()["touches"]
    assert touches["requests"] == 0


async def test_a_source_that_fails(stage: Stage) -> None:
    """1, with its ``source_up`` at 0, a line in the log, and all the others printed."""
    await act(stage, "fault", api="bridge", fault="unauthorized")
    ended = await run(stage, "poll", ORG)
    page = Page(ended.out)
    assert ended.code == 1
    assert page.value("source_up", integration=ORG, source="sync_health") == 0
    assert page.value("source_up", integration=ORG, source="salesforce_limits") == 1
    assert "poll failed" in ended.err
    assert "Traceback" not in ended.err


async def test_a_name_nobody_has(stage: Stage) -> None:
    """The names there are."""
    assert_one_line(await run(stage, "poll", "gamma"), f"no integration is called 'gamma'; there are: {ORG}")


async def test_beside_a_running_exporter(stage: Stage) -> None:
    """On the same SQLite store both go on; the jobs of the running one are left alone."""
    async with running(exporter_program(stage), stage.folder / "exporter.log") as exporter:
        for _ in range(2):
            ended = await run(stage, "poll")
            assert (ended.code, ended.err) == (0, "")
            assert Page(ended.out).value("source_up", integration=ORG, source="sync_health") == 1
        async with httpx.AsyncClient(trust_env=False) as http:
            page = Page((await http.get(f"{stage.exporter}/metrics")).text)
        assert page.value("source_up", integration=ORG, source="sync_health") == 1
        assert exporter.returncode is None
    assert "level=error" not in (stage.folder / "exporter.log").read_text()
