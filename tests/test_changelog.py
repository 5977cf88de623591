"""The change log: of this version, and of all that there is to use."""

from __future__ import annotations

import re
from pathlib import Path

from exporter import __version__
from exporter.cli import COMMANDS
from exporter.self_metrics import PREFIX
from exporter.sources import SOURCES
from exporter.web.api.openapi import document
from tests.shipped import alert_rules, exported_metrics

CHANGELOG = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
VERSIONS = re.findall(r"^## \[(.*?)\](?: - (\d{4}-\d\d-\d\d))?$", CHANGELOG, re.MULTILINE)
NAMED = set(re.findall(r"[\w./{}-]+", " ".join(re.findall(r"`([^`]+)`", CHANGELOG))))
"""What stands in backticks, word by word."""


def test_this_version_is_the_newest_that_was_released() -> None:
    """Above it what is not, below it the older ones, each with its day."""
    (unreleased, no_day), (newest, _), *_ = VERSIONS
    assert (unreleased, no_day, newest) == ("Unreleased", "", __version__)
    days = [day for _, day in VERSIONS[1:]]
    assert all(days)
    assert days == sorted(days, reverse=True)


def test_it_names_all_that_there_is_to_use() -> None:
    """Commands, sources, metrics, alerts and endpoints: what is new is told of."""
    there = {command.name for command in COMMANDS} | {source.name for source in SOURCES}
    there |= {rule["alert"] for rule in alert_rules()} | set(document()["paths"])
    assert there - NAMED - {"/alertmanager/webhook/"} == set()
    assert {name for name in exported_metrics() if not NAMED & {name, name.removeprefix(PREFIX)}} == set()
