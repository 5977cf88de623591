"""``poll`` and ``errors`` as real processes against a real simulator."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program, simulator_program, write_exporter_config
from tests.pages import Page

SECONDS = 30.0
FORMULA = "=HYPERLINK(1)"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A running simulator and a configuration for it."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    async with running(simulator_program(stage), stage.folder / "simulator.log"):
        yield stage


async def run(stage: Stage, command: str, *arguments: str) -> Ended:
    """A command to its end, on a terminal of 80 columns."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter", command, f"--config.file={stage.folder / 'exporter.yml'}", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "80"},
    )
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


async def act(stage: Stage, verb: str, **body: Any) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(f"{stage.simulator}/control/{ORG}/{verb}", json=body)).raise_for_status()


def change_config(stage: Stage, **more: Any) -> None:
    """Other settings of the one integration; ``None`` takes a setting away."""
    file = stage.folder / "exporter.yml"
    config = yaml.safe_load(file.read_text())
    entry = {**config["integrations"][0], **more}
    config["integrations"][0] = {key: value for key, value in entry.items() if value is not None}
    file.write_text(yaml.safe_dump(config))


def assert_one_line(ended: Ended, said: str) -> None:
    """A failure that was said: 1, one line, nothing on standard output."""
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1), ended.err
    assert ended.err.startswith("error: ")
    assert said in ended.err


class TestPoll:
    async def test_one_round_is_printed(self, stage: Stage) -> None:
        """Every source, as Prometheus reads it; 0."""
        ended = await run(stage, "poll")
        assert (ended.code, ended.err) == (0, "")
        page = Page(ended.out)
        assert len([series for series in page.samples if series[0] == "hubspot_salesforce_source_up"]) == 6
        assert page.value("suspended", integration=ORG) == 0
        check = await asyncio.create_subprocess_exec(
            *("promtool", "check", "metrics"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        complaints, _ = await check.communicate(ended.out.encode())
        assert (check.returncode, complaints) == (0, b"")

    async def test_a_source_that_fails(self, stage: Stage) -> None:
        """1, with its ``source_up`` at 0, a line in the log, and all the others printed."""
        await act(stage, "fault", api="bridge", fault="unauthorized")
        ended = await run(stage, "poll", ORG)
        page = Page(ended.out)
        assert ended.code == 1
        assert page.value("source_up", integration=ORG, source="sync_health") == 0
        assert page.value("source_up", integration=ORG, source="salesforce_limits") == 1
        assert "poll failed" in ended.err
        assert "Traceback" not in ended.err

    async def test_a_name_nobody_has(self, stage: Stage) -> None:
        """The names there are."""
        assert_one_line(await run(stage, "poll", "gamma"), f"no integration is called 'gamma'; there are: {ORG}")

    async def test_beside_a_running_exporter(self, stage: Stage) -> None:
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


class TestErrors:
    async def test_the_three_formats(self, stage: Stage) -> None:
        """A table of 80 columns, CSV with harmless formulas, JSON as it was; one category where one is named."""
        common = {"error_type": "option_limit_exceeded", "affected_records": 7}
        await act(stage, "add-errors", category="picklists", count=3, details=FORMULA, **common)
        await act(stage, "add-errors", category="other", error_type="unknown", count=2)
        table = await run(stage, "errors", ORG)
        assert (table.code, table.err) == (0, "")
        assert max(map(len, table.out.splitlines())) <= 80
        assert "contacts/" in table.out.replace("\n", "")
        text = await run(stage, "errors", ORG, "--format=csv", "--category=picklists")
        rows = list(csv.DictReader(io.StringIO(text.out, newline="")))
        assert [(row["details"], row["affected_records"]) for row in rows] == [(f"'{FORMULA}", "7")] * 3
        told = await run(stage, "errors", ORG, "--format=json")
        assert len(json.loads(told.out)) == 5
        assert {row["details"] for row in json.loads(told.out) if row["category"] == "picklists"} == {FORMULA}

    async def test_what_cannot_be_asked_is_said(self, stage: Stage) -> None:
        """An unknown name, a bridge that refuses, one that is down, none at all: a line each, 1."""
        assert_one_line(await run(stage, "errors", "gamma"), f"no integration is called 'gamma'; there are: {ORG}")
        await act(stage, "fault", api="bridge", fault="unauthorized")
        assert_one_line(await run(stage, "errors", ORG), "GET /acme/bridge/sync-errors: status 401")
        nobody = {"url": f"http://127.0.0.1:{free_port()}", "token_file": "bridge-token"}
        change_config(stage, sync_health=nobody)
        assert_one_line(await run(stage, "errors", ORG), "ConnectError")
        change_config(stage, sync_health=None)
        assert_one_line(await run(stage, "errors", ORG), "sync_health.url is not configured")
