"""The READMEs: where a reader stands, and only so long; what they lead to is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from exporter.bundled.rule_files import rules_text
from tests.markdown import BLOCK, dead_links, headings_of

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPORTER = (ROOT / "exporter" / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    "CHANGELOG.md",
    "README.md",
    "dashboards/README.md",
    "exporter/CONFIGURATION.md",
    "exporter/FAQ.md",
    "exporter/README.md",
    "rules/README.md",
    "tests/README.md",
]

THREE_SCREENS = 150
SECONDS = 60.0
"""No promtool takes as long; one that does is killed."""


def test_the_first_readme_is_three_screens_long() -> None:
    """What it is for, how to see it, one's own integration, where to read on; all else stands where it is needed."""
    assert len(README.splitlines()) <= THREE_SCREENS


def test_each_readme_is_known_and_the_first_leads_to_it() -> None:
    """None is added without being tested here."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/*.md")]
    assert sorted(file.relative_to(ROOT).as_posix() for file in found) == DOCUMENTS
    assert {name for name in DOCUMENTS if f"]({name})" in README} == set(DOCUMENTS) - {"README.md"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    """Files, folders and headings of the checkout."""
    assert dead_links(ROOT / name, (ROOT / name).read_text(encoding="utf-8")) == []


def test_demo_and_test_are_one_line_each() -> None:
    """To be found by eye and by grep: in a block, at the beginning of a line."""
    lines = [line for _, block in BLOCK.findall(README) for line in block.splitlines()]
    assert [line.split("#")[0].strip() for line in lines if line.startswith("make ")] == ["make demo", "make test"]


@pytest.mark.binaries
def test_prometheus_takes_the_example(tmp_path: Path) -> None:
    """The real promtool says so, of its scrape job and of the rules as the exporter prints them."""
    example = re.search(r"```yaml\n(# prometheus.yml\n.*?)```", README, re.DOTALL)
    assert example is not None
    (tmp_path / "prometheus.yml").write_text(example[1], encoding="utf-8")
    (tmp_path / "hubspot-salesforce.rules.yml").write_text(rules_text(), encoding="utf-8")
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: apt-get install prometheus"
    checked = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus.yml"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "1 rule files found" in checked.stdout
    assert "job_name: hubspot-salesforce " in example[1]


def test_the_table_of_contents_is_complete() -> None:
    """Every section of the exporter's README, in the order in which they stand there; of parts of a part none."""
    table = EXPORTER.partition("\n## ")[0]
    titles = [title for level, title in headings_of(EXPORTER) if level in {2, 3}]
    assert re.findall(r"\[([^\]]+)\]\(#", table) == titles


def test_the_floors_are_those_of_the_contract() -> None:
    """From top to bottom, as import-linter checks them; that they are all of the package is part of the contract."""
    table = EXPORTER.partition("### The floors\n")[2].partition("\n#")[0]
    rows = [re.findall(r"`(\w+)(?:/|\.py)`", row) for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (floors,) = (contract for contract in contracts if contract.get("containers") == ["exporter"])
    assert floors["exhaustive"] is True
    assert [set(row) for row in rows] == [set(layer.split(" | ")) for layer in floors["layers"]]


def test_what_is_named_in_a_file_stands_in_it() -> None:
    """A link whose text is a name leads to the file that gives that name something: a table, a class, a function."""
    named = re.findall(r"\[`([A-Za-z_]+)`\]\(([\w/.]+\.py)\)", EXPORTER)
    assert named
    for name, path in named:
        text = (ROOT / "exporter" / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:(?:async )?def |class )?{name}\b", text, re.MULTILINE), (name, path)


def test_what_is_quoted_stands_in_its_file() -> None:
    """Line by line, in this order; what is between them is left out."""
    quoted = [block for language, block in BLOCK.findall(EXPORTER) if language == "python"]
    assert quoted
    for block in quoted:
        path, *lines = (line.strip() for line in block.splitlines() if line.strip())
        rest = iter([line.strip() for line in (ROOT / "exporter" / path.removeprefix("# ")).read_text().splitlines()])
        assert [line for line in lines if line not in rest] == [], path
