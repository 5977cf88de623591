"""``serve`` is told to end in the middle of a resync, and while somebody asks it something."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from exporter.demo.processes import Program, free_port, running
from exporter.signals import LONGEST_END
from tests.commands.program import COMMAND
from tests.conftest import WEBHOOK_TOKEN
from tests.remediation.payloads import alert, notification
from tests.slow_bridge import SlowBridge, slow_bridge

HEADERS = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
SECONDS = 20.0


@pytest.fixture
async def bridge() -> AsyncIterator[SlowBridge]:
    async with slow_bridge() as bridge:
        yield bridge


@pytest.fixture
def exporter(bridge: SlowBridge, tmp_path: Path) -> Program:
    """Of one integration with that bridge."""
    (tmp_path / "token").write_text(WEBHOOK_TOKEN)
    config = {
        "store": "sqlite:///exporter.db",
        "integrations": [{"name": "acme", "sync_health": {"url": bridge.url, "token_file": "token"}}],
        "remediation": {"webhook_token_file": "token"},
    }
    file = tmp_path / "exporter.yml"
    file.write_text(yaml.safe_dump(config))
    port = free_port()
    command = (*COMMAND, "serve", f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}")
    return Program("exporter", command, f"http://127.0.0.1:{port}/-/ready")


@contextlib.asynccontextmanager
async def resyncing(
    exporter: Program, bridge: SlowBridge, folder: Path
) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    """The process, in the middle of a request, and a client of it."""
    async with (
        running(exporter, folder / "exporter.log") as process,
        httpx.AsyncClient(base_url=exporter.ready_url.removesuffix("/-/ready"), trust_env=False) as http,
    ):
        answer = await http.post("/alertmanager/webhook", json=notification(alert()), headers=HEADERS)
        assert answer.status_code == 202
        async with asyncio.timeout(SECONDS):
            await bridge.asked.wait()
        yield process, http


def jobs(folder: Path) -> list[tuple[str, str | None]]:
    """State of each job, and the outcome of its one record."""
    with contextlib.closing(sqlite3.connect(folder / "exporter.db")) as store:
        return store.execute("SELECT state, outcome FROM jobs LEFT JOIN job_records ON job_id = jobs.id").fetchall()


async def test_what_is_under_way_comes_to_its_end_first(exporter: Program, bridge: SlowBridge, tmp_path: Path) -> None:
    """Told to end it is not ready any more, but still answers, also who asks anew; it takes and keeps a notification,
    waits for its request and records what came of it. Then it ends with 0."""
    async with resyncing(exporter, bridge, tmp_path) as (process, http):
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            while (await http.get("/-/ready")).status_code != 503:  # noqa: ASYNC110  the signal takes its time
                await asyncio.sleep(0.01)
        assert (await http.get("/-/ready")).text == "hubspot-salesforce-exporter is about to end.\n"
        assert (await http.get("/metrics")).status_code == 200
        more = notification(alert(fingerprint="another"))
        assert (await http.post("/alertmanager/webhook", json=more, headers=HEADERS)).status_code == 202
        bridge.go.set()
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
    assert jobs(tmp_path) == [("done", "succeeded"), ("queued", None)]
    log = (tmp_path / "exporter.log").read_text()
    assert "event=stopping" in log
    assert "event=stopped" in log
    assert "Traceback" not in log


async def test_what_takes_too_long_is_left(exporter: Program, bridge: SlowBridge, tmp_path: Path) -> None:
    """The job is back in the queue, with a record of which the next process finds out what became of it."""
    async with resyncing(exporter, bridge, tmp_path) as (process, _):
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
        assert time.monotonic() - began < LONGEST_END
    assert jobs(tmp_path) == [("queued", "sending")]


async def test_who_waits_is_told(exporter: Program, bridge: SlowBridge, tmp_path: Path) -> None:
    """Of an answer that does not come in time: ask again later. That is no bug, and the log says what it was."""
    bridge.list.clear()
    async with (
        running(exporter, tmp_path / "exporter.log") as process,
        httpx.AsyncClient(
            base_url=exporter.ready_url.removesuffix("/-/ready"), trust_env=False, timeout=SECONDS
        ) as http,
        asyncio.TaskGroup() as tasks,
    ):
        waiting = tasks.create_task(http.get("/api/v1/sync-errors", params={"integration": "acme"}))
        async with asyncio.timeout(SECONDS):
            await bridge.listing.wait()
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
            answer = await waiting
        bridge.list.set()
    assert (answer.status_code, "ask again later" in answer.text, "X-Request-ID" in answer.headers) == (503, True, True)
    log = (tmp_path / "exporter.log").read_text()
    assert 'event="request cut off" path=/api/v1/sync-errors' in log
    assert "Traceback" not in log
    assert "Cancel " not in log


async def test_told_twice_it_ends_at_once(exporter: Program, bridge: SlowBridge, tmp_path: Path) -> None:
    """Nothing is lost by that either: the next process takes over."""
    async with resyncing(exporter, bridge, tmp_path) as (process, http):
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(SECONDS):
            while (await http.get("/-/ready")).status_code != 503:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(2):
            assert await process.wait() == 0
    assert jobs(tmp_path) == [("running", "sending")]
    assert 'event="stopped at once" why=SIGINT' in (tmp_path / "exporter.log").read_text()
