"""What an org does every day: the API calls of each of its apps, as many at any moment as the hour brings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from exporter.demo.simulator.settings import SECONDS_PER_DAY

_HOUR = 3_600.0
_NIGHT = 0.4
_MORNING, _EVENING = 6.0, 20.0
# The mean of `_by_daytime` over a day, so that a day's calls are what the habit says.
_MEAN = _NIGHT + (_EVENING - _MORNING) / 24 * 2 / math.pi
_BATCH = 720.0  # a job that runs once an hour makes all its calls within twelve minutes


@dataclass(frozen=True, slots=True)
class Habit:
    """An app of the org, and how many calls it makes a day: as people work, or (`batch`) in one burst an hour."""

    app: str
    calls_a_day: int
    batch: bool = False

    def calls_per_second(self, seed: str, when: float) -> float:
        """At a moment in epoch seconds. No hour is like the other, yet all is told by the seed: without memory, so
        that the past can be told as well as the present."""
        start = when // _HOUR * _HOUR
        chance = Random(f"{seed}/{self.app}/{start:.0f}")  # noqa: S311 - no secret, and the same every time
        mean = self.calls_a_day / SECONDS_PER_DAY
        if not self.batch:
            return mean * chance.uniform(0.6, 1.4) * _by_daytime(when) / _MEAN
        begin = start + chance.uniform(0, _HOUR - _BATCH)
        calls_per_second = mean * chance.uniform(0.2, 1.8) * _HOUR / _BATCH
        return calls_per_second if begin <= when < begin + _BATCH else 0.0


def _by_daytime(when: float) -> float:
    """The night's share, and on top of it an arch from morning to evening (UTC)."""
    hour = when / _HOUR % 24
    if not _MORNING < hour < _EVENING:
        return _NIGHT
    return _NIGHT + math.sin(math.pi * (hour - _MORNING) / (_EVENING - _MORNING))
