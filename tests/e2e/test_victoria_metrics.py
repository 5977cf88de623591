"""VictoriaMetrics takes the rules as they are, and fires the alerts that Prometheus fires."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from exporter.bundled.rule_files import rules_directory, rules_text
from tests.e2e.rule_cases import Case, Labels, cases
from tests.e2e.victoria_metrics import Group, Server, running_server, vmalert
from tests.rules.history import alerts_of, levels

pytestmark = pytest.mark.binaries

FILES = sorted(rules_directory().glob("*.rules.yml"))
CASES = [case for file in sorted((rules_directory() / "tests").glob("*.test.yml")) for case in cases(file)]

FIRST_START = 31_536_000
DAYS_APART = 35
"""No rule looks back as far, so no case sees another's samples. From 1971 on there is room for hundreds of cases: what
lies in the future the server would not keep."""
STARTS = itertools.count(FIRST_START, DAYS_APART * 86_400)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@functools.cache
def rounds(files: Sequence[Path]) -> list[list[Group]]:
    """The groups of rule files in an order in which every rule finds what it reads: first what alerts rest on.

    Without annotations: when it replays the past, vmalert asks no queries for them. Their templates are parsed above.
    Without intervals of their own: promtool, whose cases these are, knows only that of the case.
    """
    shipped: list[Group] = [group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
    groups: list[Group] = [{key: group[key] for key in group if key != "interval"} for group in shipped]
    alerts: list[Group] = [
        {**group, "rules": [{**rule, "annotations": {}} for rule in group["rules"] if "alert" in rule]}
        for group in groups
    ]
    return [*levels(groups, alerts_of(groups)), [group for group in alerts if group["rules"]]]


def in_order(alerts: Iterable[Labels]) -> list[list[tuple[str, str]]]:
    """Sets of labels as they compare."""
    return sorted(sorted(labels.items()) for labels in alerts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_vmalert_loads_every_rule_file(file: Path) -> None:
    """Expressions and templates included: it parses both, and says nothing."""
    checked = vmalert("-dryRun", f"-rule={file}")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_vmalert_loads_the_printed_rules(tmp_path: Path) -> None:
    """As one file, with the reader's own links."""
    file = tmp_path / "printed.rules.yml"
    file.write_text(rules_text("https://wiki.example.com", "https://grafana.example.com"), encoding="utf-8")
    checked = vmalert("-dryRun", f"-rule={file}")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"alert": "A", "expr": "sum by (job) up"}, "invalid expression"),
        ({"alert": "A", "expr": "up", "annotations": {"summary": "{{ unknown $value }}"}}, "invalid annotations"),
        ({"alert": "A", "expr": "up", "labels": {"a": "{{ if }}"}}, "invalid labels"),
    ],
)
def test_vmalert_would_refuse_what_it_cannot_read(rule: Group, complaint: str, tmp_path: Path) -> None:
    """So that its silence means something."""
    file = tmp_path / "broken.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}), encoding="utf-8")
    checked = vmalert("-dryRun", f"-rule={file}")
    assert checked.returncode != 0
    assert complaint in checked.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_alerts_of_prometheus_fire(case: Case, server: Server) -> None:
    """promtool's cases once more: at the same minutes, under the same labels."""
    start = next(STARTS)
    assert start + case.length < time.time(), "there are more cases than there was time"
    server.write(case.series(start))
    for groups in rounds(case.rule_files):
        server.evaluate(groups, start, start + case.length, case.interval)
    for expected in case.expected:
        fired = server.firing(expected.alert, start + expected.after)
        assert in_order(fired) == in_order(expected.labels), expected
