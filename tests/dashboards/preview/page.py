"""A dashboard as a page: every panel where the grid puts it, with its title and what its queries returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from tests.dashboards.boards import Json
from tests.dashboards.preview.cells import bars, stat, table
from tests.dashboards.preview.frames import Answers
from tests.dashboards.preview.graphs import state_timeline, time_series

WIDTH = 1280
COLUMNS, ROW, GAP, MARGIN = 24, 30, 8, 8
"""Grafana's grid: heights of 30 pixels, eight between."""
TITLE = 27


def page(name: str, board: Json, answers: Answers) -> tuple[str, int]:
    """The page and its height."""
    alerts = answers.alerts(board)
    panels = [_panel(panel, answers, alerts) for panel in board["panels"]]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) * (ROW + GAP)
    css = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    body = f"{_header(name, board, answers)}<main style='height:{bottom}px'>{''.join(panels)}</main>"
    return f"<!doctype html><meta charset='utf-8'><style>{css}</style>{body}", bottom + 92


def _header(name: str, board: Json, answers: Answers) -> str:
    start, end = (datetime.fromtimestamp(at, UTC).strftime("%H:%M") for at in (answers.span.start, answers.span.end))
    variables = []
    for variable in board["templating"]["list"]:
        chosen = {"datasource": "Prometheus", "job": "All"}.get(variable["name"], variable["query"])
        if variable["name"] == "integration":
            chosen = "All" if answers.integration == ".+" else answers.integration
        variables.append(f"<span>{escape(variable['label'])} <b>{escape(chosen)}</b></span>")
    links = [f'<span class="link">{escape(link["title"])} ↗</span>' for link in board["links"]]
    return (
        f"<header><h1>{escape(board['title'])}</h1><p>last 24 hours, {start} to {end} UTC</p>"
        f'<div class="preview">preview of dashboards/{name}.json and the results of its queries: no Grafana</div>'
        "</header>"
        f"<nav>{''.join(variables)}{''.join(links)}</nav>"
    )


def _panel(panel: Json, answers: Answers, alerts: Sequence[tuple[float, float]]) -> str:
    at = panel["gridPos"]
    unit = (WIDTH - 2 * MARGIN + GAP) / COLUMNS
    left, top = at["x"] * unit, at["y"] * (ROW + GAP)
    if panel["type"] == "row":
        return f'<h3 style="left:{left:.0f}px; top:{top}px">{escape(panel["title"])}</h3>'
    width, height = int(at["w"] * unit - GAP), at["h"] * (ROW + GAP) - GAP
    content = _content(panel, answers, alerts, width - 2, height - TITLE - 2)
    return (
        f'<section style="left:{left:.0f}px; top:{top}px; width:{width}px; height:{height}px">'
        f"<h2>{escape(panel['title'])}</h2>{content}</section>"
    )


def _content(panel: Json, answers: Answers, alerts: Sequence[tuple[float, float]], width: int, height: int) -> str:
    now = answers.span.end
    if panel["type"] == "table":
        rows = answers.rows(panel)
        return table(panel, rows, now, height) if rows else _nothing(panel, height)
    series = answers.series(panel)
    if not series:
        return _nothing(panel, height)
    if panel["type"] == "stat":
        return stat(panel, series, now, width, height)
    if panel["type"] == "bargauge":
        return bars(series, now, height)
    if panel["type"] == "state-timeline":
        return state_timeline(panel, series, answers.span, width, height)
    return time_series(panel, series, answers.span, alerts, width, height)


def _nothing(panel: Json, height: int) -> str:
    text = panel["fieldConfig"]["defaults"]["noValue"]
    return f'<div class="none" style="height:{height - 10}px">{escape(text)}</div>'
