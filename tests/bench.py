"""What a scrape and a poll cost: ``make bench``. Ratios of medians within one run, so any machine may run it."""

from __future__ import annotations

import gzip
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

from exporter.catalog.catalog import CATALOG
from exporter.config.settings import Integration
from exporter.exposition.page import Exposition
from exporter.model import ErrorCount, OrgLimits, OrgUsage, Storage, Suspension, SyncHealth
from exporter.self_metrics import SelfMetrics
from exporter.state.reading import Reading
from exporter.state.snapshots import Snapshots
from tests.clocks import ManualClock

INTEGRATIONS = 1000
ROUNDS = 7


def main() -> None:
    """Prints one line a comparison."""
    clock = ManualClock()
    snapshots = Snapshots([_integration(number) for number in range(INTEGRATIONS)])
    exposition = Exposition(SelfMetrics(), clock)
    snapshots.watch(exposition.update, exposition.forget)
    for snapshot in snapshots:
        for reading in _readings(clock.time()):
            snapshots.put(snapshot.integration, reading)

    def render_all() -> None:
        for snapshot in snapshots:
            exposition.update(snapshot)

    def scrape() -> bytes:
        return exposition.page("")[0]

    def render_and_scrape() -> None:
        render_all()
        scrape()

    def change_one() -> None:
        reading = _readings(clock.time())[1]
        snapshots.put("integration-7", replace(reading, attempted_at=clock.time()))

    page = scrape()
    _say(f"{INTEGRATIONS} integrations, {len(page.splitlines())} lines, {len(page) / 1e6:.1f} MB")
    scraped, rendered = _median(scrape), _median(render_all)
    _say(f"scrape of rendered text / rendering it all: {scraped / rendered:.3f}")
    _say(f"one changed snapshot / rendering it all: {_median(change_one) / rendered:.5f}")
    _say(f"gzip of the page / scrape: {_median(lambda: gzip.compress(page, 5)) / scraped:.1f}")
    _say(f"memory after 33 rounds / after 3: {_memory_growth(render_and_scrape):.3f}")


def _memory_growth(round_: Callable[[], object]) -> float:
    """Traced memory after 33 rounds over that after 3."""
    tracemalloc.start()
    for _ in range(3):
        round_()
    first, _ = tracemalloc.get_traced_memory()
    for _ in range(30):
        round_()
    later, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return later / first


def _integration(number: int) -> Integration:
    return Integration(f"integration-{number}", None, None, None, "immediate", {})


def _readings(now: float) -> tuple[Reading, Reading]:
    limits = OrgLimits(OrgUsage(40_000, 100_000, now), (Storage("data", 1 << 30, 1 << 33), Storage("file", 1, 1 << 33)))
    health = SyncHealth(
        as_of=now,
        api_calls_used=30_000,
        api_calls_allocated=60_000,
        limited_by_salesforce=100_000,
        suspension=Suspension(suspended=False, reason=None, since=None),
        errors=tuple(ErrorCount(category, kind, 3, 12) for category, kind in CATALOG.pairs),
    )
    return (
        Reading("salesforce_limits", 300.0, now, part=limits, succeeded_at=now),
        Reading("sync_health", 60.0, now, part=health, succeeded_at=now),
    )


def _median(action: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
