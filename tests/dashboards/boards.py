"""The committed dashboards, as a reader of the JSON sees them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "dashboards"
NAMES = ("fleet", "sync-health", "remediation", "exporter")

Json = dict[str, Any]


def board(name: str) -> Json:
    """A dashboard by the name of its file."""
    loaded: Json = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def panels(of: Json) -> list[Json]:
    """Its panels, without the rows."""
    return [panel for panel in of["panels"] if panel["type"] != "row"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query somewhere on a dashboard."""

    board: str
    where: str
    expr: str
    instant: bool

    @property
    def key(self) -> str:
        return f"{self.board} / {self.where}"

    def filled(self, variables: Mapping[str, str]) -> str:
        """The query as Grafana sends it."""
        return filled(self.expr, variables)


def filled(text: str, variables: Mapping[str, str]) -> str:
    """A text with the variables it names; one that is none of them, such as ``$1``, stays."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: variables.get(found[1], found[0]), text)


def queries(name: str, of: Json | None = None) -> Iterator[Asked]:
    """Every query of the panels and annotations of the committed dashboard, or of what is given as such."""
    read = of or board(name)
    for panel in panels(read):
        for target in panel["targets"]:
            yield Asked(name, f"{panel['title']} {target['refId']}", target["expr"], target["instant"])
    for annotation in read["annotations"]["list"]:
        yield Asked(name, f"annotation {annotation['name']}", annotation["expr"], instant=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable whose values Prometheus is asked for: ``label_values(selector, label)``."""

    board: str
    name: str
    selector: str
    label: str


def choices(name: str, of: Json | None = None) -> Iterator[Choice]:
    """Every variable of that kind."""
    for variable in (of or board(name))["templating"]["list"]:
        if variable["type"] == "query":
            asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
            assert asked is not None, variable["query"]
            yield Choice(name, variable["name"], asked[1], asked[2])
