"""The README's table of metrics: of each one the type and the labels, as they are exported."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from exporter.counters import COUNTED
from exporter.exposition.families import FAMILIES
from exporter.self_metrics import PREFIX, SelfMetrics
from tests.exposition.test_families import PARTS, known

README = (Path(__file__).parents[2] / "exporter" / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(rf"^\| `{PREFIX}(\w+)` \| (\w+) \| (.*?) \|", README, re.MULTILINE)


def exported() -> dict[str, tuple[str, set[str]]]:
    """Type and labels of every metric, by its name without prefix; of an integration beside ``integration``."""
    labels: dict[str, set[str]] = defaultdict(set)
    for name, found, _ in FAMILIES.samples(known(**PARTS)):
        labels[FAMILIES.family_of(name)] |= found.keys() - {"le"}
    families = {name: (FAMILIES.kinds.get(name, "gauge"), labels[name]) for name in FAMILIES.help}
    counted = {name: (family.kind, set(family.labels)) for name, family in COUNTED.items()}
    return {**families, **counted, **of_the_process()}


def of_the_process() -> dict[str, tuple[str, set[str]]]:
    metrics = SelfMetrics()
    metrics.know_source("sync_health")
    found: dict[str, tuple[str, set[str]]] = {}
    for family in metrics.registry.collect():
        name = family.name.removeprefix(PREFIX) + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = family.type, labels | {"(no `integration`)"}
    return found


@pytest.mark.parametrize(("name", "kind", "labels"), ROWS, ids=[name for name, *_ in ROWS])
def test_type_and_labels_are_as_the_table_says(name: str, kind: str, labels: str) -> None:
    """And whether it is of an integration or of the process."""
    told = set(re.findall(r"`(\w+)`|(\(no `integration`\))", labels)) - {("integration", "")}
    assert (kind, {"".join(found) for found in told}) == exported()[name]
