"""Panels of words and numbers: newest values, bars, tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.dashboards.boards import Json
from tests.dashboards.preview.frames import Row, Series, field_config
from tests.dashboards.preview.values import color, mapped, text_of, threshold_color


def stat(panel: Json, series: Sequence[Series], now: float, width: int, height: int) -> str:
    """The newest values, large, beside each other, or one below the other where that is higher than wide."""
    named = panel["options"]["textMode"] == "value_and_name" or len(series) > 1
    tall = height > width or (len(series) > 2 and width < 320)
    tile = (width - 16) if tall else (width - 16) // max(1, len(series))
    room = (height - 12) // max(1, len(series)) if tall else height - 12
    tiles = []
    for one in series:
        text, shade = text_of(one.config, one.last, now), _shade(one.config, one.last)
        size = max(13, min(40, room * (0.44 if named else 0.56), 1.4 * tile / max(2, len(text))))
        name = f'<div class="of">{escape(one.name)}</div>' if named else ""
        value = f'<div style="font-size:{size:.0f}px; color:{shade}">{escape(text)}</div>'
        tiles.append(f'<div class="tile" style="width:{tile}px">{name}{value}</div>')
    return f'<div class="stat{" tall" if tall else ""}">{"".join(tiles)}</div>'


def bars(series: Sequence[Series], now: float, height: int) -> str:
    """A bar for each, its name before and its number behind it."""
    room = min(34, (height - 8) / max(1, len(series)))
    lines = []
    for one in series:
        most = one.config.get("max") or max(other.last for other in series) or 1.0
        shade, share = _shade(one.config, one.last), max(0.0, min(1.0, one.last / most))
        lines.append(
            f'<div class="bar" style="height:{room:.0f}px"><span>{escape(one.name)}</span>'
            f'<div><b style="width:{share:.1%}; background:{shade}"></b></div>'
            f'<em style="color:{shade}">{escape(text_of(one.config, one.last, now))}</em></div>'
        )
    return f'<div class="bars">{"".join(lines)}</div>'


def table(panel: Json, rows: Sequence[Row], now: float, height: int) -> str:
    """The rows that fit, and how many more there are."""
    columns = list(panel["transformations"][-1]["options"]["renameByName"].values())
    configs = {column: field_config(panel, column) for column in columns}
    fit = max(1, (height - 34) // 28)
    widths = "".join(
        f'<col style="width:{width}px">' if (width := _width(configs[name])) else "<col>" for name in columns
    )
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(_cell(configs[column], row.get(column), now) for column in columns)}</tr>" for row in rows[:fit]
    )
    more = f'<div class="more">{len(rows) - fit} more rows</div>' if len(rows) > fit else ""
    return f'<table class="rows"><colgroup>{widths}</colgroup><tr>{head}</tr>{body}</table>{more}'


def _cell(config: Json, value: str | float | None, now: float) -> str:
    text = escape(text_of(config, value, now))
    shown_as = config.get("custom.cellOptions", {}).get("type", "text")
    if value is not None and shown_as == "gauge":
        share = min(1.0, float(value) / config["max"])
        shade = threshold_color(config, float(value))
        return (
            f'<td><div class="gauge"><div><b style="width:{share:.1%}; background:{shade}"></b></div>'
            f"<span>{text}</span></div></td>"
        )
    style = f' style="color:{_shade(config, value)}"' if value is not None and shown_as == "color-text" else ""
    link = ' class="link"' if "links" in config and value is not None else ""
    return f"<td{style}><span{link}>{text}</span></td>"


def _shade(config: Json, value: str | float) -> str:
    found = mapped(config, value)
    if found is not None and found[1]:
        return found[1]
    return color("text") if isinstance(value, str) else threshold_color(config, value)


def _width(config: Json) -> int | None:
    width = config.get("custom.width")
    return int(width * 0.86) if width else None
