"""Which routes the real amtool says an alert takes, with the options in force there."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.config.durations import parse_duration
from tests.alertmanager.shipped import FILE, shipped

ROOT = "default-route"


@dataclass(frozen=True)
class Route:
    """A route with what it inherits, in seconds; ``matchers`` as amtool prints them."""

    matchers: str
    receiver: str
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float


@functools.cache
def routes() -> dict[str, Route]:
    """Every route of the shipped file by its matchers."""
    found = list(_flattened(shipped()["route"], {}))
    assert len({route.matchers for route in found}) == len(found)
    return {route.matchers: route for route in found}


def _flattened(route: Mapping[str, Any], inherited: Mapping[str, Any]) -> Iterator[Route]:
    own = {**inherited, **{key: value for key, value in route.items() if key not in ("routes", "continue", "matchers")}}
    matchers = "{" + ",".join(sorted(route["matchers"])) + "}" if "matchers" in route else ROOT
    yield Route(
        matchers=matchers,
        receiver=own["receiver"],
        group_by=tuple(own["group_by"]),
        group_wait=parse_duration(own["group_wait"]),
        group_interval=parse_duration(own["group_interval"]),
        repeat_interval=parse_duration(own["repeat_interval"]),
    )
    for child in route.get("routes", ()):
        yield from _flattened(child, own)


def taken(labels: Mapping[str, str]) -> list[Route]:
    """The routes that notify somebody of an alert with these labels, in order."""
    command = ["amtool", "config", "routes", "test", f"--config.file={FILE}", "--tree"]
    pairs = [f"{name}={value}" for name, value in labels.items()]
    ended = subprocess.run([*command, *pairs], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    ends = re.findall(rf"({ROOT}|\{{.*\}})  receiver: (\S+)$", ended.stdout, re.MULTILINE)
    known = routes()
    found = [known[matchers] for matchers, _ in ends]
    # The tree says which routes, the last line which receivers: both must mean the same.
    assert [route.receiver for route in found] == ended.stdout.split()[-1].split(",")
    return found
