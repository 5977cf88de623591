"""What a person reads on the panels, by Grafana's own code: ``grafana/read.cjs`` applies transformations, overrides,
units, mappings, thresholds and links of the committed JSON to the real answers of its queries."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.dashboards.boards import NAMES, Json, board, filled, panels
from tests.dashboards.history import History, Span
from tests.dashboards.prometheus import Client
from tests.dashboards.story import HOUR, SCRAPE

GRAFANA = Path(__file__).parent / "grafana"
VERSIONS = ("11", "13")
STEP = HOUR / 4
"""Seconds between the points of a graph."""

VARIABLES: Mapping[str, str] = {"job": ".+", "cap": "500"}
"""As Grafana fills them into a query: all of everything."""
IN_LINKS: Mapping[str, str] = {
    "datasource": "the-prometheus",
    "job": "$__all",
    "integration": "$__all",
    "runbooks": "https://runbooks.example/hubspot-salesforce",
}
"""As Grafana fills them into a link."""
RANGE = {"from": "now-24h", "to": "now"}


@dataclass(frozen=True, slots=True)
class View:
    """A look at the dashboards at the end of a span."""

    name: str
    span: Span
    integration: str = ".+"


def views(history: History) -> Sequence[View]:
    """A healthy fleet, one at the end of a bad day and while the exporter is not scraped, an integration nobody has."""
    return (
        View("quiet", history.quiet),
        View("bad", history.bad),
        View("unscraped", Span(history.begins, history.bad.start + 2.3 * HOUR)),
        View("nobody", history.bad, "nobody"),
    )


Key = tuple[str, str, str, int]
"""Version of Grafana, name of the view, of the dashboard, number of the panel."""
Readings = Mapping[Key, Json]


def readings(client: Client, history: History) -> Readings:
    """Every panel of every dashboard in every view, by every version, in one process."""
    looks = [(view, name, panel) for view in views(history) for name in NAMES for panel in panels(board(name))]
    found = read([look(client, view, panel) for view, _, panel in looks])
    return {
        (version, view.name, name, panel["id"]): reading
        for version in VERSIONS
        for (view, name, panel), reading in zip(looks, found[version], strict=True)
    }


def look(client: Client, view: View, panel: Json, step: float = STEP) -> Json:
    """A panel with the answers of its queries, ``step`` seconds between points, as ``grafana/read.cjs`` wants them."""
    return {
        "now": 1000 * view.span.end,
        "panel": {"transformations": [], **panel},
        "answers": {target["refId"]: _answer(client, view, target, step) for target in panel["targets"]},
        "variables": IN_LINKS,
        "range": RANGE,
    }


def _answer(client: Client, view: View, target: Json, step: float) -> Json:
    # Grafana's own choice of an interval: four scrapes, or a step and a scrape if that is more.
    interval = f"{max(4 * SCRAPE, step + SCRAPE):.0f}s"
    expr = filled(target["expr"], {**VARIABLES, "integration": view.integration, "__rate_interval": interval})
    if target["instant"]:
        found = [(one["metric"], [one["value"]]) for one in client.instant(expr, view.span.end)]
    else:
        start = view.span.end - 24 * HOUR
        found = [(one["metric"], one["values"]) for one in client.range(expr, start, view.span.end, step)]
    return {"step": 1000 * step, "series": [{"labels": labels, "points": points} for labels, points in found]}


def read(looks: Sequence[Json]) -> Mapping[str, Sequence[Json]]:
    """What is read at each look, by version."""
    assert (GRAFANA / "node_modules").exists(), "Grafana's packages are missing: make dashboards-types installs them"
    command = ("node", GRAFANA / "read.cjs")
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC"}
    done = subprocess.run(
        command, input=json.dumps(looks), capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    by_version: Mapping[str, Sequence[Json]] = json.loads(done.stdout)
    return by_version


def lines(reading: Json) -> list[str]:
    """A reading as text: what stands beside each other, from top to bottom, with the colour in brackets where it tells
    something; the text for nothing where there is nothing."""
    if "columns" in reading:
        kinds = [column["kind"] for column in reading["columns"]]
        rows = [" | ".join(map(_cell, row, kinds)) for row in reading["rows"]]
        return rows or [reading["nothing"]]
    if "values" in reading:
        return [_named(value["name"], _said(value)) for value in reading["values"]]
    return [_series(one) for one in reading["series"]] or [reading["nothing"]]


def titles(reading: Json) -> list[str]:
    """The columns of a table."""
    return [column["name"] for column in reading["columns"]]


def _cell(cell: Json, kind: str) -> str:
    return cell["text"] if kind == "auto" else _said(cell)


def _series(one: Json) -> str:
    if "states" in one:
        return _named(one["name"], ", ".join(map(_said, one["states"])))
    drawn = " ".join(filter(None, (one["color"], "dashed" if one["dashed"] else "")))
    return _named(one["name"], " of ".join(one["legend"]) + (f" [{drawn}]" if drawn else ""))


def _said(shown: Json) -> str:
    text, color = shown["text"], shown["color"]
    return text if color == "text" else f"{text} [{color}]"


def _named(name: str, text: str) -> str:
    return f"{name}: {text}" if name else text
