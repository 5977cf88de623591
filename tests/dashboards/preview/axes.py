"""Where a moment and a value stand in a drawing, and the lines that help to read it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.dashboards.history import Span
from tests.dashboards.preview.values import number

HOUR, DAY = 3_600.0, 86_400.0
_SECONDS = (2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a drawing, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Axes:
    """Time from left to right, values from bottom to top."""

    area: Area
    span: Span
    low: float
    high: float

    def x(self, at: float) -> float:
        share = (at - self.span.start) / (self.span.end - self.span.start)
        return self.area.left + share * (self.area.right - self.area.left)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low or 1.0)
        return self.area.bottom - share * (self.area.bottom - self.area.top)

    def value_lines(self, unit: str, decimals: int | None) -> Iterator[str]:
        step = nice_step((self.high - self.low) / max(2, (self.area.bottom - self.area.top) // 42), unit)
        value = math.ceil(self.low / step) * step
        while value <= self.high + step / 1000:
            y = self.y(value)
            yield f'<line class="grid" x1="{self.area.left:.1f}" x2="{self.area.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
            label = number(value, unit, decimals)
            yield f'<text class="tick" x="{self.area.left - 6:.1f}" y="{y + 3.5:.1f}" text-anchor="end">{label}</text>'
            value += step

    def time_lines(self) -> Iterator[str]:
        every = (self.span.end - self.span.start) / HOUR * 62 / (self.area.right - self.area.left)
        hours = next(step for step in (1, 2, 3, 4, 6, 8, 12, 24) if step >= every)
        at = math.ceil(self.span.start / HOUR / hours) * HOUR * hours
        while at <= self.span.end:
            x = self.x(at)
            label = datetime.fromtimestamp(at, UTC).strftime("%H:%M")
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{self.area.top:.1f}" y2="{self.area.bottom:.1f}"/>'
            anchor = "end" if at == self.span.end else "start" if at == self.span.start else "middle"
            below = self.area.bottom + 15
            yield f'<text class="tick" x="{x:.1f}" y="{below:.1f}" text-anchor="{anchor}">{label}</text>'
            at += HOUR * hours


def nice_step(least: float, unit: str = "none") -> float:
    """The smallest round number of a unit that is not smaller."""
    if least <= 0:
        return 1.0
    if unit == "s" and least > 1:
        return next((step for step in _SECONDS if step >= least), math.ceil(least / DAY) * DAY)
    if unit == "bytes" and least > 1:
        scale = 1024.0 ** int(math.log(least, 1024))
        return scale * nice_step(least / scale)
    power = 10 ** math.floor(math.log10(least))
    return float(next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * 0.999))
