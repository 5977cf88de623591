"""A real Prometheus with a past: samples and what recording rules would have made of them, backfilled by promtool.

promtool evaluates a rule file against what Prometheus already holds, so rules that use recorded series need those to
be there: they are backfilled level by level, with a restart of Prometheus in between: then it looks for blocks.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.demo.processes import PROMETHEUS, Program, find_binary, free_port, running

MINUTE = 60
COARSE = 5
"""Minutes between two samples, and two evaluations, of the part of the past that is only looked back at."""

RECORDED = re.compile(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+")

Series = tuple[str, Mapping[str, str], Sequence[float], int]
"""Metric name, labels, a value for every minute, and which minute the first is of."""


@dataclass(frozen=True)
class Alert:
    """An alerting rule: what is asked, and for how many seconds it must hold."""

    name: str
    expr: str
    holds_for: int


def rule_groups(*files: str) -> list[dict[str, Any]]:
    """The groups of shipped rule files."""
    texts = [(rules_directory() / file).read_text(encoding="utf-8") for file in files]
    return [group for text in texts for group in yaml.safe_load(text)["groups"]]


def alerts_of(groups: Iterable[Mapping[str, Any]]) -> list[Alert]:
    """The alerting rules of some groups; ``for`` is in minutes or hours."""
    units = {"m": 60, "h": 3600}
    return [
        Alert(rule["alert"], rule["expr"], int(held[:-1]) * units[held[-1]] if (held := rule.get("for")) else 0)
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    ]


def levels(groups: Sequence[Mapping[str, Any]], alerts: Iterable[Alert]) -> list[list[dict[str, Any]]]:
    """The recording rules that alerts rest on, in few lots, each using only what earlier lots recorded.

    In every lot those of one interval are one group of one name: promtool, like Prometheus, evaluates a group at an
    offset that depends on its name, and rules that use each other must see the same moment.
    """
    rules = [(rule, group) for group in groups for rule in group["rules"] if "record" in rule]
    needed: set[str] = set()
    found = {name for alert in alerts for name in RECORDED.findall(alert.expr)}
    while found - needed:
        needed |= found
        found = {name for rule, _ in rules if rule["record"] in needed for name in RECORDED.findall(rule["expr"])}
    waiting = [pair for pair in rules if pair[0]["record"] in needed]
    lots = []
    while waiting:
        missing = {rule["record"] for rule, _ in waiting}
        ready = [pair for pair in waiting if not missing & set(RECORDED.findall(pair[0]["expr"]))]
        assert ready, f"these rules need each other: {missing}"
        by_interval: dict[str, list[dict[str, Any]]] = {}
        for rule, group in ready:
            by_interval.setdefault(group.get("interval", ""), []).append(rule)
        lots.append(
            [
                {"name": f"rules {interval}", **({"interval": interval} if interval else {}), "rules": together}
                for interval, together in by_interval.items()
            ]
        )
        waiting = [pair for pair in waiting if pair not in ready]
    return lots


class History:
    """A folder of blocks, and the Prometheus that answers from it.

    Minutes are counted from ``start``, seconds since the epoch; those from ``fine`` on are looked at one by one.
    """

    def __init__(self, folder: Path, start: int, fine: int, end: int) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._start, self._fine, self._end = (start + minute * MINUTE for minute in (0, fine, end))
        self._blocks = 0
        (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")

    async def add_samples(self, series: Iterable[Series]) -> None:
        """Backfills samples."""
        file = self._folder / "samples.txt"
        with file.open("w", encoding="utf-8") as text:
            for name, labels, values, first in sorted(series, key=lambda one: one[0]):
                written = ",".join(f'{label}="{value}"' for label, value in labels.items())
                for minute, value in enumerate(values, first):
                    at = self._start + minute * MINUTE
                    if at >= self._fine or minute % COARSE == 0:
                        text.write(f"{name}{{{written}}} {value} {at}\n")
            text.write("# EOF\n")
        await promtool(self._folder, "openmetrics", file.name, self._new_blocks())
        file.unlink()

    async def record(self, groups: Sequence[Mapping[str, Any]], alerts: Iterable[Alert]) -> None:
        """Backfills what the recording rules of these groups, as far as alerts rest on them, would have recorded."""
        for lot in levels(groups, alerts):
            file = self._folder / "lot.rules.yml"
            file.write_text(yaml.safe_dump({"groups": lot}), encoding="utf-8")
            async with self.answering() as url:
                for start, end, step in (
                    (self._start, self._fine - MINUTE, COARSE * MINUTE),
                    (self._fine, self._end, MINUTE),
                ):
                    times = (f"--start={start}", f"--end={end}", f"--eval-interval={step}s")
                    output = f"--output-dir={self._new_blocks()}"
                    await promtool(self._folder, "rules", f"--url={url}", *times, output, file.name)

    @contextlib.asynccontextmanager
    async def answering(self) -> AsyncIterator[str]:
        """Prometheus over everything backfilled so far; its URL."""
        self._take_in_blocks()
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = (
            *(find_binary(PROMETHEUS), f"--config.file={self._folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={self._data}", "--storage.tsdb.retention.time=100y"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
        )
        program = Program("prometheus", command, f"{url}/-/ready")
        async with running(program, self._folder / "prometheus.log"):
            yield url

    async def firing(self, url: str, alert: Alert) -> dict[str, list[int]]:
        """At which of the fine minutes the alert fires, by integration."""
        firing: dict[str, list[int]] = {}
        for integration, times in (await self._true_at(url, alert.expr)).items():
            since: dict[int, int] = {}
            for time in times:
                since[time] = since.get(time - MINUTE, time)
            fires = [(time - self._start) // MINUTE for time in times if time - since[time] >= alert.holds_for]
            if fires:
                firing[integration] = fires
        return firing

    async def _true_at(self, url: str, expr: str) -> dict[str, list[int]]:
        asked = {"query": expr, "start": self._fine, "end": self._end, "step": MINUTE}
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            answer = (await http.post(f"{url}/api/v1/query_range", data=asked)).json()
        assert answer["status"] == "success", answer
        return {
            series["metric"]["integration"]: [int(at) for at, _ in series["values"]]
            for series in answer["data"]["result"]
        }

    def _new_blocks(self) -> str:
        self._blocks += 1
        return f"blocks-{self._blocks}"

    def _take_in_blocks(self) -> None:
        self._data.mkdir(exist_ok=True)
        for folder in self._folder.glob("blocks-*"):
            for block in folder.glob("*/meta.json"):
                shutil.move(block.parent, self._data)
            shutil.rmtree(folder)


async def promtool(folder: Path, *arguments: str) -> None:
    """Creates blocks in a folder, from samples or rules; few large ones, since it reads all samples once a block."""
    process = await asyncio.create_subprocess_exec(
        *("promtool", "tsdb", "create-blocks-from", "--max-block-duration=240h", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # Names of rule files count for when rules are evaluated: a path of its own for every run would be chance.
        cwd=folder,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
