"""How a value reads: unit, mapping, threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

COLORS: Mapping[str, str] = {
    "green": "#73bf69",
    "orange": "#ff9830",
    "red": "#f2495c",
    "blue": "#5794f2",
    "purple": "#b877d9",
    "yellow": "#fade2a",
    "text": "#d0d3d8",
}
SERIES = ("#73bf69", "#fade2a", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37cfc9", "#c0d8ff", "#ffb3c0", "#8ab8ff")
"""For series that nobody gave a colour."""

_TIMES = ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "mins"), (1.0, "s"))


def color(name: str) -> str:
    """A colour of Grafana's as HTML knows it."""
    return COLORS.get(name, name)


def threshold_color(config: Json, value: float) -> str:
    """The colour of the highest step a value has reached."""
    reached = [step for step in config["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
    return color(reached[-1]["color"])


def mapped(config: Json, value: float | str) -> tuple[str, str | None] | None:
    """What a mapping puts in place of a value: text and colour."""
    key = value if isinstance(value, str) else f"{value:g}"
    for mapping in config.get("mappings", []):
        result = mapping["options"].get(key)
        if result is not None:
            return result["text"], color(result["color"]) if "color" in result else None
    return None


def text_of(config: Json, value: float | str | None, now: float) -> str:
    """A value as it is written, at a time that counts as now."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return str(config.get("noValue", ""))
    found = mapped(config, value)
    if found is not None:
        return found[0]
    return value if isinstance(value, str) else number(value, config.get("unit", "none"), config.get("decimals"), now)


def number(value: float, unit: str, decimals: int | None = None, now: float = 0.0) -> str:
    """A number in its unit."""
    if unit == "percentunit":
        return f"{_digits(value * 100, decimals)}%"
    if unit == "dateTimeFromNow":
        return _from_now(value / 1000 - now)
    if unit in ("s", "m"):
        return _span(value * (60 if unit == "m" else 1))
    if unit == "bytes":
        return _scaled(value, 1024.0, ("B", "KiB", "MiB", "GiB", "TiB"), decimals)
    assert unit in ("none", "locale", "short"), unit
    return _digits(value, decimals)


def _digits(value: float, decimals: int | None) -> str:
    if decimals is None:
        decimals = 0 if value == round(value) or abs(value) >= 100 else 1 if abs(value) >= 1 else 3
    return f"{value:,.{decimals}f}"


def _scaled(value: float, factor: float, names: Sequence[str], decimals: int | None) -> str:
    size = 0
    while abs(value) >= factor and size < len(names) - 1:
        value, size = value / factor, size + 1
    return f"{_digits(value, decimals)} {names[size]}"


def _span(seconds: float) -> str:
    if 0 < abs(seconds) < 1:
        return f"{_digits(seconds * 1000, None)} ms"
    length, name = next(((length, name) for length, name in _TIMES if abs(seconds) >= length), _TIMES[-1])
    return f"{seconds / length:.1f}".removesuffix(".0") + f" {name}"


def _from_now(seconds: float) -> str:
    away = abs(seconds)
    length, name = next(((length, name) for length, name in _TIMES if away >= length), _TIMES[-1])
    count = round(away / length)
    name = {"mins": "minutes", "s": "seconds"}.get(name, name)
    span = f"{count} {name}" if count != 1 else f"1 {name[:-1]}"
    return f"in {span}" if seconds > 0 else f"{span} ago"
