"""The check against Grafana's types means something: it finds what is wrong, and passes what is committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dashboards.boards import NAMES, Json, board, panels
from tests.dashboards.grafana_types import problems


def _panel(of: Json, kind: str) -> Json:
    return next(panel for panel in panels(of) if panel["type"] == kind)


DAMAGE: dict[str, Callable[[Json], Any]] = {
    "unknown-key": lambda of: of.update(colour="red"),
    "variable-kind": lambda of: of["templating"]["list"][0].update(type="datasources"),
    "panel-kind": lambda of: panels(of)[0].update(type="state"),
    "option": lambda of: _panel(of, "stat")["options"].update(colorMode="values"),
    "option-of-another-panel": lambda of: _panel(of, "stat")["options"].update(rowHeight=1),
    "field-setting": lambda of: _panel(of, "timeseries")["fieldConfig"]["defaults"]["custom"].update(lineWidth="2"),
    "query": lambda of: panels(of)[0]["targets"][0].pop("expr"),
}


def test_what_is_wrong_is_found_and_nothing_else() -> None:
    """A dashboard damaged in one place does not pass, whatever the place; those that are committed do. One run of the
    compiler for all: most of its time goes into Grafana's types."""
    damaged = {name: board("fleet") for name in DAMAGE}
    for name, damage in DAMAGE.items():
        damage(damaged[name])
    committed = {name: board(name) for name in NAMES}
    assert {problem.split(".ts(")[0] for problem in problems(committed | damaged)} == DAMAGE.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_version_is_that_of_grafana_11(name: str) -> None:
    """A builder of another version would write another."""
    assert board(name)["schemaVersion"] == 41
