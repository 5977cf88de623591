"""An integration gets a threshold of its own as the comments in the rules of sync errors say: by one line more."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.bundled.rule_files import rules_directory

pytestmark = pytest.mark.binaries

RULES = (rules_directory() / "sync_errors.rules.yml").read_text(encoding="utf-8")

ERRORS = "hubspot_salesforce_sync_errors"
SURGE = "hubspot_salesforce_sync_errors_surge"

SECONDS = 60.0
"""No promtool takes as long; one that does is killed."""

HOUR = 60
END = HOUR + 20
"""The minute in question: what has been true since minute ``HOUR`` has been so for the 15 minutes that alerts wait."""


def with_own_numbers(rules: str, threshold: str) -> str:
    """The rules as someone has them who took the ``#`` from the line in ``integration:<threshold>:threshold``."""
    commented = rf"(- record: integration:{threshold}:threshold\n +expr: \|-\n +)# "
    own, number = re.subn(commented, r"\1", rules)
    assert number == 1, threshold
    return own


def series(metric: str, values: str, **labels: str) -> dict[str, str]:
    """One input series, a sample a minute."""
    scraped = {"job": "hubspot-salesforce", "instance": "exporter-a", **labels}
    inside = ", ".join(f'{name}="{value}"' for name, value in scraped.items())
    return {"series": f"{metric}{{{inside}}}", "values": values}


def owned(integration: str, notify: str, errors: int) -> list[dict[str, str]]:
    """An integration that has had so many errors since minute ``HOUR``, and how its owner wants to hear of them."""
    values = f"0x{HOUR - 1} {errors}x{END - HOUR}"
    return [
        series(ERRORS, values, integration=integration, category="other", error_type="unknown"),
        series("hubspot_salesforce_integration_info", f"1x{END}", integration=integration, notify=notify),
    ]


def expected(expression: str, numbers: Mapping[str, int]) -> dict[str, Any]:
    """That an expression gives these numbers by integration."""
    samples = [{"labels": f'{{integration="{name}"}}', "value": number} for name, number in numbers.items()]
    return {"expr": f"max by (integration) ({expression})", "eval_time": f"{END}m", "exp_samples": samples}


def firing(alert: str, integrations: Sequence[str]) -> dict[str, Any]:
    """That an alert fires for these integrations and no others."""
    return expected(f'ALERTS{{alertname="{alert}", alertstate="firing"}}', dict.fromkeys(integrations, 1))


def judged(folder: Path, rules: str, inputs: Sequence[Mapping[str, str]], tests: Sequence[Mapping[str, Any]]) -> str:
    """What promtool has against the expectations, or the empty string."""
    program = shutil.which("promtool")
    assert program is not None, "promtool is missing: apt-get install prometheus"
    (folder / "sync_errors.rules.yml").write_text(rules, encoding="utf-8")
    group = {"interval": "1m", "input_series": list(inputs), "promql_expr_test": list(tests)}
    document = {"rule_files": ["sync_errors.rules.yml"], "evaluation_interval": "1m", "tests": [group]}
    file = folder / "thresholds.test.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    command = [program, "test", "rules", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


FEW_ERRORS = [
    *owned("acme", "immediate", 25),
    *owned("globex", "daily", 26),
    *owned("initech", "daily", 1),
    *owned("hooli", "daily", 0),
]
"""The example is about acme and globex."""


@pytest.mark.parametrize(
    ("rules", "thresholds", "firing_for"),
    [
        pytest.param(
            RULES,
            {"acme": 0, "globex": 0, "initech": 0, "hooli": 0},
            ["acme", "globex", "initech"],
            id="as shipped",
        ),
        pytest.param(
            with_own_numbers(RULES, ERRORS),
            {"acme": 25, "globex": 25, "initech": 0, "hooli": 0},
            ["globex", "initech"],
            id="with the example",
        ),
    ],
)
def test_integrations_named_in_a_line_have_a_number_of_errors_of_their_own(
    rules: str, thresholds: Mapping[str, int], firing_for: Sequence[str], tmp_path: Path
) -> None:
    """Up to it nobody is told; the others keep 0."""
    tests = [expected(f"integration:{ERRORS}:threshold", thresholds), firing("HubSpotSalesforceSyncErrors", firing_for)]
    assert judged(tmp_path, rules, FEW_ERRORS, tests) == ""


MANY_ERRORS = [
    *owned("acme", "weekly", 500),
    *owned("globex", "weekly", 501),
    *owned("initech", "immediate", 21),
    *owned("hooli", "daily", 20),
]
"""The example is about all whose owners hear of errors once a week."""


@pytest.mark.parametrize(
    ("rules", "thresholds", "firing_for"),
    [
        pytest.param(
            RULES,
            {"acme": 20, "globex": 20, "initech": 20, "hooli": 20},
            ["acme", "globex", "initech"],
            id="as shipped",
        ),
        pytest.param(
            with_own_numbers(RULES, SURGE),
            {"acme": 500, "globex": 500, "initech": 20, "hooli": 20},
            ["globex", "initech"],
            id="with the example",
        ),
    ],
)
def test_integrations_that_share_a_label_have_a_surge_of_their_own(
    rules: str, thresholds: Mapping[str, int], firing_for: Sequence[str], tmp_path: Path
) -> None:
    """So many more than usual are needed; for the others twenty."""
    tests = [
        expected(f"integration:{SURGE}:threshold", thresholds),
        firing("HubSpotSalesforceSyncErrorsSurge", firing_for),
    ]
    assert judged(tmp_path, rules, MANY_ERRORS, tests) == ""


def test_an_expectation_that_is_wrong_is_found_out(tmp_path: Path) -> None:
    """promtool's silence means something."""
    wrong = [expected(f"integration:{ERRORS}:threshold", {"acme": 1, "globex": 0, "initech": 0, "hooli": 0})]
    assert "FAILED" in judged(tmp_path, RULES, FEW_ERRORS, wrong)
