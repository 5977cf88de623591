"""Row f: from the start of ``serve`` to ``/-/ready``, and what the process weighs then."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.config import defaults
from exporter.demo.processes import Program, free_port
from exporter.demo.processes import running as running_program
from tests.bench.machine import pin
from tests.bench.process import running
from tests.bench.table import Row, Target
from tests.e2e.load import org_names, write_config

READY = {1: Target(1.5), 1_000: Target(30.0)}
RESTARTED = Target(1.0)
RESIDENT = {1: Target(70), 1_000: Target(150)}

BARE = ("-c", "import sys, time, prometheus_client as p; p.start_http_server(int(sys.argv[1])); time.sleep(600)")
"""The least an exporter in Python can be."""


@dataclass(frozen=True, slots=True)
class Size:
    integrations: Sequence[int] = (1, 1_000)


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds until it was ready, and MiB that it then held."""

    seconds: float
    resident: float


def rows(size: Size) -> Iterator[Row]:
    bare = _bare()
    for integrations in size.integrations:
        fresh, again = asyncio.run(started(integrations))
        title = f"{integrations:,} integration{'s' if integrations > 1 else ''}"
        against = "prometheus_client alone, answering"
        yield Row("f", f"ready, {title}, fresh", fresh.seconds, "s", against, bare.seconds,
                  READY.get(integrations), False, "ready", integrations)  # fmt: skip
        yield Row("f", f"ready, {title}, restarted", again.seconds, "s", against, bare.seconds, RESTARTED,
                  False, "restarted", integrations)  # fmt: skip
        against = "prometheus_client alone"
        target = RESIDENT.get(integrations)
        yield Row("f", f"RSS when ready, {title}", fresh.resident, "MiB", against, bare.resident, target)
        yield Row("f", f"RSS when ready, {title}, restarted", again.resident, "MiB", against, bare.resident)


def _bare() -> Started:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running([*BARE, str(port)], Path(folder), port, ready="/metrics") as process,
    ):
        return Started(process.seconds, process.resident_mebibytes)


async def started(integrations: int) -> tuple[Started, Started]:
    """Fresh, and again on the same store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _simulated(folder, integrations) as url:
            write_config(folder, url, integrations, defaults.INTERVALS)
            return await asyncio.to_thread(_serve, folder), await asyncio.to_thread(_serve, folder)


@contextlib.asynccontextmanager
async def _simulated(folder: Path, integrations: int) -> AsyncIterator[str]:
    """So many orgs, on the second core."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={port}", "--orgs=", "--records=20"),
        *(f"--more-orgs={integrations}", "--sync-interval=0", "--limit=10000000", "--searches-per-second=100"),
    )
    program = Program("simulator", command, f"{url}/control/{org_names(1)[0]}", start_seconds=120.0)
    async with running_program(program, folder / "simulator.log") as process:
        pin(process.pid, 1)
        yield url


def _serve(folder: Path) -> Started:
    port = free_port()
    arguments = [
        *("-m", "exporter", "serve", f"--config.file={folder / 'exporter.yml'}", "--log.level=error"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(arguments, folder, port) as process:
        return Started(process.seconds, process.resident_mebibytes)
