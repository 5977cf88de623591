"""What docker-compose.yml starts, started without an engine: the real programs, with the command lines of the file."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from exporter.demo.processes import Program, free_port, running
from exporter.demo.shortening import shorter, shorter_routing, shorter_rules
from tests.stack.compose import ROOT, services
from tests.stack.container import HOSTS, Container

DEADLINE = 120.0
ENTRYPOINTS = {
    "exporter": ["hubspot-salesforce-exporter"],
    "simulator": [],
    "prometheus": ["/bin/prometheus"],
    "alertmanager": ["/bin/alertmanager"],
}
"""Of the images. Grafana's is missing: it can be had from no Debian."""

LISTENS = {"prometheus": ":9090", "alertmanager": ":9093"}
"""Where the programs listen that are not told by their command line."""

READY = {"exporter": "/-/healthy", "simulator": "/control", "prometheus": "/-/ready", "alertmanager": "/-/ready"}
CONFIGS = {
    "exporter": "/etc/hubspot-salesforce-exporter/exporter.yml",
    "prometheus": "/etc/prometheus/prometheus.yml",
    "alertmanager": "/etc/alertmanager/alertmanager.yml",
}
MOVING = {
    "org_api_calls_used",
    "integration_api_calls_used",
    "integration_api_calls_allocated",
    "sync_errors",
    "sync_error_affected_records",
    "suspended",
    "suspension_reason",
    "suspension_condition",
    "field_permission",
    "trust_status",
    "storage_used_bytes",
    "last_sync_timestamp_seconds",
    "last_change_timestamp_seconds",
    "source_up",
    "source_last_success_timestamp_seconds",
    "upstream_requests_total",
    "webhook_notifications_total",
    "resync_jobs",
    "resync_records_total",
}
"""Metrics of all four dashboards that have changed after half an hour of the demo's life."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The containers, where each answers, and a client to ask them with."""

    containers: Mapping[str, Container]
    urls: Mapping[str, str]
    http: httpx.AsyncClient

    async def get(self, service: str, path: str, **params: str) -> Any:
        answer = await self.http.get(self.urls[service] + path, params=params)
        answer.raise_for_status()
        return answer.json()

    async def samples(self) -> dict[str, dict[str, float]]:
        """What Prometheus has scraped of the exporter: by metric and series."""
        query = '{job="hubspot-salesforce", __name__=~"hubspot_salesforce_.+"}'
        found: dict[str, dict[str, float]] = {}
        for series in (await self.get("prometheus", "/api/v1/query", query=query))["data"]["result"]:
            labels = dict(series["metric"])
            name = labels.pop("__name__").removeprefix("hubspot_salesforce_")
            found.setdefault(name, {})[str(sorted(labels.items()))] = float(series["value"][1])
        return found


def containers(folder: Path) -> dict[str, Container]:
    """Those whose programs can be had, each with its files."""
    ports = {name: free_port() for name in HOSTS}
    return {
        name: Container(service, folder / name, ports) for name, service in services().items() if name in ENTRYPOINTS
    }


@contextlib.asynccontextmanager
async def running_stack(
    made: Mapping[str, Container], arguments: Mapping[str, str] | None = None
) -> AsyncIterator[Stack]:
    """Every program, in the order of the dependencies; `arguments` are put at the end of a command line."""
    urls = {name: f"http://{container.argument(f'127.0.0.1:{HOSTS[name]}')}" for name, container in made.items()}
    async with contextlib.AsyncExitStack() as stack:
        for name in ("exporter", "simulator", "alertmanager", "prometheus"):
            container = made[name]
            address = urls[name].removeprefix("http://")
            more = [f"--web.listen-address={address}"] if name in LISTENS else []
            more += [arguments[name]] if arguments and name in arguments else []
            program = Program(name, container.command(ENTRYPOINTS[name], *more), urls[name] + READY[name])
            await stack.enter_async_context(running(program, container.folder / f"{name}.log"))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=10))
        yield Stack(made, urls, http)


async def until(seen: Callable[[], Awaitable[bool]], what: Callable[[], str]) -> None:
    """Looks again and again; fails with `what` is missing."""
    deadline = time.monotonic() + DEADLINE
    while not await seen():
        assert time.monotonic() < deadline, what()
        await asyncio.sleep(0.5)


@pytest.mark.binaries
async def test_every_command_line_is_accepted_and_every_health_check_tells(tmp_path: Path) -> None:
    """As they stand in the file, by the programs themselves: healthy while they run, and not before or after."""
    made = containers(tmp_path)
    for name, path in CONFIGS.items():
        made[name].change(path)
    assert not any(container.healthy() for container in made.values())
    async with running_stack(made) as stack:
        for name, container in made.items():
            assert container.healthy(), name
        rules = (await stack.get("prometheus", "/api/v1/rules"))["data"]["groups"]
        assert sorted(group["name"] for group in rules) == shipped_groups()
        await until(lambda: sees_the_others(stack), lambda: "Prometheus does not see exporter and Alertmanager")
    assert not any(container.healthy() for container in made.values())


async def sees_the_others(stack: Stack) -> bool:
    """Whether Prometheus has scraped the exporter, and knows Alertmanager."""
    targets = (await stack.get("prometheus", "/api/v1/targets"))["data"]["activeTargets"]
    others = (await stack.get("prometheus", "/api/v1/alertmanagers"))["data"]["activeAlertmanagers"]
    return [(target["scrapeUrl"], target["health"]) for target in targets] == [
        (f"{stack.urls['exporter']}/metrics", "up")
    ] and [other["url"] for other in others] == [f"{stack.urls['alertmanager']}/api/v2/alerts"]


def shipped_groups() -> list[str]:
    files = (ROOT / "rules").glob("*.rules.yml")
    return sorted(group["name"] for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"])


def quick_polls(config: dict[str, Any]) -> dict[str, Any]:
    """The exporter's configuration with every interval a sixtieth."""
    for entry in config["integrations"]:
        entry["intervals"] = {source: shorter(interval) for source, interval in entry["intervals"].items()}
        entry["salesforce"]["max_api_calls_per_day"] = 1_000_000
    return config


def quick_scrapes(config: dict[str, Any]) -> dict[str, Any]:
    """Prometheus' configuration with a scrape and an evaluation each second."""
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    return config


@pytest.fixture
def hurried(tmp_path: Path) -> dict[str, Container]:
    """The containers with every waiting time a sixtieth: an hour of the demo is a minute."""
    made = containers(tmp_path)
    made["exporter"].change(CONFIGS["exporter"], quick_polls)
    made["prometheus"].change(CONFIGS["prometheus"], quick_scrapes)
    made["alertmanager"].change(CONFIGS["alertmanager"], shorter_routing)
    for file in made["prometheus"].inside("/etc/prometheus").glob("*.rules.yml"):
        made["prometheus"].change(f"/etc/prometheus/{file.name}", shorter_rules)
    return made


@pytest.mark.binaries
async def test_the_demo_lives(hurried: dict[str, Container]) -> None:
    """Four companies' data move on every dashboard, no rule fails, and Alertmanager has stranded records resynced."""
    async with running_stack(hurried, {"simulator": "--life=60"}) as stack:
        looks: dict[str, set[frozenset[tuple[str, float]]]] = {name: set() for name in MOVING}
        resynced_on: set[str] = set()

        async def has_moved() -> bool:
            for name, series in (await stack.samples()).items():
                looks.setdefault(name, set()).add(frozenset(series.items()))
            return not still()

        def still() -> list[str]:
            return sorted(name for name in MOVING if len(looks[name]) < 2)

        async def has_resynced() -> bool:
            jobs = (await stack.get("exporter", "/api/v1/resyncs"))["jobs"]
            resynced_on.update(job["status"] for job in jobs if job["state"] == "done" and job["records"]["succeeded"])
            return resynced_on == {"firing", "resolved"}

        await until(has_moved, lambda: f"not moved: {still()}")
        await until(has_resynced, lambda: f"resynced only on {resynced_on}")
        rules = (await stack.get("prometheus", "/api/v1/rules"))["data"]["groups"]
        # Some groups are evaluated so rarely that a rule of theirs may not have had its turn yet.
        assert not [rule for group in rules for rule in group["rules"] if rule["health"] not in ("ok", "unknown")]
