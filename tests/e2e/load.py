"""Many integrations with every source on, polled as the service polls them, by a poller that can be watched."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from exporter.clients.connection import connect
from exporter.clients.http.client import ClientOpener
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clock import Clock
from exporter.config import defaults
from exporter.config.file import load_config
from exporter.config.network import Network
from exporter.config.settings import Config
from exporter.demo.processes import Program
from exporter.demo.simulator.settings import Settings
from exporter.exposition.page import Exposition
from exporter.polling.budget import Budget
from exporter.polling.poller import POLL_DEADLINE, Poller
from exporter.polling.schedule import JITTER
from exporter.polling.target import Target, targets_of
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from exporter.store.paces import shared_paces
from exporter.store.polls import PollStore
from tests.pages import Page
from tests.resources import resident

REQUESTS = {
    "salesforce_limits": ("salesforce.limits", 1),
    "salesforce_access": ("salesforce.composite", 1),
    "salesforce_heartbeat": ("salesforce.composite", 1),
    "salesforce_status": ("status", 1),
    "hubspot_heartbeat": ("hubspot.search", 6),
    "hubspot_unsynced": ("hubspot.search", 9),
    "hubspot_account": ("hubspot.account", 2),
    "sync_health": ("bridge.sync_health", 1),
}
"""What the simulator counts for a poll, and how often; the log files of ``salesforce_usage_log`` differ in number."""


class WatchedPoller(Poller):
    """Notes when each poll began, and how long after it was due."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.began: dict[Target, list[float]] = defaultdict(list)
        self.ended: Counter[Target] = Counter()
        self.forget_times()

    def forget_times(self) -> None:
        """What was late before does not count: the first round is over."""
        self.behind: list[float] = []
        self.late_by_intervals = 0.0
        self.longest = 0.0

    async def poll(self, target: Target) -> bool:
        now = self._clock.time()
        behind = now - self.due_at(target)
        self.began[target].append(now)
        self.behind.append(behind)
        self.late_by_intervals = max(self.late_by_intervals, behind / target.interval)
        polled = await super().poll(target)
        self.ended[target] += 1
        self.longest = max(self.longest, self._clock.time() - now)
        return polled


@dataclass(frozen=True)
class Load:
    """What one run was like, after the first round of everything. ``simulated`` is what every org was asked, from the
    start, by the simulator's own counters; ``requests`` is how many of these came after the first round."""

    poller: WatchedPoller
    simulated: Mapping[str, Mapping[str, int]]
    requests: int
    page: Page
    seconds: float
    cpu_seconds: float
    memory_first: int
    memory_last: int

    def polls_due(self) -> float:
        return sum(self.seconds / (target.longest_interval * (1 + JITTER / 2)) for target in self.poller.targets)

    def errors(self) -> dict[str, float]:
        """Failed polls by source and kind."""
        failed: Counter[str] = Counter()
        for (name, labels), value in self.page.samples.items():
            if name.endswith("source_errors_total") and value:
                failed[f"{dict(labels)['source']} {dict(labels)['kind']}"] += int(value)
        return dict(failed)

    def closest(self) -> float:
        """The shortest time between two polls of one target, in its intervals; but for those that take the turn of
        another, which come that much earlier."""
        return min(
            (later - earlier) / target.interval
            for target, began in self.poller.began.items()
            if not target.source.one_call
            for earlier, later in itertools.pairwise(began)
        )

    def surplus(self) -> list[str]:
        """Where the simulator was asked more often than polls began, or less often than polls ended. Two sources may
        ask in the same way."""
        least: Counter[tuple[str, str]] = Counter()
        most: Counter[tuple[str, str]] = Counter()
        for target, began in self.poller.began.items():
            if target.source.name in REQUESTS:
                group, times = REQUESTS[target.source.name]
                least[target.integration, group] += self.poller.ended[target] * times
                most[target.integration, group] += len(began) * times
        return [
            f"{integration} {group}: {asked} requests for {most[integration, group]}"
            for integration, group in most
            if not least[integration, group]
            <= (asked := self.simulated[integration].get(group, 0))
            <= most[integration, group]
        ]

    def report(self) -> Iterable[str]:
        polls, behind = len(self.poller.behind), sorted(self.poller.behind)
        yield f"polls begun / due: {polls} / {self.polls_due():.0f}, {polls / self.seconds:.0f}/s"
        yield f"requests: {self.requests / self.seconds:.0f}/s"
        yield f"start behind schedule: median {behind[polls // 2]:.3f} s, 99 % {behind[polls * 99 // 100]:.3f} s, "
        yield f"    latest {behind[-1]:.3f} s; most in intervals: {self.poller.late_by_intervals:.3f}"
        yield f"longest poll: {self.poller.longest:.3f} s"
        yield f"shortest time between two polls of a target: {self.closest():.3f} intervals"
        yield f"duplicated or lost: {len(self.surplus())} {self.surplus()[:3]}"
        yield f"failed polls: {self.errors() or 'none'}"
        yield f"CPU of the exporter: {self.cpu_seconds / self.seconds:.0%} of a core, "
        yield f"    {1000 * self.cpu_seconds / polls:.2f} ms a poll"
        yield f"memory after the first round / at the end: {self.memory_first} / {self.memory_last} MiB"


@contextlib.asynccontextmanager
async def open_poller(
    config: Config,
    clock: Clock,
    transport: httpx.AsyncBaseTransport | None = None,
    deadline: float = POLL_DEADLINE,
    paces: AccountPaces | None = None,
) -> AsyncIterator[tuple[WatchedPoller, Exposition]]:
    """As the service wires it; ``transport`` replaces the network."""
    metrics = SelfMetrics()
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(config.store)
        stack.push_async_callback(database.close)
        open_http = ClientOpener(transport)
        snapshots = Snapshots(config.integrations)
        exposition = Exposition(metrics, clock, snapshots.__getitem__)
        snapshots.watch(exposition.update, exposition.forget)
        budget, paces = Budget(CallStore(database), clock), paces or AccountPaces(clock, shared_paces(database))
        budget.caps = {
            entry.name: entry.salesforce.max_api_calls_per_day for entry in config.integrations if entry.salesforce
        }
        connections = {}
        for entry in config.integrations:
            http = await stack.enter_async_context(open_http(Network()))
            connections[entry.name] = connect(entry, http, clock, metrics.request, paces, budget.spend)
            metrics.know_integration(entry.name, connections[entry.name].apis)
        targets = targets_of(config.integrations, connections)
        poller = WatchedPoller(targets, PollStore(database), snapshots, budget, metrics, clock, deadline)
        await poller.restore()
        yield poller, exposition


def org_names(integrations: int) -> list[str]:
    """As the simulator calls them."""
    return [f"org-{number:04d}" for number in range(1, integrations + 1)]


def write_config(folder: Path, url: str, integrations: int, intervals: Mapping[str, float]) -> Config:
    simulated = Settings()
    for name in ("client_secret", "hubspot_token", "bridge_token"):
        (folder / name).write_text(getattr(simulated, name))
    entries = [_entry(name, url, intervals) for name in org_names(integrations)]
    file = folder / "exporter.yml"
    # JSON is YAML, and read faster.
    file.write_text(json.dumps({"store": "sqlite:///exporter.db", "integrations": entries}))
    return load_config(file)


def _entry(name: str, url: str, intervals: Mapping[str, float]) -> dict[str, Any]:
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


def resident_mebibytes() -> int:
    """Memory of this process."""
    return int(resident())


def simulator(port: int, integrations: int) -> Program:
    """So many orgs in which nothing happens, behind limits that nobody reaches."""
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={port}", "--orgs=", "--records=20"),
        *(f"--more-orgs={integrations}", "--sync-interval=0", "--limit=10000000", "--searches-per-second=100"),
    )
    return Program("simulator", command, f"http://127.0.0.1:{port}/control/org-0001", start_seconds=120.0)


def compressed(ratio: float) -> dict[str, float]:
    """The default intervals, shorter."""
    return {source: seconds / ratio for source, seconds in defaults.INTERVALS.items()}
