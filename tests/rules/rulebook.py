"""The rules that ship, as objects: what each is called and on which others it rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from exporter.config.durations import parse_duration
from tests.rules.promql import Selector, selectors

RULES = Path(__file__).parent.parent.parent / "rules"


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule of a file; ``body`` is as in the file, ``group`` the name of its group."""

    file: Path
    group: str
    body: dict[str, Any]

    @property
    def alerts(self) -> bool:
        return "alert" in self.body

    @property
    def name(self) -> str:
        name: str = self.body["alert"] if self.alerts else self.body["record"]
        return name

    @property
    def labels(self) -> dict[str, str]:
        return self.body.get("labels") or {}

    @property
    def fixed_labels(self) -> dict[str, str]:
        """The labels whose value is written out, not templated."""
        return {label: value for label, value in self.labels.items() if "{{" not in value}

    @property
    def wait(self) -> float:
        """Seconds of its ``for``."""
        return parse_duration(self.body["for"]) if "for" in self.body else 0.0

    @cached_property
    def selectors(self) -> tuple[Selector, ...]:
        return selectors(self.body["expr"])

    @property
    def on_absence(self) -> bool:
        """Whether it fires when something is not there: then silence is what it says of a working exporter."""
        return str(self.body["expr"]).lstrip().startswith("absent")


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule that ships, files by name, rules as written."""
    return tuple(
        Rule(file, group["name"], body)
        for file in sorted(RULES.glob("*.rules.yml"))
        for group in yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["groups"]
        for body in group["rules"]
    )


def alerting() -> tuple[Rule, ...]:
    """The alerting rules."""
    return tuple(rule for rule in rules() if rule.alerts)


def foundation(start: Iterable[Rule], among: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules ``start`` and the recording rules they use, and so on; in the order of ``among``."""
    wanted = set(start)
    while True:
        used = {selector.metric for rule in wanted for selector in rule.selectors}
        more = {rule for rule in among if not rule.alerts and rule.name in used} - wanted
        if not more:
            return tuple(rule for rule in among if rule in wanted)
        wanted |= more


@cache
def exported_selectors(rule: Rule) -> tuple[Selector, ...]:
    """What a rule in the end selects of what is scraped."""
    recorded = {other.name for other in rules() if not other.alerts}
    found = [selector for part in foundation([rule], rules()) for selector in part.selectors]
    return tuple(dict.fromkeys(selector for selector in found if selector.metric not in recorded))


@cache
def titles() -> dict[Rule, str]:
    """A name for each rule: its own, with its severity or other labels where several rules share it."""
    shared = Counter(rule.name for rule in rules())
    return {rule: rule.name if shared[rule.name] == 1 else f"{rule.name} {_mark(rule)}" for rule in rules()}


def _mark(rule: Rule) -> str:
    if rule.alerts:
        return rule.labels["severity"]
    return " ".join(f"{label}={value}" for label, value in sorted(rule.labels.items())) or "unlabelled"
