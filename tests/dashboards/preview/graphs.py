"""Graphs: series as plain lines or bars, states as coloured stretches with their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from tests.dashboards.boards import Json
from tests.dashboards.history import Span
from tests.dashboards.preview.axes import Area, Axes, nice_step
from tests.dashboards.preview.frames import BAR, Points, Series, is_stack
from tests.dashboards.preview.values import color, mapped, text_of, threshold_color
from tests.dashboards.story import SCRAPE

LEGEND_ROW = 17


def time_series(
    panel: Json, series: Sequence[Series], span: Span, alerts: Sequence[tuple[float, float]], width: int, height: int
) -> str:
    """Lines or stacked bars, alerts under them, and the table of the legend."""
    custom = panel["fieldConfig"]["defaults"]["custom"]
    stacked = is_stack(panel)
    rows = min(len(series), max(1, int(height * 0.44) // LEGEND_ROW - 1))
    axes = _axes(panel, series, span, stacked, Area(58, 8, width - 10, height - 26 - (rows + 1) * LEGEND_ROW - 6))
    config = panel["fieldConfig"]["defaults"]
    parts = [*axes.value_lines(config["unit"], config.get("decimals")), *axes.time_lines()]
    parts += _alert_marks(alerts, axes)
    if custom.get("thresholdsStyle", {}).get("mode") == "dashed":
        parts += _threshold_lines(config, axes)
    parts += _stack(series, axes) if stacked else [part for one in series for part in _line(one, axes)]
    return _svg(parts, width, height - (rows + 1) * LEGEND_ROW - 6) + _legend(series, rows, span.end)


def _axes(panel: Json, series: Sequence[Series], span: Span, stacked: bool, area: Area) -> Axes:
    values = [value for one in series for _, value in one.points]
    if stacked:
        totals: dict[float, float] = {}
        for one in series:
            for at, value in one.points:
                totals[at] = totals.get(at, 0.0) + value
        values = list(totals.values())
    high = max(values, default=1.0) or 1.0
    step = nice_step(high / 4, panel["fieldConfig"]["defaults"]["unit"])
    return Axes(area, span, min(0.0, *values) if values else 0.0, -(-high // step) * step)


def _line(one: Series, axes: Axes) -> Iterator[str]:
    custom = {**one.config.get("custom", {}), **_settings(one.config)}
    dash = " ".join(map(str, custom.get("lineStyle", {}).get("dash", [])))
    width = custom.get("lineWidth", 1)
    for run in _runs(one.points):
        path = " ".join(f"{axes.x(at):.1f},{axes.y(value):.1f}" for at, value in run)
        if custom.get("fillOpacity"):
            ends = f"{axes.x(run[-1][0]):.1f},{axes.y(0):.1f} {axes.x(run[0][0]):.1f},{axes.y(0):.1f}"
            yield f'<polygon points="{path} {ends}" fill="{one.color}" opacity="{custom["fillOpacity"] / 100}"/>'
        yield (
            f'<polyline points="{path}" fill="none" stroke="{one.color}" stroke-width="{width}"'
            f' stroke-dasharray="{dash}"/>'
        )


def _settings(config: Json) -> Json:
    """What overrides say of the drawing, without their prefix."""
    return {name.removeprefix("custom."): value for name, value in config.items() if name.startswith("custom.")}


def _runs(points: Points) -> Iterator[Points]:
    """Stretches without a gap."""
    run: list[tuple[float, float]] = []
    for point in points:
        if run and point[0] > run[-1][0] + SCRAPE:
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _stack(series: Sequence[Series], axes: Axes) -> Iterator[str]:
    width = axes.x(axes.span.start + BAR) - axes.x(axes.span.start)
    tops: dict[float, float] = {}
    for one in series:
        for at, value in one.points:
            bottom = tops.get(at, 0.0)
            tops[at] = bottom + value
            x, y, height = axes.x(at) - width, axes.y(tops[at]), axes.y(bottom) - axes.y(tops[at])
            if height > 0:
                yield (
                    f'<rect x="{x + 0.5:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{height:.1f}"'
                    f' fill="{one.color}" opacity="0.85"/>'
                )


def _alert_marks(alerts: Sequence[tuple[float, float]], axes: Axes) -> Iterator[str]:
    bottom = axes.area.bottom
    for start, end in alerts:
        x, width = axes.x(start), max(2.0, axes.x(end) - axes.x(start))
        yield f'<line class="alert" x1="{x:.1f}" x2="{x:.1f}" y1="{axes.area.top:.1f}" y2="{bottom:.1f}"/>'
        yield f'<rect class="alert" x="{x:.1f}" y="{bottom:.1f}" width="{width:.1f}" height="3"/>'


def _threshold_lines(config: Json, axes: Axes) -> Iterator[str]:
    for step in config["thresholds"]["steps"][1:]:
        if axes.low <= step["value"] <= axes.high:
            y = axes.y(step["value"])
            yield (
                f'<line x1="{axes.area.left:.1f}" x2="{axes.area.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
                f' stroke="{color(step["color"])}" stroke-dasharray="8 6" opacity="0.8"/>'
            )


def _legend(series: Sequence[Series], rows: int, now: float) -> str:
    lines = []
    for one in series[:rows]:
        dash = _settings(one.config).get("lineStyle", {}).get("dash")
        key = f'<i style="border-top: 3px {"dashed" if dash else "solid"} {one.color}"></i>'
        cells = "".join(f"<td>{escape(text_of(one.config, value, now))}</td>" for value in (one.last, one.most))
        lines.append(f"<tr><th>{key}{escape(one.name)}</th>{cells}</tr>")
    more = f" ({len(series) - rows} more)" if len(series) > rows else ""
    return f'<table class="legend"><tr><th>Name{more}</th><td>Last</td><td>Max</td></tr>{"".join(lines)}</table>'


def state_timeline(panel: Json, series: Sequence[Series], span: Span, width: int, height: int) -> str:
    """A row for each series, a stretch for each state, with its word where there is room."""
    longest = max((len(one.name) for one in series), default=0)
    area = Area(min(longest * 6.8 + 18, width * 0.42), 6, width - 10, height - 22 - LEGEND_ROW)
    axes = Axes(area, span, 0.0, 1.0)
    pitch = (area.bottom - area.top) / max(1, len(series))
    parts = list(axes.time_lines())
    for position, one in enumerate(series):
        top, row = area.top + position * pitch + pitch * 0.08, min(pitch * 0.84, 46)
        middle = top + row / 2 + 4
        parts.append(
            f'<text class="name" x="{area.left - 8:.1f}" y="{middle:.1f}" text-anchor="end">{escape(one.name)}</text>'
        )
        for start, end, value in _stretches(one.points):
            parts += _stretch(one.config, value, axes.x(start), min(area.right, axes.x(end)), top, row)
    return _svg(parts, width, height - LEGEND_ROW) + _states(series)


def _states(series: Sequence[Series]) -> str:
    """The legend: every state there is, its colour and its word."""
    found = {value: one.config for one in series for _, value in one.points}
    texts = [mapped(config, value) or (f"{value:g}", threshold_color(config, value)) for value, config in found.items()]
    keys = (f'<span><i style="background: {fill}"></i>{escape(text)}</span>' for text, fill in sorted(texts))
    return f'<div class="states">{"".join(keys)}</div>'


def _stretches(points: Points) -> Iterator[tuple[float, float, float]]:
    for run in _runs(points):
        start, value = run[0]
        for at, new in run:
            if new != value:
                yield start, at, value
                start, value = at, new
        yield start, run[-1][0] + SCRAPE, value


def _stretch(config: Json, value: float, left: float, right: float, top: float, height: float) -> Iterator[str]:
    text, fill = mapped(config, value) or (f"{value:g}", threshold_color(config, value))
    yield (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(1.0, right - left):.1f}" height="{height:.1f}"'
        f' fill="{fill}" opacity="0.8"/>'
    )
    if right - left > len(text) * 6.5 + 8:
        yield f'<text class="state" x="{left + 6:.1f}" y="{top + height / 2 + 4:.1f}">{escape(text)}</text>'


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    return f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
