"""The alerts as the rule files make them: every set of labels an alert can have, read from the rules themselves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.catalog.catalog import CATALOG
from exporter.sources import SOURCES

PREFIX = "HubSpotSalesforce"
SYNC_ERRORS = f"{PREFIX}SyncErrors"
NOTIFY = ("immediate", "daily", "weekly", "off")
UNKNOWN_NOTIFY = ""
"""To Alertmanager a label that is missing is one that is empty."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "integration": ("acme",),
    "category": CATALOG.category_names,
    "direction": ("to_salesforce", "to_hubspot"),
    "error_type": ("restricted_picklist_value",),
    "kind": ("data", "file"),
    "shard": ("", "2/4"),
    "result": ("invalid", "unauthorized", "unavailable"),
    "source": tuple(source.name for source in SOURCES),
    "notify": (*NOTIFY, UNKNOWN_NOTIFY),
}
"""What the labels of an alert can be. A rule with a label that is not here fails the tests: say where it goes."""

Labels = dict[str, str]


def alert_rules() -> list[dict[str, Any]]:
    """Every alerting rule that ships."""
    files = sorted(rules_directory().glob("*.rules.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def label_sets(rule: Mapping[str, Any]) -> Iterator[Labels]:
    """The labels a rule gives, those it says in its text taken from ``VALUES``, times every ``notify``.

    The setting is for sync errors; that it is on every alert here shows that it changes the way of no other.
    """
    spoken_of = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) - {"notify"}
    names = [*sorted(spoken_of), "notify"]
    for values in itertools.product(*(VALUES[name] for name in names)):
        alert = {"alertname": rule["alert"], **rule["labels"], **dict(zip(names, values, strict=True))}
        yield {name: value for name, value in alert.items() if value}


def all_label_sets() -> list[Labels]:
    """Of every rule."""
    return [labels for rule in alert_rules() for labels in label_sets(rule)]
