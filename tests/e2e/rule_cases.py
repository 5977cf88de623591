"""promtool's unit tests of the rules, read so that others can be asked the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.config.durations import parse_duration
from tests.e2e.remote_write import Series

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Expected:
    """Under which labels an alert fires so many seconds after the start of the case."""

    after: int
    alert: str
    labels: Sequence[Labels]


@dataclass(frozen=True)
class Case:
    """One test of a file: which rules it is about, what is scraped, and which alerts fire when."""

    name: str
    rule_files: tuple[Path, ...]
    interval: float
    scraped: Mapping[str, str]
    scrape_interval: float
    expected: Sequence[Expected]

    @property
    def length(self) -> int:
        """Seconds from the first sample to the last expectation."""
        return max(expected.after for expected in self.expected)

    def series(self, start: int) -> Iterator[Series]:
        """Its series, the first sample at a Unix time. Timestamps among the values move along: promtool starts at 0."""
        for selector, values in self.scraped.items():
            labels = _labels(selector)
            shift = start if labels["__name__"].endswith("_timestamp_seconds") else 0
            moments = [round(1000 * (start + number * self.scrape_interval)) for number in range(len(_values(values)))]
            samples = [
                (moment, None if value == "stale" else float(value) + shift)
                for moment, value in zip(moments, _values(values), strict=True)
                if value != "_"
            ]
            yield Series(labels, samples)


def cases(file: Path) -> Iterator[Case]:
    """The cases of a file that say when alerts fire."""
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    for test in document["tests"]:
        if test.get("alert_rule_test"):
            yield Case(
                name=f"{file.name.removesuffix('.test.yml')}: {test['name']}",
                rule_files=tuple(file.parent / name for name in document["rule_files"]),
                interval=parse_duration(document["evaluation_interval"]),
                scraped={series["series"]: str(series["values"]) for series in test["input_series"]},
                scrape_interval=parse_duration(test["interval"]),
                expected=[_expected(check) for check in test["alert_rule_test"]],
            )


def _expected(check: Mapping[str, Any]) -> Expected:
    labels = [{**alert.get("exp_labels", {}), "alertname": check["alertname"]} for alert in check["exp_alerts"]]
    return Expected(round(parse_duration(check["eval_time"])), check["alertname"], labels)


def _labels(selector: str) -> Labels:
    name, _, inside = selector.partition("{")
    return {"__name__": name.strip(), **dict(re.findall(r'(\w+)\s*=\s*"([^"\\]*)"', inside))}


def _values(text: str) -> list[str]:
    """Numbers, ``stale`` and ``_`` (no sample), written out: ``1+2x2 _x2`` is 1, 3, 5, _, _."""
    return [value for part in text.split() for value in _written_out(part)]


def _written_out(part: str) -> Iterator[str]:
    read = re.fullmatch(r"(_|stale|-?[0-9.]+(?:e[0-9]+)?)(?:([+-])([0-9.]+))?(?:x([0-9]+))?", part)
    assert read is not None, f"{part}: not a notation this reader knows"
    first, sign, step, times = read.groups()
    if first in {"_", "stale"}:
        yield from [first] * int(times or 1)
        return
    for number in range(int(times or 0) + 1):
        yield repr(float(first) + number * float(f"{sign}{step}")) if step else first
