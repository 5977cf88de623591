"""The rules as they ship."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.bundled.rule_files import (
    DASHBOARD_BASE_URL,
    RUNBOOK_BASE_URL,
    alert_names,
    rules_directory,
    rules_text,
    with_base_urls,
)

TEXT = rules_text()
FILES = sorted(rules_directory().glob("*.rules.yml"))


def groups(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(text)["groups"]
    return found


def test_the_printed_rules_are_the_groups_of_the_files() -> None:
    """Nothing is lost, doubled or changed on the way; a group's name is there once."""
    assert FILES
    assert groups(TEXT) == [group for file in FILES for group in groups(file.read_text(encoding="utf-8"))]
    assert len({group["name"] for group in groups(TEXT)}) == len(groups(TEXT))


def test_the_names_of_the_alerts_are_those_of_the_rules() -> None:
    """However the rules are read."""
    named = {rule["alert"] for group in groups(TEXT) for rule in group["rules"] if "alert" in rule}
    assert alert_names() == named


def test_the_printed_rules_keep_their_comments() -> None:
    """They explain the traps of the expressions; each file's stand under its name."""
    comments = [line for file in FILES for line in file.read_text("utf-8").splitlines() if line.startswith("#")]
    assert comments
    assert set(comments) <= set(TEXT.splitlines())
    assert [line for line in TEXT.splitlines() if re.fullmatch(r"# \S+\.rules\.yml", line)] == [
        f"# {file.name}" for file in FILES
    ]


@pytest.mark.binaries
def test_prometheus_loads_the_printed_rules(tmp_path: Path) -> None:
    """The real promtool says so, and counts as many rules as the files have."""
    file = tmp_path / "printed.rules.yml"
    file.write_text(TEXT, encoding="utf-8")
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: apt-get install prometheus"
    checked = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {sum(len(group['rules']) for group in groups(TEXT))} rules found" in checked.stdout


def test_links_start_with_the_readers_own_addresses() -> None:
    """Of every alert; a slash at the end of an address is not doubled, and nothing else changes."""
    text = rules_text("https://wiki.example.com/runbooks/", "https://grafana.example.com/grafana/")
    assert RUNBOOK_BASE_URL in TEXT
    assert RUNBOOK_BASE_URL not in text
    assert f"{DASHBOARD_BASE_URL}/" not in text
    back = text.replace("https://wiki.example.com/runbooks", RUNBOOK_BASE_URL)
    assert back.replace("https://grafana.example.com/grafana", DASHBOARD_BASE_URL) == TEXT


@pytest.mark.parametrize(
    ("runbooks", "dashboards", "printed"),
    [
        (None, None, f"{RUNBOOK_BASE_URL}/A.md {DASHBOARD_BASE_URL}/d/a"),
        ("https://wiki.test", None, f"https://wiki.test/A.md {DASHBOARD_BASE_URL}/d/a"),
        (None, "https://grafana.test:3000/", f"{RUNBOOK_BASE_URL}/A.md https://grafana.test:3000/d/a"),
        # Each placeholder is replaced once, also by an address that begins like the other one.
        (f"{DASHBOARD_BASE_URL}/r", "https://grafana.test", f"{DASHBOARD_BASE_URL}/r/A.md https://grafana.test/d/a"),
    ],
)
def test_each_link_has_its_own_address(runbooks: str | None, dashboards: str | None, printed: str) -> None:
    """Runbooks and dashboards need not be in one place; what is not given stays a placeholder."""
    assert with_base_urls(f"{RUNBOOK_BASE_URL}/A.md {DASHBOARD_BASE_URL}/d/a", runbooks, dashboards) == printed


@pytest.mark.parametrize("name", ["prometheus.yml", "alertmanager.yml"])
def test_examples_of_the_other_components_stand_beside_the_rules(name: str) -> None:
    """The demo and the README use them."""
    assert (rules_directory() / name).is_file()


def test_every_group_fits_a_ruler() -> None:
    """Mimir takes 20 rules a group unless told otherwise."""
    assert max(len(group["rules"]) for group in groups(TEXT)) <= 20
