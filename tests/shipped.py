"""What ships, as tests ask for it: the rules, the metrics."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from exporter.bundled.rule_files import rules_text
from exporter.counters import COUNTED
from exporter.exposition.families import FAMILIES
from exporter.self_metrics import PREFIX, SelfMetrics

_QUOTED = re.compile(r'"[^"]*"')
_NAME = re.compile(rf"[\w:]*\b{PREFIX}[\w:]+")


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule that ships, alerting and recording, in the order of the files."""
    return [rule for group in yaml.safe_load(rules_text())["groups"] for rule in group["rules"]]


def alert_rules() -> list[dict[str, Any]]:
    """Every alerting rule that ships."""
    return [rule for rule in rules() if "alert" in rule]


@cache
def recorded_metrics() -> set[str]:
    """The names that recording rules give."""
    return {rule["record"] for rule in rules() if "record" in rule}


@cache
def exported_metrics() -> set[str]:
    """Every metric of the product, by the name under which it is scraped."""
    own = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in SelfMetrics().registry.collect()
        if metric.name.startswith(PREFIX)
    }
    return own | {PREFIX + family for family in (*FAMILIES.help, *COUNTED)}


def metrics_named(expression: str) -> set[str]:
    """The product's metrics, exported or recorded, that a PromQL expression names."""
    return set(_NAME.findall(_QUOTED.sub('""', expression)))
