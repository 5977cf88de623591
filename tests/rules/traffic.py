"""API traffic of simulated orgs, minute by minute, and what the exporter would show of it. Pure and seeded.

Salesforce counts the calls of the last 24 hours. How finely they leave the window is not documented, so every case is
played twice: leaving an hour's worth at a time (the saw-tooth) and minute by minute.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

DAY, HOUR = 1440, 60
"""In minutes."""

END = 9 * DAY
"""A week and two days, from Monday 00:00 on."""

LIMIT = 100_000
POLL_EVERY = 5
"""Minutes between two readings of the limits at the default interval."""

Pace = Callable[[int], float]
"""Calls per hour, in percent of the limit, at a minute since Monday 00:00."""


@dataclass(frozen=True)
class Case:
    """One org: what its other apps and its integration do, and when the event begins, if there is one."""

    name: str
    others: Pace
    integration: Pace
    event: int | None = None
    allocation: int | None = None
    """Calls allocated to HubSpot; none if left out."""
    installed: int = 0
    """The minute from which the exporter has watched it."""


@dataclass(frozen=True)
class Gauges:
    """What ``/metrics`` shows at every minute from ``installed`` on, and when limits are reached, if they are."""

    org: Sequence[int]
    integration: Sequence[int]
    org_exhausted: int | None
    allocation_exhausted: int | None


def play(case: Case, release: int, seed: int) -> Gauges:
    """``release`` is how many minutes' worth of calls leave the window at a time."""
    chance = random.Random(seed)
    others = [_calls(case.others, minute, chance) for minute in range(-DAY, END)]
    own_used = _window(list(_in_rounds(case.integration, chance)), release)
    org_used = [mine + theirs for mine, theirs in zip(own_used, _window(others, release), strict=True)]
    offset = chance.randrange(POLL_EVERY)
    return Gauges(
        org=_polled(org_used, offset)[case.installed :],
        integration=_polled(own_used, offset)[case.installed :],
        org_exhausted=_first(org_used, LIMIT),
        allocation_exhausted=_first(own_used, case.allocation) if case.allocation else None,
    )


def _calls(pace: Pace, minute: int, chance: random.Random) -> int:
    expected = pace(minute) * LIMIT / 100 / HOUR
    return max(0, round(chance.gauss(expected, expected * 0.3)))


def _in_rounds(pace: Pace, chance: random.Random) -> Iterator[int]:
    """HubSpot looks every 15 minutes: its calls come in the first five minutes of a round."""
    for minute in range(-DAY, END):
        yield 3 * _calls(pace, minute, chance) if minute % 15 < 5 else 0


def _window(calls: Sequence[int], release: int) -> list[int]:
    """Calls in the rolling 24 hours at the end of every minute from minute 0 on."""
    total = [0, *itertools.accumulate(calls)]
    used = []
    for now in range(DAY, len(calls)):
        # Of the oldest calls whole lumps leave: nothing of a lump before all of it is 24 hours old.
        left = (now + 1 - DAY) // release * release
        used.append(total[now + 1] - total[max(left, 0)])
    return used


def _polled(used: Sequence[int], offset: int) -> list[int]:
    return [used[max(0, (minute - offset) // POLL_EVERY * POLL_EVERY + offset)] for minute in range(len(used))]


def _first(used: Sequence[int], limit: int) -> int | None:
    return next((minute for minute, calls in enumerate(used) if calls >= limit), None)


def steady(percent: float) -> Pace:
    """A level of so many percent, day and night."""
    return lambda _minute: percent / 24


def office(percent: float, peak: float = 1.0) -> Pace:
    """Weekdays from 8 to 18 as busy as makes ``percent`` a day, else a tenth of it; Monday mornings ``peak`` times."""

    def pace(minute: int) -> float:
        day, hour = minute // DAY % 7, minute % DAY / HOUR
        busy = percent / (10 + 14 * 0.1)
        if day > 4 or not 8 <= hour < 18:
            return 0.1 * busy
        return busy * (peak if day == 0 and hour < 11 else 1.0)

    return pace


def batch(usual: Pace, hour: int, percent: float) -> Pace:
    """So many percent more in one hour of every night."""
    return lambda minute: usual(minute) + (percent if minute % DAY // HOUR == hour else 0.0)


def more(usual: Pace, percent: float, begins: int, minutes: int = 2 * DAY) -> Pace:
    """So many percent an hour on top for so many minutes."""
    return lambda minute: usual(minute) + (percent if begins <= minute < begins + minutes else 0.0)


SUNDAY, MONDAY, TUESDAY = 6 * DAY, 7 * DAY, 8 * DAY
"""Of the last days; those before are there to be remembered."""

CASES: Sequence[Case] = (
    # "New" is an integration that has been watched for less than a day.
    # Nothing runs out.
    Case("steady at 60 %", steady(45), steady(15)),
    Case("steady at 90 %", steady(70), steady(20)),
    Case("steady at 90 %, new", steady(70), steady(20), installed=MONDAY),
    Case("office hours, 85 %", office(65), office(20)),
    Case("Monday-morning peak", office(50, peak=1.8), office(20, peak=1.8), MONDAY + 8 * HOUR),
    Case("nightly batch", batch(steady(45), hour=2, percent=12), steady(15)),
    Case("burst of 8 % in an hour", more(steady(45), 8, TUESDAY + 10 * HOUR, HOUR), steady(15), TUESDAY + 10 * HOUR),
    Case("allocation, steady at 90 %", steady(30), steady(27), allocation=30_000),
    # Something does.
    Case("migration, 1 h", more(steady(45), 42, TUESDAY + 607), steady(15), TUESDAY + 607),
    Case("migration, 2 h", more(steady(45), 22, TUESDAY + 607), steady(15), TUESDAY + 607),
    Case("migration, 3 h", more(steady(45), 14, TUESDAY + 607), steady(15), TUESDAY + 607),
    Case("migration, 5 h", more(steady(45), 9, TUESDAY + 607), steady(15), TUESDAY + 607),
    Case("migration, 3 h, new", more(steady(45), 14, TUESDAY + 607), steady(15), TUESDAY + 607, installed=TUESDAY),
    Case("leak at steady 60 %", more(steady(45), 3, TUESDAY + 122), steady(15), TUESDAY + 122),
    Case("leak in office hours", more(office(40), 4, TUESDAY + 122), office(20), TUESDAY + 122),
    Case("leak, new", more(steady(45), 4, TUESDAY + 122), steady(15), TUESDAY + 122, installed=TUESDAY),
    Case("Monday unlike the last", more(office(50), 6, MONDAY + 8 * HOUR), office(20), MONDAY + 8 * HOUR),
    Case("allocation, migration", steady(30), more(steady(20), 7, TUESDAY + 607), TUESDAY + 607, allocation=40_000),
)
