"""What a running exporter weighs: ``serve`` as a process of its own, against the simulator as another.

By hand: ``python -m tests.bench.memory --integrations=1000``; ``--rounds=50`` polls everything so many times, every
``--interval`` seconds, and shows whether memory is flat.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx

from exporter.config import defaults
from exporter.demo.processes import Program, free_port, running
from tests.e2e.start import simulated
from tests.pages import Page
from tests.resources import resident


@dataclass(frozen=True, slots=True)
class Weight:
    """MiB of one process: ``first`` when everything was polled once, ``scraped`` after that was also
    scraped, ``last`` after the last round; ``page`` are the bytes of the exposition text."""

    integrations: int
    first: float
    scraped: float
    last: float
    page: int


@dataclass(frozen=True, slots=True)
class Serving:
    """A process that serves."""

    pid: int
    http: httpx.AsyncClient
    integrations: int

    async def page(self) -> bytes:
        """What Prometheus is told."""
        return (await self.http.get("/metrics")).content

    async def polled(self, rounds: int, deadline: float) -> bytes:
        """The page as of when every source of every integration was polled so many times."""
        while True:
            page = await self.page()
            if _rounds(page, self.integrations) >= rounds:
                return page
            assert time.monotonic() < deadline, "the rounds have no end"
            await asyncio.sleep(2)


@contextlib.asynccontextmanager
async def serving(folder: Path, integrations: int, interval: float | None) -> AsyncIterator[Serving]:
    """An exporter with so many integrations, every source on: at its default interval, or this one."""
    intervals = {source: interval or seconds for source, seconds in defaults.INTERVALS.items()}
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    serve = ("-m", "exporter", "serve", "--config.file=exporter.yml", f"--web.listen-address=127.0.0.1:{port}")
    program = Program(
        "exporter", (sys.executable, *serve, "--log.level=error"), f"{address}/-/ready", start_seconds=600
    )
    async with (
        simulated(folder, integrations, intervals),
        running(program, folder / "exporter.log") as process,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as http,
    ):
        yield Serving(process.pid, http, integrations)


def _rounds(page: bytes, integrations: int) -> int:
    own = "".join(line + "\n" for line in page.decode().splitlines() if "poll_duration_seconds_count" in line)
    counts = [value for _, value in Page(own).samples.items()]
    return int(min(counts, default=0)) // integrations


async def weigh(folder: Path, integrations: int, rounds: int = 1, interval: float | None = None) -> Weight:
    """Runs both processes until everything was polled so many times."""
    async with serving(folder, integrations, interval) as service:
        deadline = time.monotonic() + 300 + integrations * rounds * 0.5
        first = resident(service.pid)
        page = await service.polled(1, deadline)
        scraped = resident(service.pid)
        if rounds > 1:
            page = await service.polled(rounds, deadline)
        return Weight(integrations, first, scraped, resident(service.pid), len(page))


def report(weight: Weight) -> Iterable[str]:
    """A line a figure."""
    yield f"{weight.integrations} integrations, {weight.page / 1e6:.1f} MB of exposition text"
    yield f"resident after the first round: {weight.first:.0f} MiB, once scraped {weight.scraped:.0f} MiB"
    yield f"resident after the last round: {weight.last:.0f} MiB"


def main() -> None:
    """Prints what a process of this size weighs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--integrations", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--interval", type=float, help="seconds; default: those of each source")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weight = asyncio.run(weigh(Path(folder), options.integrations, options.rounds, options.interval))
    sys.stdout.write("\n".join([*report(weight), ""]))


if __name__ == "__main__":
    main()
