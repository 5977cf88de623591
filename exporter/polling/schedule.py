"""When a source is due. Pure.

Jitter only ever delays, so a source is never polled more often than its interval says, and what it costs is known; but
one that takes the turn of another comes that much earlier, and what it costs that one has saved.
"""

from __future__ import annotations

from exporter.clients.http.retry import LONGEST_RETRY_AFTER

JITTER = 0.05
"""Part of the interval by which a poll may come later."""

LONGEST_FIRST_DELAY = 15.0

FIRST_RETRY = 60.0
HOUR = 3_600.0
_MOST_DOUBLINGS = 20

ALONE_AFTER = 30.0
"""Seconds that a replica waits at least for a store that it shares, before it polls without."""

FILLS_IN_JITTER = 0.02
"""Less than others have: it is what holds the org's usage to an age."""

FILLS_IN_INTERVALS = 4.0
"""Intervals after which a source that fills in for others is polled, whatever they do."""

MAY_WAIT = 2.0
"""Turns that another source's interval must be long for it to wait for one."""

STANDS_BY = 5.0
"""Seconds that it leaves to the source that has taken its turn."""

HASTE_PAUSE = 60.0
"""Seconds after a poll in which nothing makes the next one come earlier: haste must not burn API calls."""


def first_due(now: float, interval: float, chance: float, *, slow: bool = False) -> float:
    """The first poll ever: now; but of a source that is slow by nature, and that nobody waits for, soon: it may have to
    wait for its turn among others. ``chance`` is uniform in [0, 1)."""
    return now + chance * min(interval / 10, LONGEST_FIRST_DELAY) if slow else now


def next_due(started_at: float, interval: float, chance: float, jitter: float = JITTER) -> float:
    """The poll after the one that started at ``started_at``."""
    return started_at + interval * (1 + jitter * chance)


def turn_due(usage_at: float, latest: float, turn: float, chance: float) -> float:
    """When a source that asks the org has its turn, if the newest call of any told of the org's usage at ``usage_at``:
    as every call tells it, ``turn`` seconds later; but no later than ``latest``."""
    return min(next_due(usage_at, turn, chance, FILLS_IN_JITTER), latest)


def latest_turn(attempted_at: float, interval: float, turn: float, *, fills_in: bool) -> float:
    """Until when such a source may wait for its turn: one that fills in for others some of its intervals, for what it
    alone tells; another one a turn beyond its interval."""
    return attempted_at + FILLS_IN_INTERVALS * interval if fills_in else next_due(attempted_at, interval, 1) + turn


def may_come_first(due_at: float, now: float, interval: float) -> bool:
    """Whether a source that is due within an interval of one that fills in may take its turn: so it saves a poll."""
    return now < due_at <= now + interval


def resumed_due(stored_due_at: float, now: float, interval: float, failed: bool) -> float:
    """Where the schedule goes on after a restart: as stored, unless the interval or the clock has changed since.

    A poll that ``failed`` may have been asked to wait for longer than its interval.
    """
    longest = interval * (1 + JITTER)
    return min(stored_due_at, now + (max(longest, LONGEST_RETRY_AFTER) if failed else longest))


def postponed_due(due_at: float, now: float, retry_after: float | None) -> float:
    """A poll that was asked to wait does wait, within reason."""
    return max(due_at, now + min(retry_after or 0.0, LONGEST_RETRY_AFTER))


def retried_due(due_at: float, now: float, failures: int) -> float:
    """The poll after so many in a row that failed and may pass: 1, 2, 4 … minutes later, until it is due anyway.

    So a source that is read every hour or every six is not blind for as long because of one hiccup, and one that fails
    for good costs no more than six further polls, or nine.
    """
    return min(due_at, now + FIRST_RETRY * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))


def hourly_due(due_at: float, now: float) -> float:
    """The poll after one for which a quota was used up: the window that rolls on may give some of it back within
    minutes, and a source that is read every six hours would not see it. One refused call an hour hurts no org."""
    return min(due_at, now + HOUR)


def waits_its_turn(due_at: float, attempted_at: float, interval: float) -> bool:
    """Whether a poll that failed is followed by one when its interval says so, or the hour: nobody asked for another
    pause, and nobody thought that it passes by itself."""
    wait = due_at - attempted_at
    return interval - HASTE_PAUSE <= wait <= interval * (1 + JITTER) or abs(wait - HOUR) < 1


def mended_due(due_at: float, attempted_at: float, soon: float) -> float:
    """The poll after one that failed until somebody changes something, once that may have happened."""
    return min(due_at, max(soon, attempted_at + HASTE_PAUSE))


def may_hasten(due_at: float, attempted_at: float | None, now: float) -> bool:
    """Whether a poll that something waits for may come now rather than when it is due."""
    return now < due_at and now - (attempted_at or 0.0) >= HASTE_PAUSE


def taken_over_due(due_at: float, now: float, lease_left: float | None) -> float:
    """When a poll may be begun that another replica is at, who has so many seconds left: it may never end it.
    ``None``: nobody is at it."""
    return due_at if lease_left is None else min(due_at, now + max(0.0, lease_left))


def due_alone(due_at: float, now: float, interval: float, away: float) -> bool:
    """Whether a replica that cannot reach the store it shares polls all the same. It may be the only one that cannot:
    then others poll. So it waits an interval longer each time, and those of two that all do so ask no more than one
    would. ``away`` are the seconds since it was first seen that the store does not answer: who wakes after minutes
    finds every poll overdue, and its connections gone."""
    return min(now - due_at, away) >= max(interval, ALONE_AFTER)
