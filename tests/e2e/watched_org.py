"""One simulated org, watched as in production: exporter, Prometheus with the shipped rules, a pair of Alertmanagers.

Everything is real but the org, and shorter only where time is: intervals of scrapes, rules, groups and repeats.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.demo.processes import PROMETHEUS, Program, find_binary, running
from exporter.demo.stage import ORG, Stage, exporter_program, plan_stage, simulator_program, write_exporter_config
from tests.alertmanager.pair import Pair, running_pair
from tests.alertmanager.shipped import WEBHOOK_RECEIVER, shipped
from tests.pages import Page

T = TypeVar("T")

NEIGHBOUR = "beta"
"""An integration that stays when ours is removed, and has no errors."""

DEADLINE = 90.0

ErrorType = tuple[str, str]
"""Category and type."""
CURABLE, STANDING = ("associations", "waiting_for_account_to_sync"), ("associations", "association_limit_reached")
"""Of one category: a resync is asked for the first only, so the second stays, and the alert goes on."""
OTHER = ("other", "unknown")
"""Curable too, with an alert of its own."""


@dataclass(frozen=True)
class Times:
    """In seconds. ``repeat_after`` is longer than the pair's two notifications of one repeat can be apart."""

    repeat_interval: float = 6.0
    repeat_after: float = 4.0
    peer_timeout: float = 1.0


class Switched:
    """A program that can be ended and started again."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._starts = 0
        self._runs = contextlib.AsyncExitStack()

    async def on(self) -> None:
        """Returns once it is ready."""
        self._starts += 1
        log = self._folder / f"{self._program.name}-{self._starts}.log"
        await self._runs.enter_async_context(running(self._program, log))

    async def off(self) -> None:
        await self._runs.aclose()


@dataclass(frozen=True)
class WatchedOrg:
    """What runs, and what one can ask and do."""

    stage: Stage
    times: Times
    http: httpx.AsyncClient
    exporter: Switched
    prometheus: Switched
    pair: Pair

    async def act(self, verb: str, **keys: Any) -> None:
        """Something happens to the org."""
        (await self.http.post(f"{self.stage.simulator}/control/{ORG}/{verb}", json=keys)).raise_for_status()

    async def add_errors(self, count: int, kind: ErrorType = CURABLE, cause: str | None = None) -> None:
        """With a cause they come back after each resync."""
        category, error_type = kind
        await self.act("add-errors", category=category, error_type=error_type, count=count, cause=cause)

    async def configure(self, *integrations: str) -> None:
        """Of the two integrations only these are left in the exporter's configuration, and that is loaded."""
        file = self.stage.folder / "exporter.yml"
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        known = {entry["name"]: entry for entry in config["x-both"]}
        _write(file, {**config, "integrations": [known[name] for name in integrations]})
        (await self.http.post(f"{self.stage.exporter}/-/reload")).raise_for_status()

    async def ignored(self) -> float:
        """Notifications that the exporter has done nothing about since it was started."""
        answer = await self.http.get(f"{self.stage.exporter}/metrics")
        return Page(answer.text).value("webhook_notifications_total", result="ignored") or 0.0

    async def resynced(self) -> Mapping[str, int]:
        """How often each record was resynced, as the org has it in its log."""
        answer = await self._asked(f"{self.stage.simulator}/control/{ORG}/resyncs")
        records: dict[str, int] = answer["records"]
        return records

    async def jobs(self) -> list[dict[str, Any]]:
        """Of the exporter, the oldest first."""
        jobs: list[dict[str, Any]] = (await self._asked(f"{self.stage.exporter}/api/v1/resyncs"))["jobs"]
        return jobs[::-1]

    async def all_resynced(self, records: int) -> list[dict[str, Any]]:
        """The jobs, once so many records were resynced and none goes on."""

        async def ended() -> list[dict[str, Any]] | None:
            resynced, jobs = await self.resynced(), await self.jobs()
            return jobs if len(resynced) >= records and all(job["finished_at"] for job in jobs) else None

        return await until(ended)

    async def _asked(self, url: str) -> dict[str, Any]:
        answer = await self.http.get(url)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


async def until(look: Callable[[], Awaitable[T | None]]) -> T:
    """What ``look`` returns once it is true; fails after ``DEADLINE`` seconds."""
    async with asyncio.timeout(DEADLINE):
        while not (seen := await look()):  # noqa: ASYNC110  it happens in other processes
            await asyncio.sleep(0.05)
        return seen


@contextlib.asynccontextmanager
async def watched_org(
    folder: Path, times: Times = Times(), change: Callable[[dict[str, Any]], None] = lambda _config: None
) -> AsyncIterator[WatchedOrg]:
    """Runs until the block ends; ``change`` alters Alertmanager's configuration."""
    stage = plan_stage(folder)
    exporter = Switched(_exporter(stage, times), folder)
    config = _alertmanager_config(stage, times)
    change(config)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
        running(_simulator(stage), folder / "simulator.log"),
        running_pair(config, folder, f"{times.peer_timeout:g}s") as pair,
    ):
        prometheus = Switched(_prometheus(stage, pair), folder)
        org = WatchedOrg(stage, times, http, exporter, prometheus, pair)
        try:
            await asyncio.gather(exporter.on(), prometheus.on(), until(pair.joined))
            yield org
        finally:
            await asyncio.gather(exporter.off(), prometheus.off())


def _simulator(stage: Stage) -> Program:
    """Nobody changes records, and calls are plenty: nothing waits for them."""
    program = simulator_program(stage)
    others = (f"--orgs={ORG},{NEIGHBOUR}", "--traffic=0", "--allocation=60000", "--limit=100000")
    return replace(program, command=(*program.command, *others))


def _exporter(stage: Stage, times: Times) -> Program:
    """As the demo's, with a neighbour, and a configuration that can be loaded anew."""
    file = write_exporter_config(stage)
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["remediation"]["repeat_after"] = f"{times.repeat_after:g}s"
    (ours,) = config["integrations"]
    neighbour = yaml.safe_load(yaml.safe_dump(ours).replace(f"/{ORG}/", f"/{NEIGHBOUR}/")) | {"name": NEIGHBOUR}
    both = [ours, neighbour]
    _write(file, {**config, "integrations": both, "x-both": both})
    program = exporter_program(stage)
    return replace(program, command=(*program.command, "--web.enable-lifecycle"))


def _alertmanager_config(stage: Stage, times: Times) -> dict[str, Any]:
    """As it ships, with other times where the exporter is told."""
    config = shipped()
    (route,) = (route for route in config["route"]["routes"] if route["receiver"] == WEBHOOK_RECEIVER)
    route |= {"group_wait": "200ms", "group_interval": "500ms", "repeat_interval": f"{times.repeat_interval:g}s"}
    (receiver,) = (receiver for receiver in config["receivers"] if receiver["name"] == WEBHOOK_RECEIVER)
    (webhook,) = receiver["webhook_configs"]
    webhook["url"] = f"{stage.exporter}/alertmanager/webhook"
    webhook["http_config"] = {"authorization": {"credentials_file": str(stage.folder / "webhook-token")}}
    return config


def _prometheus(stage: Stage, pair: Pair) -> Program:
    """With the shipped rules of sync errors, looked at every second and believed after another."""
    shipped_files = rules_directory()
    config = yaml.safe_load((shipped_files / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = ["sync_errors.rules.yml"]
    (scraped,) = config["scrape_configs"]
    scraped["static_configs"] = [{"targets": [_address(stage.exporter)]}]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [_address(one.url) for one in pair.both]}]}]
    rules = yaml.safe_load((shipped_files / "sync_errors.rules.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    _write(stage.folder / "sync_errors.rules.yml", rules)
    file = _write(stage.folder / "prometheus.yml", config)
    command = (
        *(find_binary(PROMETHEUS), f"--config.file={file}", f"--storage.tsdb.path={stage.folder / 'prometheus'}"),
        *(f"--web.listen-address={_address(stage.prometheus)}", "--rules.alert.resend-delay=1s"),
    )
    return Program("prometheus", command, f"{stage.prometheus}/-/ready")


def _write(file: Path, content: dict[str, Any]) -> Path:
    # The same list stands in it twice, which would make anchors.
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def _address(url: str) -> str:
    return url.removeprefix("http://")
