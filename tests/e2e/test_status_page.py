"""The status page in a real browser, from a real process."""

from __future__ import annotations

import asyncio
import html
import re
import struct
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from exporter.demo.processes import find_binary, free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program, simulator_program, write_exporter_config
from tests.ready import until

SECONDS = 40.0
PHONE, DESK = 390, 1200
SLOW = {"hubspot_heartbeat", "salesforce_usage_log"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """An incident: a full org, picklist errors, a bridge whose message is long. Nobody changes it."""
    folder = tmp_path_factory.mktemp("stage")
    stage = Stage(folder, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    async with running(simulator_program(stage), folder / "simulator.log"):
        async with httpx.AsyncClient(trust_env=False) as http:
            control = f"{stage.simulator}/control/{ORG}"
            await http.post(f"{control}/bridge-omits", json={"parts": ["suspension"]})
            await http.post(f"{control}/use-api-calls", json={"app": "Data loader", "calls": 3000})
            error = {"category": "picklists", "error_type": "option_limit_exceeded", "count": 1234}
            await http.post(f"{control}/add-errors", json=error)
            await http.post(f"{control}/fault", json={"api": "hubspot", "fault": "missing_scopes"})
        async with running(exporter_program(stage), folder / "exporter.log"):
            # It is ready before it has read what is slow by nature.
            await until(lambda: tried(stage), lambda sources: sources >= SLOW)
            yield stage


async def tried(stage: Stage) -> set[str]:
    """The sources that were read, or could not be."""
    async with httpx.AsyncClient(trust_env=False) as http:
        (integration,) = (await http.get(f"{stage.exporter}/api/v1/integrations")).json()["integrations"]
    return {source["source"] for source in integration["sources"]}


async def chromium(url: str, width: int, *options: str) -> bytes:
    """What headless Chromium prints; it leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *(find_binary(("chromium",)), "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--disable-background-networking", "--hide-scrollbars", f"--user-data-dir={profile}"),
            *(f"--window-size={width},2000", *options, url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(SECONDS):
                printed, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0
    return printed


def framed(page: str, width: int, folder: Path) -> str:
    """A page that shows the page in a frame of that width, for Chromium's windows are never narrower than 500 pixels;
    it measures what the frame needs, which is more than it has if one must scroll sideways."""
    file = folder / f"frame-{width}.html"
    file.write_text(
        f'<!doctype html><body style="margin:0"><iframe srcdoc="{html.escape(page)}" style="border:0" width="{width}"'
        ' height="2000" onload="document.title = this.contentDocument.documentElement.scrollWidth"></iframe>',
        encoding="utf-8",
    )
    return file.as_uri()


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG, from its header."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_what_a_person_needs_is_there(stage: Stage) -> None:
    """The state, the reason, what to do, calls with bars, errors, every source: in the document the browser made."""
    text = (await chromium(f"{stage.exporter}/", DESK, "--dump-dom")).decode()
    for wanted in (
        f'<h2><a href="/integrations/{ORG}">{ORG}</a></h2>',
        "Not suspended yet, but: Salesforce organization API limit exceeded",
        "allowed by Salesforce",
        "1,234",
        "Picklists",
        "salesforce_usage_log",
        "FAILS, never read",
        "Causes looked for",
        "1 in trouble",
    ):
        assert wanted in text, wanted
    assert text.count("<meter") >= 2


@pytest.mark.parametrize("width", [320, PHONE, DESK])
async def test_nobody_scrolls_sideways(stage: Stage, tmp_path: Path, width: int) -> None:
    """The page needs no more than the width it has, and a browser draws it."""
    async with httpx.AsyncClient(trust_env=False) as http:
        page = (await http.get(f"{stage.exporter}/")).text
    url = framed(page, width, tmp_path)
    measured = re.search(r"<title>(\d+)</title>", (await chromium(url, max(width, 500), "--dump-dom")).decode())
    assert measured is not None
    assert int(measured[1]) <= width
    picture = tmp_path / f"status-{width}.png"
    await chromium(url, max(width, 500), f"--screenshot={picture}")
    assert size_of(picture.read_bytes())[0] == max(width, 500)


async def test_a_page_that_is_too_wide_is_noticed(tmp_path: Path) -> None:
    """The measurement above means something."""
    url = framed("<div style='width:900px'>wide</div>", PHONE, tmp_path)
    measured = re.search(r"<title>(\d+)</title>", (await chromium(url, 500, "--dump-dom")).decode())
    assert measured is not None
    assert int(measured[1]) >= 900
