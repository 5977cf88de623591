"""The groups of promtool's tests: what goes in, what is asserted when, and which rules they speak of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from exporter.config.durations import parse_duration
from tests.rules.promql import selectors
from tests.rules.rulebook import RULES, Rule, foundation, rules
from tests.rules.series import Series


@dataclass(frozen=True, eq=False)
class Group:
    """A test group; ``file`` is its test file, ``head`` what that file says beside its groups."""

    file: Path
    head: dict[str, Any]
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("name", ""))

    @cached_property
    def series(self) -> tuple[Series, ...]:
        interval = parse_duration(self.body.get("interval", self.head.get("evaluation_interval", "1m")))
        return tuple(Series(item["series"], item["values"], interval) for item in self.body.get("input_series", ()))

    def asserted(self, alert: str) -> dict[float, list[dict[str, Any]]]:
        """What is expected of an alert, by second."""
        return {
            parse_duration(item["eval_time"]): item.get("exp_alerts") or []
            for item in self.body.get("alert_rule_test", ())
            if item["alertname"] == alert
        }

    @property
    def queries(self) -> list[dict[str, Any]]:
        """The expressions that are evaluated and their expected samples."""
        return self.body.get("promql_expr_test") or []

    def sampled_alerts(self, state: str) -> Iterator[tuple[float, dict[str, str]]]:
        """Second and labels of every sample of ``ALERTS`` that is expected, in this state."""
        for query in self.queries:
            for sample in query.get("exp_samples") or ():
                labels = _labels(sample.get("labels") or "{}")
                if labels.get("__name__") == "ALERTS" and labels.get("alertstate") == state:
                    yield parse_duration(query["eval_time"]), labels

    @cached_property
    def available(self) -> tuple[Rule, ...]:
        """The rules its file loads."""
        files = {(self.file.parent / name).resolve() for name in self.head["rule_files"]}
        return tuple(rule for rule in rules() if rule.file.resolve() in files)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules it needs: of the alerts it names, of the metrics it queries, and what these rest on."""
        alerts = {item["alertname"] for item in self.body.get("alert_rule_test", ())}
        used = [selector for query in self.queries for selector in selectors(query["expr"])]
        alerts |= {labels["alertname"] for state in ("pending", "firing") for _, labels in self.sampled_alerts(state)}
        alerts |= {matcher.value for selector in used for matcher in selector.matchers if matcher.label == "alertname"}
        alerts |= {self.name.split(",")[0].split(" ")[0]}
        named = alerts | {selector.metric for selector in used}
        return foundation([rule for rule in self.available if rule.name in named], self.available)


def _labels(notation: str) -> dict[str, str]:
    selector = selectors(notation)[0]
    return {"__name__": selector.metric, **{matcher.label: matcher.value for matcher in selector.matchers}}


@cache
def groups() -> tuple[Group, ...]:
    """Every group of every test file, as written."""
    found: list[Group] = []
    for file in sorted((RULES / "tests").glob("*.test.yml")):
        content = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        head = {key: value for key, value in content.items() if key != "tests"}
        found += [Group(file, head, body) for body in content["tests"]]
    return tuple(found)


def groups_about(alert: str) -> tuple[Group, ...]:
    """The groups named after an alert."""
    return tuple(group for group in groups() if group.name.split(",")[0].split(" ")[0] == alert)
