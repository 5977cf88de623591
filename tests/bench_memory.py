"""What a running exporter weighs: ``serve`` as a process of its own, against the simulator as another.

By hand: ``python -m tests.bench_memory --integrations=1000``; ``--rounds=50`` polls everything so many times, every
``--interval`` seconds, and shows whether memory is flat; ``--by-kind`` adds a table of what holds it, from a run in
which every allocation is traced.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import tracemalloc
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from exporter.cli import main as exporter_main
from exporter.config import defaults
from exporter.demo.processes import Program, free_port, running
from tests.e2e.load import write_config
from tests.pages import Page

KINDS = (
    ("exposition", ("exporter/exposition", "prometheus_client", "exporter/self_metrics")),
    (
        "HTTP clients",
        ("httpx", "httpcore", "anyio", "h11", "aiohttp", "httpx_aiohttp", "exporter/clients/http", "ssl.py"),
    ),
    ("clients of the APIs", ("exporter/clients", "exporter/connections", "exporter/remediation/actions")),
    ("store", ("exporter/store", "sqlalchemy", "sqlite3", "aiosqlite")),
    ("snapshots", ("exporter/state", "exporter/model")),
    ("parts of sources", ("exporter/sources",)),
    ("polling", ("exporter/polling",)),
    ("configuration", ("exporter/config", "yaml", "jsonschema", "referencing")),
    ("code", ("<frozen importlib",)),
)
"""What holds memory, by where it was allocated: the first of the callers, from within, that is one of these."""

FRAMES = 5
"""Callers that are kept of every allocation: more make a run of hundreds take an hour."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Resident bytes of one process: ``first`` when everything was polled once, ``scraped`` after that was also
    scraped, ``last`` after the last round; ``page`` are the bytes of the exposition text, ``by_kind`` traced bytes."""

    integrations: int
    first: int
    scraped: int
    last: int
    page: int
    by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Serving:
    """A process that serves; ``told`` is the file in which it says what holds its memory."""

    pid: int
    http: httpx.AsyncClient
    integrations: int
    told: Path

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

    async def by_kind(self) -> Mapping[str, int]:
        """Asks the process what holds its memory."""
        os.kill(self.pid, signal.SIGUSR1)
        while not self.told.exists():  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.5)
        kinds: dict[str, int] = json.loads(self.told.read_text(encoding="utf-8"))
        return kinds


@contextlib.asynccontextmanager
async def serving(folder: Path, integrations: int, interval: float | None, traced: bool) -> AsyncIterator[Serving]:
    """An exporter with so many integrations, every source on: at its default interval, or this one."""
    simulator, port = free_port(), free_port()
    url = f"http://127.0.0.1:{simulator}"
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={simulator}", "--orgs=", "--records=20"),
        *(f"--more-orgs={integrations}", "--sync-interval=0", "--limit=10000000", "--searches-per-second=100"),
    )
    intervals = {source: interval or seconds for source, seconds in defaults.INTERVALS.items()}
    write_config(folder, url, integrations, intervals)
    told = folder / "by-kind.json"
    way = ("-m", "tests.bench_memory", f"--trace={told}") if traced else ("-m", "exporter")
    serve = (*way, "serve", "--config.file=exporter.yml", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error")
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
        yield Serving(processes[1].pid, http, integrations, told)


def _rounds(page: bytes, integrations: int) -> int:
    own = "".join(line + "\n" for line in page.decode().splitlines() if "poll_duration_seconds_count" in line)
    counts = [value for _, value in Page(own).samples.items()]
    return int(min(counts, default=0)) // integrations


async def weigh(
    folder: Path, integrations: int, rounds: int = 1, interval: float | None = None, *, traced: bool = False
) -> Weight:
    """Runs both processes until everything was polled so many times."""
    async with serving(folder, integrations, interval, traced) as service:
        deadline = time.monotonic() + 300 + integrations * rounds * 0.5
        await service.ready(deadline)
        first = service.resident()
        page = await service.polled(1, deadline)
        scraped = service.resident()
        if rounds > 1:
            page = await service.polled(rounds, deadline)
        by_kind = await service.by_kind() if traced else {}
        return Weight(integrations, first, scraped, service.resident(), len(page), by_kind)


def report(weight: Weight) -> Iterable[str]:
    """A line a figure."""
    yield f"{weight.integrations} integrations, {weight.page / 1e6:.1f} MB of exposition text"
    yield f"resident after the first round: {weight.first / 1e6:.0f} MB, once scraped {weight.scraped / 1e6:.0f} MB"
    yield f"resident after the last round: {weight.last / 1e6:.0f} MB"
    for kind, size in sorted(weight.by_kind.items(), key=lambda entry: -entry[1]):
        yield f"{kind:<24}{size / 1e6:8.2f} MB{size / weight.integrations / 1e3:8.2f} kB an integration"


def _trace(told: Path, arguments: Sequence[str]) -> None:
    """Runs the exporter in this process; SIGUSR1 makes it say what holds its memory."""

    def tell(*_: object) -> None:
        kinds: dict[str, int] = defaultdict(int)
        for trace in tracemalloc.take_snapshot().traces:
            kinds[_kind(frame.filename for frame in reversed(trace.traceback))] += trace.size
        part = told.with_suffix(".part")
        part.write_text(json.dumps(kinds), encoding="utf-8")
        part.rename(told)

    signal.signal(signal.SIGUSR1, tell)
    # What modules weigh is no integration's, and would be traced for minutes.
    importlib.import_module("exporter.server")
    tracemalloc.start(FRAMES)
    sys.exit(exporter_main(arguments))


def _kind(files: Iterable[str]) -> str:
    """``files`` are those of the callers, the innermost first."""
    return next((kind for file in files if (kind := _kind_of(file))), "other")


@cache
def _kind_of(file: str) -> str | None:
    for kind, places in KINDS:
        if any(f"/{place}" in file or file.startswith(place) for place in places):
            return kind
    return None


def main() -> None:
    """Prints what a process of this size weighs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--integrations", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--interval", type=float, help="seconds; default: those of each source")
    parser.add_argument("--by-kind", action="store_true")
    parser.add_argument("--trace", type=Path, help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.trace is not None:
        _trace(options.trace, rest)
    for traced in (
        (True,) if options.by_kind and os.environ.get("ONLY") else (False, True) if options.by_kind else (False,)
    ):
        with tempfile.TemporaryDirectory() as folder:
            weight = asyncio.run(
                weigh(Path(folder), options.integrations, options.rounds, options.interval, traced=traced)
            )
        sys.stdout.write("\n".join([*report(weight), ""]))


if __name__ == "__main__":
    main()
