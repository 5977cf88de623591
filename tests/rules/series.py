"""The input series of promtool's tests: ``metric{labels}`` and its samples in promtool's shorthand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from tests.rules.promql import selectors

STALE = "stale"
"""What Prometheus writes when a scrape fails or a series is gone."""

_ITEM = re.compile(
    r"(?P<gap>_)(?:x(?P<gaps>\d+))?|(?P<stale>stale)"
    r"|(?P<first>[+-]?(?:[\d.]+(?:e[+-]?\d+)?|Inf|NaN))(?P<step>[+-][\d.]+(?:e[+-]?\d+)?)?(?:x(?P<times>\d+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Series:
    """One input series; ``interval`` is the seconds from sample to sample."""

    notation: str
    values: str
    interval: float

    @cached_property
    def metric(self) -> str:
        return selectors(self.notation)[0].metric

    @cached_property
    def labels(self) -> dict[str, str]:
        return {matcher.label: matcher.value for matcher in selectors(self.notation)[0].matchers}

    @cached_property
    def samples(self) -> tuple[float | str | None, ...]:
        """Value, ``STALE``, or ``None`` for no sample at all; one an interval from minute 0 on."""
        return tuple(sample for item in self.values.split() for sample in _samples(item))

    @cached_property
    def moments(self) -> tuple[float, ...]:
        """The seconds at which it has a value."""
        return tuple(place * self.interval for place, sample in enumerate(self.samples) if isinstance(sample, float))

    @property
    def begin(self) -> float:
        return self.moments[0] if self.moments else float("inf")

    @property
    def end(self) -> float:
        """The second of its last value."""
        return self.moments[-1] if self.moments else -1.0

    def gaps(self) -> Iterator[tuple[float, float]]:
        """First and last second of each gap between values; of ``up`` also where it is 0 for once, a failed scrape."""
        failed = {0.0} if self.metric == "up" else set[float]()
        places = [place for place, value in enumerate(self.samples) if isinstance(value, float) and value not in failed]
        for before, after in pairwise(places):
            if after > before + 1:
                yield (before + 1) * self.interval, (after - 1) * self.interval


def _samples(item: str) -> list[float | str | None]:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise ValueError(f"{item!r} is no sample")
    if match["gap"]:
        return [None] * int(match["gaps"] or 1)
    if match["stale"]:
        return [STALE]
    first, step = float(match["first"]), float(match["step"] or 0)
    return [first + step * index for index in range(int(match["times"] or 0) + 1)]
