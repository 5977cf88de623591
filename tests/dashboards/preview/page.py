"""A dashboard as a page: a place for every panel where the grid puts it, with its title and what its queries returned.

``components/draw.jsx`` draws the panels there: by Grafana's own components, and by ours the kind that has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from tests.dashboards.boards import Json, panels
from tests.dashboards.grafana_reading import View, look
from tests.dashboards.prometheus import Client
from tests.dashboards.story import DAY, SCRAPE

WIDTH = 1280
COLUMNS, ROW, GAP, MARGIN = 24, 30, 8, 8
"""Grafana's grid: heights of 30 pixels, eight between."""
TITLE, PADDING = 30, 8
BAR = 5 * SCRAPE
"""Seconds between the bars of a stack."""
OURS = "state-timeline"
"""The kind of panel that Grafana exports no component for."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a panel stands, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def inside(self) -> tuple[int, int]:
        """Width and height of what is drawn under the title."""
        return int(self.width - 2 * PADDING - 2), int(self.height - TITLE - PADDING - 2)


def page(name: str, board: Json, client: Client, view: View, bundle: str) -> tuple[str, int]:
    """The page, which loads what draws the panels from the address ``bundle`` (``.js``, ``.css``), and its height."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) * (ROW + GAP)
    css = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    drawn = json.dumps([_look(panel, client, view) for panel in panels(board)]).replace("</", "<\\/")
    body = f"{_header(name, board, view)}<main style='height:{bottom}px'>{''.join(_places(board))}</main>"
    scripts = f"<script>globalThis.DRAWN = {drawn}</script><script src='{bundle}.js'></script>"
    styles = f"<link rel='stylesheet' href='{bundle}.css'><style>{css}</style>"
    return f"<!doctype html><meta charset='utf-8'>{styles}{body}{scripts}", bottom + 92


def _header(name: str, board: Json, view: View) -> str:
    start, end = (datetime.fromtimestamp(at, UTC).strftime("%H:%M") for at in (view.span.end - DAY, view.span.end))
    variables = []
    for variable in board["templating"]["list"]:
        chosen = {"datasource": "Prometheus", "job": "All"}.get(variable["name"], variable["query"])
        if variable["name"] == "integration":
            chosen = "All" if view.integration == ".+" else view.integration
        variables.append(f"<span>{escape(variable['label'])} <b>{escape(chosen)}</b></span>")
    links = [f'<span class="link">{escape(link["title"])} ↗</span>' for link in board["links"]]
    return (
        f"<header><h1>{escape(board['title'])}</h1><p>last 24 hours, {start} to {end} UTC</p>"
        f'<div class="preview">preview of {name}.json by @grafana/ui 11.6, ¹ by our own renderer; no Grafana</div>'
        "</header>"
        f"<nav>{''.join(variables)}{''.join(links)}</nav>"
    )


def _places(board: Json) -> Iterator[str]:
    for panel in board["panels"]:
        box = _box(panel)
        if panel["type"] == "row":
            yield f'<h3 style="left:{box.left:.0f}px; top:{box.top:.0f}px">{escape(panel["title"])}</h3>'
        else:
            yield _place(panel, box)


def _place(panel: Json, box: Box) -> str:
    at = f"left:{box.left:.0f}px; top:{box.top:.0f}px; width:{box.width:.0f}px; height:{box.height:.0f}px"
    width, height = room(panel)
    mark = " ¹" if panel["type"] == OURS else ""
    return (
        f'<section style="{at}"><h2>{escape(panel["title"])}{mark}</h2>'
        f'<div id="panel-{panel["id"]}" style="width:{width}px; height:{height}px"></div></section>'
    )


def room(panel: Json) -> tuple[int, int]:
    """Width and height of what a panel draws under its title, in pixels."""
    return _box(panel).inside


def _box(panel: Json) -> Box:
    at, unit = panel["gridPos"], (WIDTH - 2 * MARGIN + GAP) / COLUMNS
    return Box(at["x"] * unit, at["y"] * (ROW + GAP), int(at["w"] * unit - GAP), at["h"] * (ROW + GAP) - GAP)


def _look(panel: Json, client: Client, view: View) -> Json:
    stacked = panel["fieldConfig"]["defaults"].get("custom", {}).get("stacking", {}).get("mode") == "normal"
    width, height = room(panel)
    asked = look(client, view, panel, BAR if stacked else SCRAPE)
    return {**asked, "number": panel["id"], "width": width, "height": height}
