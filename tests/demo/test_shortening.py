"""The shipped rules with shorter times: only durations change, never the logic."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.demo.shortening import shorter, shorter_expression, shorter_routing, shorter_rules

RULE_FILES = sorted(rules_directory().glob("*.rules.yml"))


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("1h", "60000ms"),
        ("10m", "10000ms"),
        ("1h30m", "90000ms"),
        ("1m", "1000ms"),
        ("90s", "1500ms"),
        ("5s", "1000ms"),
        ("1ms", "1000ms"),
        ("0s", "0s"),
        ("0m", "0s"),
    ],
)
def test_an_hour_is_a_minute(duration: str, expected: str) -> None:
    """A sixtieth, but never less than a second, which is the scrape interval; 0 stays 0."""
    assert shorter(duration) == expected


@pytest.mark.parametrize("duration", ["", "5", "m", "5 m", "1h-5m"])
def test_what_is_no_duration_is_an_error(duration: str) -> None:
    """Rather than a rule that means something else."""
    with pytest.raises(ValueError, match="is not a duration"):
        shorter(duration)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(x[10m])", "rate(x[10000ms])"),
        ("max_over_time(x[1m])", "max_over_time(x[5000ms])"),
        ("max_over_time(x[1h:5m])", "max_over_time(x[60000ms:5000ms])"),
        ("max_over_time(x[1h:])", "max_over_time(x[60000ms:])"),
        ("max_over_time(rate(x[5m])[1h30m:10m])", "max_over_time(rate(x[5000ms])[90000ms:10000ms])"),
        ("x[ 10m ]", "x[ 10000ms ]"),
        ("x offset 1h", "x offset 60000ms"),
        ("x offset 1h > 3", "x offset 60000ms > 3"),
        ("x offset -1h", "x offset -60000ms"),
        ("x OFFSET 1h", "x OFFSET 60000ms"),
        ("(x offset 1d, y)", "(x offset 1440000ms, y)"),
        ("x[1h] offset 1w", "x[60000ms] offset 10080000ms"),
        ("x offset\n  1h", "x offset\n  60000ms"),
    ],
)
def test_ranges_steps_and_offsets_get_shorter(expression: str, expected: str) -> None:
    """Wherever they stand; a range keeps five seconds, so that it still spans several scrapes."""
    assert shorter_expression(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "x > 3600",
        "time() - x > 5 * 60",
        "integration:hubspot_salesforce_org_api_calls:ratio5m > 0.9",
        "job:x:1h > 0",
        "x{path=\"/a[5m]\", other='offset 5m'}",
        r'x{path="say \"[5m]\""}',
        "x{path=`[5m]`}",
        "x # not the last [5m], nor offset 5m\n > 0",
        "sum by (offset) (x)",
        'x{le="5m"}',
    ],
)
def test_nothing_else_changes(expression: str) -> None:
    """Numbers, names, strings and comments stay as they are, whatever they look like."""
    assert shorter_expression(expression) == expression


def test_a_rule_file_with_shorter_times() -> None:
    """Of groups the interval, of rules how long they wait and keep firing; all else is kept."""
    rules = {
        "groups": [
            {
                "name": "g",
                "interval": "1m",
                "rules": [
                    {
                        "alert": "A",
                        "expr": "x[1h] > 0",
                        "for": "15m",
                        "keep_firing_for": "0s",
                        "labels": {"window": "1h"},
                        "annotations": {"description": "for [1h]"},
                    },
                    {"record": "a:b:c", "expr": "vector(1)"},
                ],
            }
        ]
    }
    (group,) = shorter_rules(rules)["groups"]
    assert (group["name"], group["interval"]) == ("g", "1000ms")
    assert group["rules"] == [
        {
            "alert": "A",
            "expr": "x[60000ms] > 0",
            "for": "15000ms",
            "keep_firing_for": "0s",
            "labels": {"window": "1h"},
            "annotations": {"description": "for [1h]"},
        },
        {"record": "a:b:c", "expr": "vector(1)"},
    ]


def test_routing_with_shorter_waits() -> None:
    """On every level of the tree; what is no wait stays as it is."""
    routing = {
        "route": {
            "group_wait": "30s",
            "repeat_interval": "12h",
            "routes": [{"group_wait": "0s", "group_interval": "5m", "receiver": "5m"}],
        },
        "receivers": [{"name": "5m", "webhook_configs": [{"url": "http://x", "max_alerts": 0}]}],
    }
    assert shorter_routing(routing) == {
        "route": {
            "group_wait": "1000ms",
            "repeat_interval": "720000ms",
            "routes": [{"group_wait": "0s", "group_interval": "5000ms", "receiver": "5m"}],
        },
        "receivers": [{"name": "5m", "webhook_configs": [{"url": "http://x", "max_alerts": 0}]}],
    }


def skeleton(value: Any) -> Any:
    """Rules without any duration."""
    return re.sub(r"\b(\d+(ms|[smhdwy]))+\b", "…", yaml.safe_dump(value, sort_keys=False, width=10_000))


@pytest.mark.binaries
@pytest.mark.parametrize("file", RULE_FILES, ids=lambda file: str(file.name))
def test_the_shipped_rules_are_still_rules(file: Path, tmp_path: Path) -> None:
    """promtool accepts them, and nothing but durations has changed."""
    rules = yaml.safe_load(file.read_text())
    short = shorter_rules(rules)
    assert skeleton(short) == skeleton(rules)
    written = tmp_path / file.name
    written.write_text(yaml.safe_dump(short, sort_keys=False))
    checked = subprocess.run(["promtool", "check", "rules", str(written)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.binaries
def test_the_shipped_routing_is_still_a_configuration(tmp_path: Path) -> None:
    """amtool accepts it."""
    short = shorter_routing(yaml.safe_load((rules_directory() / "alertmanager.yml").read_text()))
    written = tmp_path / "alertmanager.yml"
    written.write_text(yaml.safe_dump(short, sort_keys=False))
    checked = subprocess.run(["amtool", "check-config", str(written)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
