"""``rules``: only what can be redirected or piped."""

from __future__ import annotations

import pytest

from exporter.bundled.prometheus_rule import prometheus_rule
from exporter.bundled.rule_files import rules_text
from exporter.cli import main


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "--format=prometheus"]])
def test_rules_are_printed_as_they_ship(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Only the rules, so that the output can be redirected to a file."""
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (rules_text(), "")


def test_rules_are_printed_for_the_prometheus_operator(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the manifest, so that the output can be piped to kubectl; links and namespace are the reader's own."""
    runbooks, dashboards = "https://wiki.example/?page=/", "http://[::1]:3000/grafana"
    links = [f"--runbook-base-url={runbooks}", f"--dashboard-base-url={dashboards}"]
    assert main(["rules", "--format=prometheus-operator", "--namespace=monitoring", *links]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (prometheus_rule(rules_text(runbooks, dashboards), "monitoring"), "")
