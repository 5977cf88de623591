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
    days: int = 9
    allocation: int | None = None
    """Calls allocated to HubSpot; none if left out."""


@dataclass(frozen=True)
class Gauges:
    """What ``/metrics`` shows at every minute, and when the limits are really reached; ``None`` if never."""

    org: Sequence[int]
    integration: Sequence[int]
    org_exhausted: int | None
    allocation_exhausted: int | None


def play(case: Case, release: int, seed: int) -> Gauges:
    """``release`` is how many minutes' worth of calls leave the window at a time."""
    chance = random.Random(seed)
    minutes = case.days * DAY
    others = [_calls(case.others, minute, chance) for minute in range(-DAY, minutes)]
    own = list(_in_rounds(case.integration, minutes, chance))
    own_used = _window(own, release)
    org_used = [mine + theirs for mine, theirs in zip(own_used, _window(others, release), strict=True)]
    offset = chance.randrange(POLL_EVERY)
    return Gauges(
        org=_polled(org_used, offset),
        integration=_polled(own_used, offset),
        org_exhausted=_first(org_used, LIMIT),
        allocation_exhausted=_first(own_used, case.allocation) if case.allocation else None,
    )


def _calls(pace: Pace, minute: int, chance: random.Random) -> int:
    expected = pace(minute) * LIMIT / 100 / HOUR
    return max(0, round(chance.gauss(expected, expected * 0.3)))


def _in_rounds(pace: Pace, minutes: int, chance: random.Random) -> Iterator[int]:
    """HubSpot looks every 15 minutes: its calls come in the first five minutes of a round."""
    for minute in range(-DAY, minutes):
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
    """Weekdays from 8 to 18 as busy as makes ``percent`` a day, a tenth of it at other times; Monday mornings ``peak`` times."""

    def pace(minute: int) -> float:
        day, hour = minute // DAY % 7, minute % DAY / HOUR
        busy = percent / (10 + 14 * 0.1)
        if day > 4 or not 8 <= hour < 18:
            return 0.1 * busy
        return busy * (peak if day == 0 and hour < 11 else 1.0)

    return pace


def with_event(usual: Pace, begins: int, minutes: int, more: float) -> Pace:
    """``more`` percent an hour on top for so many minutes."""
    return lambda minute: usual(minute) + (more if begins <= minute < begins + minutes else 0.0)


SECOND_MONDAY, SECOND_TUESDAY = 7 * DAY, 8 * DAY

CASES: Sequence[Case] = (
    Case("steady-60", steady(45), steady(15)),
    Case("steady-90", steady(70), steady(20)),
    Case("office-85", office(65), office(20)),
    Case("monday-peak", office(50, peak=1.8), office(20, peak=1.8), SECOND_MONDAY + 8 * HOUR),
    Case("batch-nightly", lambda minute: 45 / 24 + (12.0 if 120 <= minute % DAY < 180 else 0.0), steady(15)),
    Case("burst-small", with_event(steady(45), SECOND_TUESDAY + 600, 60, 8), steady(15), SECOND_TUESDAY + 600),
    Case("migration-1h", with_event(steady(45), SECOND_TUESDAY + 607, 600, 42), steady(15), SECOND_TUESDAY + 607),
    Case("migration-3h", with_event(steady(45), SECOND_TUESDAY + 607, 600, 14), steady(15), SECOND_TUESDAY + 607),
    Case("migration-2h", with_event(steady(45), SECOND_TUESDAY + 607, 600, 22), steady(15), SECOND_TUESDAY + 607),
    Case("migration-5h", with_event(steady(45), SECOND_TUESDAY + 607, 900, 9), steady(15), SECOND_TUESDAY + 607),
    Case("leak", with_event(steady(45), SECOND_TUESDAY + 122, 2 * DAY, 3), steady(15), SECOND_TUESDAY + 122),
    Case("leak-office", with_event(office(40), SECOND_TUESDAY + 122, 2 * DAY, 4), office(20), SECOND_TUESDAY + 122),
    Case("monday-exhausts", with_event(office(50), SECOND_MONDAY + 480, 600, 6), office(20), SECOND_MONDAY + 480),
    Case("young-steady-90", steady(70), steady(20), days=1),
    Case("young-migration-3h", with_event(steady(45), 667, 600, 14), steady(15), 667, days=1),
    Case("young-leak", with_event(steady(45), 400, DAY, 4), steady(15), 400, days=1),
    Case("allocation-migration", steady(30), with_event(steady(20), SECOND_TUESDAY + 607, 600, 7), SECOND_TUESDAY + 607,
         allocation=40_000),
    Case("allocation-steady", steady(30), steady(27), allocation=30_000),
)
