"""What Prometheus' rules would have recorded: a real Prometheus evaluates them over the past, level by level.

``promtool tsdb create-blocks-from rules`` does neither alerts nor rules that rest on other rules. Here each level of
rules is evaluated by a range query once the level below is in the blocks; of alerts, ``for`` is applied to the result
and ``ALERTS`` written, as Prometheus does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import yaml

from exporter.config.durations import parse_duration
from exporter.exposition.escaping import escape
from tests.dashboards.prometheus import Client

RULES = Path(__file__).parents[2] / "rules"
STEP = 240.0
"""Seconds between evaluations, where a group names none: a scrape each."""

_RECORDED = re.compile(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """A recording rule, or with ``alert`` an alerting one; seconds."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    step: float = STEP
    alert: bool = False
    lasting: float = 0.0

    @property
    def rests_on(self) -> frozenset[str]:
        return frozenset(_RECORDED.findall(self.expr))


def rules() -> Iterator[Rule]:
    """Every rule of ``rules/``."""
    for file in sorted(RULES.glob("*.rules.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            step = max(STEP, parse_duration(group["interval"])) if "interval" in group else STEP
            for rule in group["rules"]:
                lasting = parse_duration(rule["for"]) if "for" in rule else 0.0
                name = rule.get("record") or rule["alert"]
                yield Rule(name, rule["expr"], rule.get("labels", {}), step, "alert" in rule, lasting)


def levels(everything: Sequence[Rule]) -> Iterator[list[Rule]]:
    """The rules in an order in which each rests on levels before its own only."""
    recorded = {rule.name for rule in everything if not rule.alert}
    done: set[str] = set()
    waiting = list(everything)
    while waiting:
        # A name may be recorded by several rules: it is done when all of them are.
        level = [rule for rule in waiting if rule.rests_on & recorded <= done]
        assert level, f"rules that rest on each other: {[rule.name for rule in waiting]}"
        yield level
        waiting = [rule for rule in waiting if rule not in level]
        done |= {rule.name for rule in level} - {rule.name for rule in waiting}


def write_level(level: Sequence[Rule], client: Client, start: float, end: float, file: TextIO) -> None:
    """Evaluates the rules over the past and writes what they record as OpenMetrics."""
    for rule in level:
        for series in client.range(rule.expr, start, end, rule.step):
            labels = {name: text for name, text in series["metric"].items() if name != "__name__"} | dict(rule.labels)
            if rule.alert:
                values = [(at, "1") for at in _firing(series["values"], rule)]
                labels |= {"alertname": rule.name, "alertstate": "firing"}
            else:
                values = series["values"]
            text = ",".join(f'{name}="{escape(value)}"' for name, value in sorted(labels.items()))
            name = "ALERTS" if rule.alert else rule.name
            file.writelines(f"{name}{{{text}}} {value} {at}\n" for at, value in values)
            if rule.alert:
                text = text.replace('alertstate="firing",', "")
                state = _active_since(series["values"], rule)
                file.writelines(f"ALERTS_FOR_STATE{{{text}}} {since} {at}\n" for at, since in state)
    file.write("# EOF\n")


def _firing(values: Sequence[tuple[float, Any]], rule: Rule) -> Iterator[float]:
    """When an alert fires: its condition has held without a gap for as long as the rule asks."""
    return (at for at, since in _active_since(values, rule) if at >= since + rule.lasting)


def _active_since(values: Sequence[tuple[float, Any]], rule: Rule) -> Iterator[tuple[float, float]]:
    """Each time the condition holds, and since when it has held; Prometheus reads it when it starts anew."""
    since = last = float("-inf")
    for at, _ in values:
        if at > last + rule.step:
            since = at
        last = at
        yield at, since
