"""The store in trouble under a real exporter that a real Alertmanager notifies."""

from __future__ import annotations

import contextlib
import re
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from exporter.demo.processes import running
from exporter.demo.stage import ORG, Stage, exporter_program, plan_stage, simulator_program, write_exporter_config
from tests.alertmanager.conftest import running_alertmanager
from tests.e2e.pgbouncer import pooled
from tests.e2e.postgresql import Server, running_server
from tests.pages import Page
from tests.ready import until

pytestmark = [pytest.mark.binaries, pytest.mark.faults]


ANSWER = 10.0
"""Seconds that Alertmanager waits."""
ERRORS = 150
LABELS = {"alertname": "HubSpotSalesforceSyncErrors", "integration": ORG, "category": "other"}


@dataclass(frozen=True)
class Trouble:
    """A store and what may happen to it, for the length of a block; ``said`` of it by ``/-/ready``."""

    store: str
    said: str
    happens: Callable[[int], AbstractContextManager[None]]
    """What it is given is the exporter's pid."""
    within: tuple[str, ...] = ()
    """What the exporter is started with."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as started:
        yield started


def full_disk(folder: Path) -> Trouble:
    """A file system of its own, which goes with the exporter, and is filled to the last byte."""
    (folder / "disk").mkdir()

    @contextlib.contextmanager
    def filled(pid: int) -> Iterator[None]:
        filler = Path(f"/proc/{pid}/root{folder}/disk/filler")
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1024))
        try:
            yield
        finally:
            filler.unlink()

    mount = f'mount -t tmpfs -o size=8m tmpfs {folder}/disk && exec "$@"'
    within = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    return Trouble("sqlite:///disk/exporter.db", r"OperationalError: database or disk is full", filled, within)


def locked_file(folder: Path) -> Trouble:
    """Another program keeps it to itself."""

    @contextlib.contextmanager
    def locked(_pid: int) -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(folder / "exporter.db")) as somebody:
            somebody.execute("BEGIN EXCLUSIVE")
            yield
            somebody.rollback()

    return Trouble("sqlite:///exporter.db", r"OperationalError: database is locked|no answer within 3 s", locked)


def no_writes(_folder: Path) -> Trouble:
    """Whatever the process writes to a file fails, its log too, as on a disk that the kernel has made read-only: files
    that are open keep a test from doing that, so it is a limit of the process that says no."""

    @contextlib.contextmanager
    def refused(pid: int) -> Iterator[None]:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    return Trouble("sqlite:///exporter.db", r"OperationalError: (disk I/O error|database or disk is full)", refused)


@pytest.mark.parametrize("made", [full_disk, no_writes, locked_file], ids=lambda made: made.__name__)
async def test_a_file_in_trouble(made: Callable[[Path], Trouble], tmp_path: Path) -> None:
    await through(made(tmp_path), tmp_path)


async def test_a_server_that_is_restarted(server: Server, tmp_path: Path) -> None:
    said = r"OperationalError: .*Connection refused.*"
    await through(Trouble(server.new_database(), said, lambda _pid: server.stopped()), tmp_path)


async def test_a_server_that_takes_no_writes(server: Server, tmp_path: Path) -> None:
    """As a standby."""
    said = r"\w+: cannot execute UPDATE in a read-only transaction"
    await through(Trouble(server.new_database(), said, lambda _pid: server.read_only()), tmp_path)


async def test_a_server_that_hangs(server: Server, tmp_path: Path) -> None:
    """Frozen: it takes connections, and answers nothing."""
    await through(Trouble(server.new_database(), r"no answer within \d s", lambda _pid: server.frozen()), tmp_path)


async def test_a_server_that_hangs_behind_a_pooler(server: Server, tmp_path: Path) -> None:
    """Which goes on answering, but for what it needs the server for."""
    with pooled(server.new_database()) as url:
        await through(Trouble(url, r"no answer within \d s", lambda _pid: server.frozen()), tmp_path)


class Watched:
    """What an exporter says of itself, asked from outside."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient) -> None:
        self._stage = stage
        self._http = http

    async def not_ready(self) -> str | None:
        """Why it is not ready, ``None`` if it is."""
        answer = await self._http.get(f"{self._stage.exporter}/-/ready")
        assert answer.status_code in {200, 503}
        return None if answer.status_code == 200 else answer.text

    async def page(self) -> Page:
        """Neither this nor the status page waits for the store."""
        with at_most(2):
            assert (await self._http.get(f"{self._stage.exporter}/")).status_code == 200
            return Page((await self._http.get(f"{self._stage.exporter}/metrics")).text)

    async def notified(self, result: str) -> float | None:
        """How many notifications ended so."""
        return (await self.page()).value("webhook_notifications_total", result=result)

    async def read_at(self) -> float | None:
        """When errors were last counted."""
        name = "source_last_success_timestamp_seconds"
        return (await self.page()).value(name, integration=ORG, source="sync_health")

    async def jobs(self) -> list[dict[str, Any]]:
        answer = await self._http.get(f"{self._stage.exporter}/api/v1/resyncs")
        jobs: list[dict[str, Any]] = answer.json()["jobs"]
        return jobs


async def through(trouble: Trouble, folder: Path) -> None:
    """While the trouble lasts Alertmanager is told to try again, and everything but the store goes on; after it the
    notification is delivered and its job is done, every record once, by the same process."""
    stage = plan_stage(folder)
    _write_config(stage, trouble.store)
    (folder / "alertmanager").mkdir()
    program = exporter_program(stage)
    program = replace(program, command=(*trouble.within, *program.command))
    async with (
        httpx.AsyncClient(trust_env=False, timeout=ANSWER) as http,
        running(simulator_program(stage), folder / "simulator.log"),
        running(program, folder / "exporter.log") as exporter,
        running_alertmanager(notifying(stage), folder / "alertmanager") as alertmanager,
    ):
        added = {"category": "other", "error_type": "unknown", "count": ERRORS}
        (await http.post(f"{stage.simulator}/control/{ORG}/add-errors", json=added)).raise_for_status()
        watched = Watched(stage, http)
        with trouble.happens(exporter.pid):
            said = await until(watched.not_ready, lambda why: why is not None)
            assert re.fullmatch(rf"The store cannot be used: ({trouble.said})\.\n", said or ""), said
            await alertmanager.fire(LABELS)
            await until(lambda: watched.notified("unavailable"), lambda count: count is not None and count > 0)
            before = await watched.read_at()
            await until(watched.read_at, lambda read_at: read_at != before)
        await until(watched.not_ready, lambda why: why is None)
        (job,) = await until(watched.jobs, lambda jobs: any(job["finished_at"] for job in jobs))
        assert (job["state"], job["records"]["succeeded"]) == ("done", ERRORS)
        resyncs = (await http.get(f"{stage.simulator}/control/{ORG}/resyncs")).json()["records"]
        assert sorted(resyncs.values()) == [1] * ERRORS
        assert await watched.notified("accepted") == 1
        assert exporter.returncode is None


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def notifying(stage: Stage) -> dict[str, Any]:
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


def _write_config(stage: Stage, store: str) -> None:
    file = write_exporter_config(stage)
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"store": store}))
