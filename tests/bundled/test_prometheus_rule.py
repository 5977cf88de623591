"""The rules as one PrometheusRule of the Prometheus operator."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from exporter import __version__
from exporter.bundled.prometheus_rule import prometheus_rule
from exporter.bundled.rule_files import rules_text

SCHEMA = json.loads((Path(__file__).parent / "prometheus_rule.schema.json").read_text(encoding="utf-8"))
TEXT = prometheus_rule(rules_text())
MANIFEST: dict[str, Any] = yaml.safe_load(TEXT)
APPLY_BYTES = 262_144
"""What Kubernetes lets all annotations of an object have; ``kubectl apply`` keeps the whole manifest in one."""

ALERT = {"alert": "A", "expr": "up == 0", "for": "1h30m"}
RECORD = {"record": "job:up:sum", "expr": "sum by (job) (up)"}


def groups_as_written(rules: str) -> list[dict[str, Any]]:
    """The groups of a rule file with every scalar as Prometheus reads it: as text."""
    found: list[dict[str, Any]] = yaml.load(rules, yaml.BaseLoader)["groups"]  # noqa: S506 (makes nothing but texts)
    return found


def problem(manifest: Any) -> str | None:
    """Why a manifest does not fit the schema."""
    worst = best_match(Draft202012Validator(SCHEMA).iter_errors(manifest))
    return None if worst is None else f"{worst.json_path}: {worst.message}"


def with_rules(*rules: Any, **group: Any) -> dict[str, Any]:
    """A manifest of one group."""
    return {**MANIFEST, "spec": {"groups": [{"name": "g", "rules": list(rules), **group}]}}


def test_the_manifest_is_what_the_operator_takes() -> None:
    """Names, types and patterns of every field fit the resource definition; nothing else is there."""
    assert problem(MANIFEST) is None


def test_the_schema_takes_every_field_there_is() -> None:
    """Also those the rules do not use."""
    Draft202012Validator.check_schema(SCHEMA)
    group = {
        "interval": "1m",
        "limit": 10,
        "partial_response_strategy": "Warn",
        "query_offset": "30s",
        "labels": {"team": "sre"},
    }
    alert = {**ALERT, "keep_firing_for": "5m", "labels": {"severity": "info"}, "annotations": {"summary": "Down."}}
    assert problem(with_rules(alert, {**RECORD, "expr": 1, "labels": {"a": "b"}}, **group)) is None


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(with_rules({**ALERT, "record": "job:up:sum"}), id="alert and record"),
        pytest.param(with_rules({"expr": "up"}), id="neither alert nor record"),
        pytest.param(with_rules({"alert": "A"}), id="no expression"),
        pytest.param(with_rules({**RECORD, "expr": 0.75}), id="expression that is a fraction"),
        pytest.param(with_rules({**RECORD, "for": "5m"}), id="record with for"),
        pytest.param(with_rules({**RECORD, "record": "job up"}), id="record that is no metric name"),
        pytest.param(with_rules({**ALERT, "for": "5 minutes"}), id="duration in words"),
        pytest.param(with_rules({**ALERT, "for": 300}), id="duration that is a number"),
        pytest.param(with_rules({**ALERT, "labels": {"severity": 1}}), id="label that is a number"),
        pytest.param(with_rules(ALERT, source_tenants=["a"]), id="unknown field of a group"),
        pytest.param(with_rules({**ALERT, "debug": "true"}), id="unknown field of a rule"),
        pytest.param(with_rules(ALERT, name=""), id="group without a name"),
        pytest.param(with_rules(ALERT, limit="10"), id="limit that is a text"),
        pytest.param({**MANIFEST, "kind": "PrometheusRules"}, id="other kind"),
        pytest.param({**MANIFEST, "metadata": {"name": "Upper"}}, id="name in capitals"),
        pytest.param({**MANIFEST, "metadata": {"name": "n", "labels": {"version": "1+local"}}}, id="bad label"),
        pytest.param({key: MANIFEST[key] for key in MANIFEST if key != "spec"}, id="no spec"),
    ],
)
def test_the_schema_refuses_what_the_cluster_would(broken: dict[str, Any]) -> None:
    """So that a fitting manifest means something."""
    assert problem(broken) is not None


def test_the_manifest_holds_the_rules_of_the_prometheus_format() -> None:
    """Group by group, rule by rule, text by text."""
    assert MANIFEST["spec"] == {"groups": groups_as_written(rules_text())}


@pytest.mark.binaries
def test_prometheus_loads_the_groups_of_the_manifest(tmp_path: Path) -> None:
    """As the operator hands them on; promtool finds as many rules as the prometheus format has."""
    file = tmp_path / "spec.yml"
    file.write_text(yaml.safe_dump(MANIFEST["spec"]), encoding="utf-8")
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: apt-get install prometheus"
    checked = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
    number = sum(len(group["rules"]) for group in groups_as_written(rules_text()))
    assert f"SUCCESS: {number} rules found" in checked.stdout


def test_group_names_are_unique() -> None:
    """The cluster merges groups by name."""
    names = [group["name"] for group in MANIFEST["spec"]["groups"]]
    assert len(set(names)) == len(names)


def test_a_selector_finds_it_by_its_labels() -> None:
    """The recommended ones of Kubernetes: name and version of what it belongs to."""
    assert MANIFEST["metadata"] == {
        "name": "hubspot-salesforce",
        "labels": {
            "app.kubernetes.io/name": "hubspot-salesforce-exporter",
            "app.kubernetes.io/version": __version__,
        },
    }


def test_the_namespace_stands_in_it_when_asked_for() -> None:
    """Otherwise it is left to kubectl."""
    manifest = yaml.safe_load(prometheus_rule(rules_text(), "monitoring"))
    assert problem(manifest) is None
    assert manifest["metadata"].pop("namespace") == "monitoring"
    assert manifest == MANIFEST


def test_it_says_where_it_came_from() -> None:
    """Command and version, before anything else."""
    comments = re.match(r"(?:#.*\n)+(?=apiVersion: )", TEXT)
    assert comments is not None
    assert f"hubspot-salesforce-exporter {__version__}" in comments[0]
    assert "hubspot-salesforce-exporter rules --format=prometheus-operator\n" in comments[0]


def test_expressions_stand_as_they_were_written() -> None:
    """Those of several lines as a block of lines, so that a person can read them."""
    expressions = [rule["expr"] for group in groups_as_written(rules_text()) for rule in group["rules"]]
    blocks = [expression for expression in expressions if "\n" in expression]
    assert blocks
    for block in blocks:
        assert f"expr: |-\n{textwrap.indent(block, ' ' * 8)}\n" in TEXT


def test_long_texts_are_folded() -> None:
    """No line is a paragraph: a description wraps, and reads in a diff."""
    in_blocks = {line for rule in re.findall(r"expr: \|-\n((?: {8}.*\n|\n)+)", TEXT) for line in rule.splitlines()}
    assert max(len(line) for line in set(TEXT.splitlines()) - in_blocks) < 160


def test_keys_come_in_the_order_of_the_rule_files() -> None:
    """What it is, whose it is, what it says; each rule as its file writes it."""
    assert list(MANIFEST) == ["apiVersion", "kind", "metadata", "spec"]
    for shipped, group in zip(groups_as_written(rules_text()), MANIFEST["spec"]["groups"], strict=True):
        assert [list(rule) for rule in group["rules"]] == [list(rule) for rule in shipped["rules"]]


def test_it_is_small_enough_for_kubectl_apply() -> None:
    """Which sends it as JSON in an annotation beside the object."""
    assert len(json.dumps(MANIFEST).encode()) < APPLY_BYTES / 2


def test_what_looks_like_a_number_stays_what_prometheus_reads() -> None:
    """An expression and a label are texts, only a limit is a number."""
    text = prometheus_rule(
        "groups: [{name: g, limit: 10, rules: [{record: a, expr: 0.750, labels: {level: 010, on: yes}}]}]"
    )
    manifest = yaml.safe_load(text)
    assert problem(manifest) is None
    assert manifest["spec"]["groups"] == [
        {"name": "g", "limit": 10, "rules": [{"record": "a", "expr": "0.750", "labels": {"level": "010", "on": "yes"}}]}
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "up == 0\n# why\nor  vector(1)",
        "  up\n== 0\n",
        "up\n\n\n",
        "up{job=\"a'b\"}  ==  0",
        'label_replace(up, "a", "\\\\d+ – $1", "b", "\t")',
        "up " * 100 + "#  two  spaces",
        "'", "#", ": ", "- a", "{{ $value }}", "…\u2028…", "a \nb",
    ],
)  # fmt: skip
def test_every_text_survives(expression: str) -> None:
    """Whatever style it is written in."""
    rules = yaml.safe_dump({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expression}]}]})
    assert yaml.safe_load(prometheus_rule(rules))["spec"]["groups"][0]["rules"][0]["expr"] == expression
