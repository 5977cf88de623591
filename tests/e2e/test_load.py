"""Hundreds of integrations, every source on, against the simulator as a process of its own.

``make load`` runs the same by hand: ``python -m tests.e2e.test_load --integrations=500 --compression=10 --seconds=60``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from exporter.budget import Budget
from exporter.clients.connection import connect
from exporter.clients.search_pace import SearchPaces
from exporter.clock import SystemClock
from exporter.config import Config
from exporter.config_file import DEFAULT_INTERVALS, load_config
from exporter.demo.processes import Program, free_port, running
from exporter.demo.simulator.settings import Settings
from exporter.exposition import Exposition
from exporter.poller import Poller, Target, targets_of
from exporter.schedule import JITTER
from exporter.self_metrics import SelfMetrics
from exporter.snapshots import Snapshots
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from exporter.store.polls import PollStore
from tests.pages import Page

REQUESTS = {
    "salesforce_limits": ("salesforce.limits", 1),
    "salesforce_access": ("salesforce.composite", 1),
    "salesforce_status": ("status", 1),
    "hubspot_heartbeat": ("hubspot.search", 6),
    "sync_health": ("bridge.sync_health", 1),
}
"""What the simulator counts for a poll, and how often; the log files of ``salesforce_usage_log`` differ in number."""


class WatchedPoller(Poller):
    """Notes when each poll began, and how long after it was due."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.began: dict[Target, list[float]] = defaultdict(list)
        self.behind: list[float] = []
        self.ended: Counter[Target] = Counter()

    async def poll(self, target: Target) -> bool:
        now = time.time()
        self.began[target].append(now)
        self.behind.append(now - self.due_at(target))
        polled = await super().poll(target)
        self.ended[target] += 1
        return polled


@dataclass(frozen=True)
class Load:
    """What one run was like."""

    poller: WatchedPoller
    simulated: dict[str, dict[str, int]]
    page: Page
    seconds: float
    cpu_seconds: float
    memory_first: int
    memory_last: int

    def polls_due(self) -> float:
        return sum(self.seconds / (target.interval * (1 + JITTER / 2)) for target in self.poller.targets)

    def errors(self) -> dict[str, float]:
        """Failed polls by source and kind."""
        failed: Counter[str] = Counter()
        for (name, labels), value in self.page.samples.items():
            if name.endswith("source_errors_total") and value:
                failed[f"{dict(labels)['source']} {dict(labels)['kind']}"] += int(value)
        return dict(failed)

    def closest(self) -> float:
        """The shortest time between two polls of one target, in its intervals."""
        return min(
            (later - earlier) / target.interval
            for target, began in self.poller.began.items()
            for earlier, later in itertools.pairwise(began)
        )

    def surplus(self) -> list[str]:
        """Where the simulator was asked more often than polls began, or less often than polls ended."""
        return [
            f"{target.integration} {target.source.name}: {asked} requests in {len(began)} polls"
            for target, began in self.poller.began.items()
            if target.source.name in REQUESTS
            for group, times in (REQUESTS[target.source.name],)
            if not self.poller.ended[target] * times
            <= (asked := self.simulated[target.integration].get(group, 0))
            <= len(began) * times
        ]

    def report(self) -> Iterable[str]:
        polls, behind = len(self.poller.behind), sorted(self.poller.behind)
        yield f"polls begun / due: {polls} / {self.polls_due():.0f}, {polls / self.seconds:.0f}/s"
        yield f"requests: {sum(sum(org.values()) for org in self.simulated.values()) / self.seconds:.0f}/s"
        yield f"start behind schedule: median {behind[polls // 2]:.3f} s, 99 % {behind[polls * 99 // 100]:.3f} s, "
        yield f"    latest {behind[-1]:.3f} s"
        yield f"shortest time between two polls of a target: {self.closest():.3f} intervals"
        yield f"duplicated or lost: {len(self.surplus())} {self.surplus()[:3]}"
        yield f"failed polls: {self.errors() or 'none'}"
        yield f"CPU of the exporter: {self.cpu_seconds / self.seconds:.0%} of a core, "
        yield f"    {1000 * self.cpu_seconds / polls:.2f} ms a poll"
        yield f"memory after the first round / at the end: {self.memory_first} / {self.memory_last} MiB"


async def run_load(folder: Path, integrations: int, intervals: dict[str, float], seconds: float) -> Load:
    """Polls for so long after the first round of everything."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={port}", "--orgs=", "--records=20"),
        *(f"--more-orgs={integrations}", "--sync-interval=0", "--limit=10000000", "--searches-per-second=100"),
    )
    program = Program("simulator", command, f"{url}/control/org-0001")
    config = write_config(folder, url, integrations, intervals)
    async with running(program, folder / "simulator.log"), open_poller(config) as (poller, exposition):
        polling = asyncio.create_task(poller.run())
        try:
            await first_round(poller, max(intervals.values()))
            poller.behind.clear()
            began, cpu = time.monotonic(), time.process_time()
            memory = resident_mebibytes()
            await asyncio.wait([polling], timeout=seconds)
        finally:
            polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await polling
        took, cpu = time.monotonic() - began, time.process_time() - cpu
        simulated = await requests_of(url, integrations)
        page = Page(exposition.page("")[0].decode())
        return Load(poller, simulated, page, took, cpu, memory, resident_mebibytes())


async def first_round(poller: Poller, seconds: float) -> None:
    """Until every source of every integration was tried."""
    deadline = time.monotonic() + 60 + seconds
    while not poller.tried():
        assert time.monotonic() < deadline, "the first round has no end"
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def open_poller(config: Config) -> AsyncIterator[tuple[WatchedPoller, Exposition]]:
    """As the service wires it, with a poller that can be watched."""
    clock, metrics = SystemClock(), SelfMetrics()
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(config.store)
        stack.push_async_callback(database.close)
        tls = httpx.create_ssl_context()
        snapshots, exposition = Snapshots(config.integrations), Exposition(metrics, clock)
        snapshots.watch(exposition.update, exposition.forget)
        budget, paces = Budget(CallStore(database), clock), SearchPaces(clock)
        budget.caps = {
            entry.name: entry.salesforce.max_api_calls_per_day for entry in config.integrations if entry.salesforce
        }
        connections = {}
        for entry in config.integrations:
            http = await stack.enter_async_context(httpx.AsyncClient(verify=tls))
            connections[entry.name] = connect(entry, http, clock, metrics.request, paces, budget.spend)
        targets = targets_of(config.integrations, connections)
        poller = WatchedPoller(targets, PollStore(database), snapshots, budget, metrics, clock)
        await poller.restore()
        yield poller, exposition


def write_config(folder: Path, url: str, integrations: int, intervals: dict[str, float]) -> Config:
    simulated = Settings()
    for name in ("client_secret", "hubspot_token", "bridge_token"):
        (folder / name).write_text(getattr(simulated, name))
    entries = [_entry(f"org-{number:04d}", url, intervals) for number in range(1, integrations + 1)]
    file = folder / "exporter.yml"
    # JSON is YAML, and read faster.
    file.write_text(json.dumps({"store": "sqlite:///exporter.db", "integrations": entries}))
    return load_config(file)


def _entry(name: str, url: str, intervals: dict[str, float]) -> dict[str, Any]:
    credentials = {"client_id": Settings().client_id, "client_secret_file": "client_secret"}
    return {
        "name": name,
        "salesforce": {
            "url": f"{url}/{name}/salesforce",
            "auth": {"client_credentials": credentials},
            "integration_user": f"hubspot@{name}.example",
            "fields": {"Contact": ["Email"]},
            "status": {"url": f"{url}/status"},
            "max_api_calls_per_day": 1_000_000,
        },
        "hubspot": {"url": f"{url}/{name}/hubspot", "token_file": "hubspot_token"},
        "sync_health": {"url": f"{url}/{name}/bridge", "token_file": "bridge_token"},
        "intervals": {source: f"{round(seconds * 1000)}ms" for source, seconds in intervals.items()},
    }


async def requests_of(url: str, integrations: int) -> dict[str, dict[str, int]]:
    """What every org was asked, by the simulator's own counters."""
    counted = {}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        for number in range(1, integrations + 1):
            name = f"org-{number:04d}"
            counted[name] = (await http.get(f"{url}/control/{name}")).json()["requests"]
    return counted


def resident_mebibytes() -> int:
    """Memory of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def compressed(ratio: float) -> dict[str, float]:
    """The default intervals, shorter."""
    return {source: seconds / ratio for source, seconds in DEFAULT_INTERVALS.items()}


async def test_integrations_by_the_dozen(tmp_path: Path) -> None:
    """Intervals of seconds: no poll fails or runs into its deadline, none is made twice, memory stays flat."""
    load = await run_load(tmp_path, integrations=20, intervals=compressed(40), seconds=6)
    assert load.errors() == {}
    assert load.surplus() == []
    assert load.closest() > 0.95
    assert max(load.poller.behind) < 5
    assert load.memory_last < 1.2 * load.memory_first
    for target in load.poller.targets:
        assert load.poller.ended[target]
        assert load.page.value("source_up", integration=target.integration, source=target.source.name) == 1


def main() -> None:
    """Prints what the run was like."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, default=500)
    parser.add_argument("--compression", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load = asyncio.run(
            run_load(Path(folder), options.integrations, compressed(options.compression), options.seconds)
        )
    sys.stdout.write("\n".join([f"{options.integrations} integrations, {options.compression:g}:1", *load.report(), ""]))


if __name__ == "__main__":
    main()
