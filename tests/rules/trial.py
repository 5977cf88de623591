"""Mutants tried on promtool's test groups: which of them does no group notice?

A group runs alone, with only the rules it needs, one of them mutated: a few milliseconds instead of the seconds that a
whole test file takes. So nothing counts as noticed that only another alert's tests would notice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from exporter.config.durations import parse_duration
from tests.rules import promtool
from tests.rules.groups import Group, groups
from tests.rules.mutants import Mutant
from tests.rules.promql import selectors
from tests.rules.rulebook import Rule

PROCESSES = os.cpu_count() or 1
AT_LEAST, AT_MOST = 8, 25
"""Tests worth a round of processes, and as many as one process gets."""


@dataclass
class Bench:
    """Writes what promtool reads into a directory."""

    directory: Path
    rule_files: dict[tuple[Mutant | None, tuple[Rule, ...]], Path] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    def rule_file(self, rules: tuple[Rule, ...], mutant: Mutant | None) -> Path:
        """These rules, one of them replaced by its mutant."""
        if (mutant, rules) not in self.rule_files:
            file = self.directory / f"{next(self.numbers)}.rules.yml"
            file.write_text(json.dumps({"groups": _rule_groups(rules, mutant)}), encoding="utf-8")
            self.rule_files[mutant, rules] = file
        return self.rule_files[mutant, rules]

    def test_file(self, group: Group, mutant: Mutant | None = None) -> Path:
        """One group with its rules."""
        order = list(dict.fromkeys(rule.group for rule in group.rules))
        head = {
            **{key: value for key, value in group.head.items() if key not in ("rule_files", "group_eval_order")},
            "rule_files": [self.rule_file(group.rules, mutant).name],
            "group_eval_order": sorted(order, key=_place_in(group.head.get("group_eval_order", order))),
        }
        file = self.directory / f"{next(self.numbers)}.test.yml"
        file.write_text(f"{yaml.dump(head, Dumper=yaml.CSafeDumper)}{_text(group)}", encoding="utf-8")
        return file


def _place_in(order: Sequence[str]) -> Callable[[str], int]:
    return lambda name: order.index(name) if name in order else len(order)


@cache
def _text(group: Group) -> str:
    return yaml.dump({"tests": [group.body]}, Dumper=yaml.CSafeDumper)


def _rule_groups(rules: tuple[Rule, ...], mutant: Mutant | None) -> list[dict[str, Any]]:
    bodies = {rule: mutant.body if mutant and rule is mutant.rule else rule.body for rule in rules}
    names = dict.fromkeys(rule.group for rule in rules)
    return [{"name": name, "rules": [bodies[rule] for rule in rules if rule.group == name]} for name in names]


def groups_of(rule: Rule) -> list[Group]:
    """The groups in which a rule matters; those first that notice most of its changes for their price."""
    concerned = [group for group in groups() if rule in group.rules]
    return sorted(concerned, key=lambda group: (not _is_about(group, rule), _price(group) / _assertions(group, rule)))


def _is_about(group: Group, rule: Rule) -> bool:
    return rule.name in group.name if rule.alerts else _assertions(group, rule) > 1


def _assertions(group: Group, rule: Rule) -> int:
    """One, and one for each different thing that is asserted of the rule itself."""
    queried = [selector.metric for query in group.queries for selector in selectors(query["expr"])]
    alerts = {str(alerts) for alerts in group.asserted(rule.name).values()}
    return 1 + queried.count(rule.name) + queried.count("ALERTS") * rule.alerts + len(alerts)


def _price(group: Group) -> float:
    """Evaluations of rules; the start of a test costs as much as some hundred."""
    tests = [*group.queries, *group.body.get("alert_rule_test", ())]
    last = max((parse_duration(test["eval_time"]) for test in tests), default=0.0)
    return 300 + last / parse_duration(group.head.get("evaluation_interval", "1m")) * len(group.rules)


def survivors(mutants: Sequence[Mutant], directory: Path) -> list[Mutant]:
    """The mutants of a rule with which every group still passes."""
    bench = Bench(directory)
    alive = list(mutants)
    remaining = groups_of(mutants[0].rule) if mutants else []
    while alive and remaining:
        # Most mutants die on the first group; the few that are left take several groups at once.
        wave = max(1, AT_LEAST // len(alive))
        batch, remaining = remaining[:wave], remaining[wave:]
        tried = [(mutant, bench.test_file(group, mutant)) for mutant in alive for group in batch]
        dead = {mutant for (mutant, _), ok in zip(tried, _passed([file for _, file in tried]), strict=True) if not ok}
        alive = [mutant for mutant in alive if mutant not in dead]
    return alive


def _passed(files: Sequence[Path]) -> list[bool]:
    size = min(AT_MOST, -(-len(files) // PROCESSES))
    chunks = [files[start : start + size] for start in range(0, len(files), size)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        return [verdict for verdicts in pool.map(promtool.passed, chunks) for verdict in verdicts]


def loadable(mutants: Sequence[Mutant], directory: Path) -> str:
    """What promtool has against the mutants as rules, or the empty string: then each of them is one."""
    bench = Bench(directory)
    files = [bench.rule_file((mutant.rule,), mutant) for mutant in mutants]
    return promtool.complaints(files) if files else ""


def failing_alone(file_name: str, directory: Path) -> list[str]:
    """The groups of a test file that need more than the rules they name; by name."""
    bench = Bench(directory)
    own = [group for group in groups() if group.file.name == file_name]
    verdicts = _passed([bench.test_file(group) for group in own])
    return [group.name for group, ok in zip(own, verdicts, strict=True) if not ok]
