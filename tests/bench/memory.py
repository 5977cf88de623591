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
from tests.e2e.load import write_config
from tests.pages import Page


@dataclass(frozen=True, slots=True)
class Weight:
    """Resident bytes of one process: ``first`` when everything was polled once, ``scraped`` after that was also
    scraped, ``last`` after the last round; ``page`` are the bytes of the exposition text."""

    integrations: int
    first: int
    scraped: int
    last: int
    page: int


@dataclass(frozen=True, slots=True)
class Serving:
    """A process that serves."""

    pid: int
    http: httpx.AsyncClient
    integrations: int

    def resident(self) -> int:
        """Bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    async def ready(self, deadline: float) -> None:
        """Until ``/-/ready`` says so."""
        while (await self.http.get("/-/ready")).status_code != httpx.codes.OK:
            assert time.monotonic() < deadline, "not ready"
            await asyncio.sleep(1)

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
    simulator, port = free_port(), free_port()
    url = f"http://127.0.0.1:{simulator}"
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={simulator}", "--orgs=", "--records=20"),
        *(f"--more-orgs={integrations}", "--sync-interval=0", "--limit=10000000", "--searches-per-second=100"),
    )
    intervals = {source: interval or seconds for source, seconds in defaults.INTERVALS.items()}
    write_config(folder, url, integrations, intervals)
    serve = (
        "-m",
        "exporter",
        "serve",
        "--config.file=exporter.yml",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    address = f"http://127.0.0.1:{port}"
    programs = (
        Program("simulator", command, f"{url}/control/org-0001", start_seconds=120),
        Program("exporter", (sys.executable, *serve), f"{address}/-/healthy", start_seconds=600),
    )
    async with contextlib.AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(running(program, folder / f"{program.name}.log")) for program in programs
        ]
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=address, trust_env=False, timeout=60))
        yield Serving(processes[1].pid, http, integrations)


def _rounds(page: bytes, integrations: int) -> int:
    own = "".join(line + "\n" for line in page.decode().splitlines() if "poll_duration_seconds_count" in line)
    counts = [value for _, value in Page(own).samples.items()]
    return int(min(counts, default=0)) // integrations


async def weigh(folder: Path, integrations: int, rounds: int = 1, interval: float | None = None) -> Weight:
    """Runs both processes until everything was polled so many times."""
    async with serving(folder, integrations, interval) as service:
        deadline = time.monotonic() + 300 + integrations * rounds * 0.5
        await service.ready(deadline)
        first = service.resident()
        page = await service.polled(1, deadline)
        scraped = service.resident()
        if rounds > 1:
            page = await service.polled(rounds, deadline)
        return Weight(integrations, first, scraped, service.resident(), len(page))


def report(weight: Weight) -> Iterable[str]:
    """A line a figure."""
    yield f"{weight.integrations} integrations, {weight.page / 1e6:.1f} MB of exposition text"
    yield f"resident after the first round: {weight.first / 1e6:.0f} MB, once scraped {weight.scraped / 1e6:.0f} MB"
    yield f"resident after the last round: {weight.last / 1e6:.0f} MB"


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
