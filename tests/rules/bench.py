"""What the rules cost a real Prometheus: ``make bench-rules``, or ``python -m tests.rules.bench --integrations=1000``.

A page of as many integrations is scraped for a while, and what rules look back at is backfilled, so that every range
is full: an hour of every step, a day of five-minute values, 30 days of half hours. Every integration has sync errors in
two of the eight categories, so 2,000 alerts fire. Printed is the time a round of a group took as a share of the time
between two of its rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.server
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.bundled.rule_files import rules_directory
from exporter.catalog.catalog import CATALOG
from exporter.config.durations import parse_duration
from exporter.config.settings import Integration
from exporter.demo.processes import PROMETHEUS, Program, find_binary, free_port, running
from exporter.exposition.page import Exposition
from exporter.model import (
    Access,
    ErrorCount,
    Heartbeat,
    ObjectHeartbeat,
    OrgLimits,
    OrgUsage,
    Part,
    Permission,
    Storage,
    Suspension,
    SyncHealth,
    TrustStatus,
)
from exporter.self_metrics import PREFIX, SelfMetrics
from exporter.state.reading import Reading
from exporter.state.snapshots import Snapshots
from tests.clocks import ManualClock
from tests.rules.history import promtool

EVERY = 15
"""Seconds between two scrapes, and two rounds of the rules: what rules/prometheus.yml says."""

IN_ERROR = ("picklists", "duplicates")

HOUR, DAY = 3600, 86400

Span = tuple[int, int, int]
"""From and to so many seconds ago, at a step of so many seconds."""

LOOKED_BACK_AT: Mapping[str, tuple[Span, ...]] = {
    "integration_scope:{}api_calls_used:max": ((HOUR, 0, EVERY), (13 * HOUR, 11 * HOUR, 300)),
    "integration_scope:{}api_calls_used:max5m": ((6 * HOUR, 0, 300),),
    "integration_scope:{}api_calls_pace:max5m": ((26 * HOUR, 22 * HOUR, 300), (170 * HOUR, 166 * HOUR, 300)),
    "integration_scope:{}api_calls_used:min1h": tuple(
        (hours * HOUR + 600, (hours - 1) * HOUR, 60) for hours in (2, 21, 25, 165, 169, 189, 193)
    ),
    "integration_scope:{}api_calls_used:max1h": ((2 * HOUR, 0, 60),),
    "integration_scope:{}api_calls_used:delta1h": ((25 * HOUR, 23 * HOUR, 60), (169 * HOUR, 167 * HOUR, 60)),
    "integration:{}other_apps_api_calls_used:max5m": ((DAY, 0, 300),),
    "integration:{}sync_available:avg30m": ((30 * DAY, 0, 1800),),
    "integration:{}suspended:avg30m": ((30 * DAY, 0, 1800),),
}
"""The recorded series that rules reach far back for; what they need of the last minutes is scraped."""


def pages(integrations: int) -> Iterator[bytes]:
    """A page a scrape; API use moves from one to the next."""
    clock = ManualClock(time.time())
    snapshots = Snapshots([Integration(_name(number), None, None, None, "daily", {}) for number in range(integrations)])
    exposition = Exposition(SelfMetrics(), clock)
    snapshots.watch(exposition.update, exposition.forget)
    for scrape in itertools.count():
        clock.advance(time.time() - clock.time())
        for snapshot in snapshots:
            for reading in _readings(clock.time(), 40_000 + scrape):
                snapshots.put(snapshot.integration, reading)
        yield exposition.page("")[0]


def _name(number: int) -> str:
    return f"integration-{number:04d}"


def _readings(now: float, used: int) -> Iterator[Reading]:
    storage = (Storage("data", 1 << 30, 1 << 33), Storage("file", 1 << 30, 1 << 33))
    objects = ("Lead", "Contact", "Account", "Opportunity", "Campaign")
    parts: Mapping[str, Part] = {
        "salesforce_limits": OrgLimits(OrgUsage(used, 100_000, now), storage),
        "sync_health": SyncHealth(
            as_of=now,
            api_calls_used=used // 2,
            api_calls_allocated=60_000,
            limited_by_salesforce=100_000,
            suspension=Suspension(suspended=False, reason=None, since=None),
            errors=tuple(ErrorCount(category, kind, 3, 12) for category, kind in CATALOG.pairs if category in IN_ERROR),
        ),
        "salesforce_access": Access(
            True, False, True, True, None, tuple(Permission(name, None, True, True) for name in objects), "NA1", False
        ),
        "salesforce_status": TrustStatus("NA1", "OK"),
        "hubspot_heartbeat": Heartbeat(
            tuple(ObjectHeartbeat(name, now - 60, now - 90, None) for name in ("contacts", "companies", "deals"))
        ),
    }
    for source, part in parts.items():
        yield Reading(source, 300.0, now, part=part, succeeded_at=now)


@contextlib.contextmanager
def served(page_after_page: Iterator[bytes]) -> Iterator[int]:
    """An exporter's ``/metrics``; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = next(page_after_page)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_history(file: Path, integrations: int) -> None:
    """What was recorded before the run, as OpenMetrics."""
    now = int(time.time())
    with file.open("w", encoding="utf-8") as text:
        for metric, spans in LOOKED_BACK_AT.items():
            name = metric.format(PREFIX)
            scopes = ("org", "integration") if name.startswith("integration_scope") else ("",)
            for number, scope in itertools.product(range(integrations), scopes):
                labels = f'integration="{_name(number)}"' + (f',scope="{scope}"' if scope else "")
                for oldest, newest, step in sorted(spans, reverse=True):
                    text.writelines(
                        f"{name}{{{labels}}} {0 if 'avg30m' in name else 40_000 + at % 997} {at}\n"
                        for at in range(now - oldest, now - newest, step)
                    )
        text.write("# EOF\n")


async def measure(folder: Path, integrations: int, seconds: float) -> dict[str, list[float]]:
    """How long each group took, round after round."""
    samples = folder / "samples.txt"
    write_history(samples, integrations)
    await promtool(folder, "openmetrics", samples.name, "data")
    with served(pages(integrations)) as port:
        (folder / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {EVERY}s, evaluation_interval: {EVERY}s}}\n"
            f"rule_files: ['{rules_directory()}/*.rules.yml']\n"
            "scrape_configs: [{job_name: hubspot-salesforce, static_configs: [{targets: ['127.0.0.1:%d']}]}]\n" % port,
            encoding="utf-8",
        )
        own_port = free_port()
        url = f"http://127.0.0.1:{own_port}"
        command = (
            *(find_binary(PROMETHEUS), f"--config.file={folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=1y"),
            *(f"--web.listen-address=127.0.0.1:{own_port}", "--log.level=warn"),
        )
        program = Program("prometheus", command, f"{url}/-/ready", start_seconds=120, end_seconds=30)
        async with (
            running(program, folder / "prometheus.log"),
            httpx.AsyncClient(trust_env=False, timeout=30) as client,
        ):
            rounds: dict[str, list[float]] = {}
            ends_at = time.monotonic() + seconds
            while time.monotonic() < ends_at:
                await asyncio.sleep(EVERY)
                page = (await client.get(f"{url}/metrics")).text
                for group, took in _durations(page):
                    rounds.setdefault(group, []).append(took)
            assert "err=" not in (folder / "prometheus.log").read_text(encoding="utf-8")
    return rounds


def _durations(page: str) -> Iterator[tuple[str, float]]:
    for family in text_string_to_metric_families(page):
        if family.name == "prometheus_rule_group_last_duration_seconds":
            for sample in family.samples:
                yield sample.labels["rule_group"].rpartition(";")[2], sample.value


def main() -> None:
    """Prints a line a group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=420)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = asyncio.run(measure(Path(folder), options.integrations, options.seconds))
    files = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in rules_directory().glob("*.rules.yml"))
    groups = [group for file in files for group in file["groups"]]
    every = {group["name"]: parse_duration(group["interval"]) for group in groups if "interval" in group}
    # The last rounds: by then five minutes are scraped and every range is full.
    last = {group: statistics.median(took[-5:]) for group, took in rounds.items()}
    shares = {group: took / every.get(group, EVERY) for group, took in last.items()}
    for group, share in sorted(shares.items()):
        sys.stdout.write(f"{group:42} {share:7.2%} of its {every.get(group, EVERY):.0f} s\n")
    sys.stdout.write(f"{options.integrations} integrations, all groups: {sum(shares.values()):.2%}\n")


if __name__ == "__main__":
    main()
