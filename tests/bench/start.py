"""Row f: from the start of ``serve`` to ``/-/ready``, and to its first page; what the process weighs then."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.demo.processes import free_port
from tests.bench.process import running
from tests.bench.table import Row, Target
from tests.e2e.start import Start, simulated, time_to_ready

READY = {1: Target(1.5), 1_000: Target(30.0)}
RESTARTED = Target(1.0)
RESIDENT = {1: Target(70), 1_000: Target(150)}

BARE = ("-c", "import sys, time, prometheus_client as p; p.start_http_server(int(sys.argv[1])); time.sleep(600)")
"""The least an exporter in Python can be."""


@dataclass(frozen=True, slots=True)
class Size:
    integrations: Sequence[int] = (1, 1_000)


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
        yield Row("f", f"first page, {title}, restarted", again.first_page, "s", against, bare.first_page)
        against = "prometheus_client alone"
        target = RESIDENT.get(integrations)
        yield Row("f", f"RSS when ready and scraped, {title}", fresh.resident, "MiB", against, bare.resident, target)
        yield Row("f", f"RSS when ready and scraped, {title}, restarted", again.resident, "MiB", against, bare.resident)


def _bare() -> Start:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running([*BARE, str(port)], Path(folder), port, ready="/metrics") as process,
    ):
        return Start(process.seconds, process.cpu_seconds, process.seconds, process.resident_mebibytes)


async def started(integrations: int) -> tuple[Start, Start]:
    """Fresh, and again on the same store."""
    with tempfile.TemporaryDirectory() as folder:
        async with simulated(Path(folder), integrations) as file:
            return await asyncio.to_thread(time_to_ready, file), await asyncio.to_thread(time_to_ready, file)
