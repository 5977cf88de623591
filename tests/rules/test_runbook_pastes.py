"""What runbooks tell to paste works: queries, commands, addresses."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.bundled.rule_files import rules_text
from exporter.cli import command_line
from exporter.self_metrics import PREFIX
from tests.rules.incident import MINUTES, STEPS, Series, incident
from tests.rules.promtool import complaints_of_test
from tests.rules.runbook import RUNBOOKS
from tests.shipped import exported_metrics, metrics_named, recorded_metrics

README = (Path(__file__).parents[2] / "exporter" / "README.md").read_text(encoding="utf-8")
QUERIES = list(dict.fromkeys(query.strip() for runbook in RUNBOOKS for query in runbook.blocks("promql")))

SECONDS = 60.0
"""No promtool takes as long; one that does is killed."""


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the real promtool to its end."""
    program = shutil.which("promtool")
    assert program is not None, "promtool is missing: apt-get install prometheus"
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)


def write_yaml(file: Path, content: Any) -> Path:
    """The file, with this content."""
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def recording_groups() -> list[dict[str, Any]]:
    """The groups of the shipped rules without the alerts."""
    groups: list[dict[str, Any]] = yaml.safe_load(rules_text())["groups"]
    return [{**group, "rules": [rule for rule in group["rules"] if "record" in rule]} for group in groups]


def documented_labels(metric: str) -> set[str]:
    """The labels of an exported metric as the exporter's README has them."""
    found = re.search(rf"^\| `{metric}` \| \w+ \|(.*?)\|", README, re.MULTILINE)
    assert found is not None, metric
    own, _, without = found[1].partition("(")
    return set(re.findall(r"`(\w+)`", own)) | ({"integration"} if "no `integration`" not in without else set())


def labels_of(metric: str) -> set[str]:
    """The labels of an exported metric, or those that the name of a recorded one begins with."""
    if metric in exported_metrics():
        return documented_labels(metric) | {"job", "instance"}
    level = metric.partition(":")[0]
    return set() if level + "_" == PREFIX else set(level.split("_"))


@pytest.mark.binaries
def test_promtool_accepts_every_query(tmp_path: Path) -> None:
    """All of them as recording rules of one file: what does not parse is named with its line."""
    rules = [{"record": f"runbook:query:{number}", "expr": query} for number, query in enumerate(QUERIES)]
    groups = {"groups": [{"name": "runbooks", "rules": rules}]}
    checked = promtool("check", "rules", write_yaml(tmp_path / "runbooks.rules.yml", groups))
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(QUERIES)} rules found" in checked.stdout


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_metrics_and_labels_that_exist(query: str) -> None:
    """What is exported or recorded, with labels it has; what is aggregated ``by`` is a label of it."""
    named = metrics_named(query)
    assert named <= exported_metrics() | recorded_metrics()
    for metric, matchers in re.findall(r"([\w:]+)\{([^}]*)\}", query):
        if metric in named:
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= labels_of(metric), metric
    grouped = {name for names in re.findall(r"\bby \(([^)]*)\)", query) for name in re.split(r",\s*", names)}
    if named:
        assert grouped <= set().union(*map(labels_of, named))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_selects_the_integration_to_be_replaced(query: str) -> None:
    """Every selector says ``integration="acme"`` where its metric has that label, and the job where it is scraped.

    Queries that ask about all integrations group by them instead.
    """
    for metric in re.findall(r"[\w:]+(?=\{)", query):
        selector = query.partition(metric + "{")[2].partition("}")[0]
        if "integration" in (labels_of(metric) if PREFIX in metric else ()):
            assert 'integration="acme"' in selector or "by (integration" in query
        if metric in exported_metrics() or metric == "up":
            assert 'job="hubspot-salesforce"' in selector
    assert not [name for name in metrics_named(query) if not re.search(rf"{name}\{{", query)], (
        "a metric without selector"
    )


@pytest.mark.parametrize(
    "series", {series.metric: series for series in incident()}.values(), ids=lambda one: one.metric
)
def test_the_incident_looks_like_what_is_exported(series: Series) -> None:
    """Its series have the labels that the README documents, so that queries meet what they meet in production."""
    if series.metric in exported_metrics():
        assert set(series.labels) == documented_labels(series.metric)
    else:
        assert series.metric in {"up", "ALERTS"}


@pytest.mark.binaries
def test_in_an_incident_every_query_has_an_answer(tmp_path: Path) -> None:
    """The shipped recording rules over an integration in which everything goes wrong: nothing pasted is empty."""
    write_yaml(tmp_path / "recorded.rules.yml", {"groups": recording_groups()})
    case = {
        "interval": f"{MINUTES}m",
        "input_series": [{"series": series.selector(), "values": series.values} for series in incident()],
        "promql_expr_test": [
            {
                "expr": f"count(\n{query}\n) > bool 0",
                "eval_time": f"{STEPS * MINUTES}m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for query in QUERIES
        ],
    }
    tests = {"rule_files": ["recorded.rules.yml"], "evaluation_interval": f"{MINUTES}m", "tests": [case]}
    assert complaints_of_test(write_yaml(tmp_path / "incident.test.yml", tests)) == ""


def commands(program: str) -> Sequence[list[str]]:
    """What runbooks tell to run of a program, word by word, without redirections."""
    lines = [line for runbook in RUNBOOKS for block in runbook.blocks("sh") for line in block.splitlines()]
    split = [shlex.split(re.sub(r" > \S+$", "", line)) for line in lines]
    assert {words[0] for words in split} <= {"hubspot-salesforce-exporter", "curl"}
    return [words[1:] for words in split if words[0] == program]


@pytest.mark.parametrize("words", commands("hubspot-salesforce-exporter"), ids=" ".join)
def test_the_command_line_takes_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Command, flags and their values are known, as the real parser sees them."""
    try:
        command_line().parse_args(words)
    except SystemExit:
        pytest.fail(capsys.readouterr().err)


@pytest.mark.parametrize("words", commands("curl"), ids=" ".join)
def test_the_exporter_knows_every_address(words: list[str]) -> None:
    """What is asked of the exporter stands in its README's table of its HTTP; the other address is Salesforce's."""
    served = set(re.findall(r"`(?:GET|POST) (/[^`?]*)", README))
    (url,) = (word for word in words if word.startswith("http"))
    host, _, path = url.partition("://")[2].partition("/")
    if host == "127.0.0.1:9951":
        assert f"/{path.partition('?')[0]}" in served
    else:
        assert host == "api.status.salesforce.com"
