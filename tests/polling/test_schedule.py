"""When a source is due."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.http.retry import LONGEST_RETRY_AFTER
from exporter.polling.schedule import (
    FIRST_RETRY,
    HASTE_PAUSE,
    JITTER,
    LONGEST_FIRST_DELAY,
    due_alone,
    first_due,
    may_hasten,
    mended_due,
    next_due,
    postponed_due,
    resumed_due,
    retried_due,
    taken_over_due,
    waits_its_turn,
)

NOW = 1_800_000_000.0
chances = st.floats(0, 1, exclude_max=True)
intervals = st.floats(1, 86_400)
times = st.floats(0, 4e9)
every_case = settings(derandomize=True, deadline=None, max_examples=300)


@every_case
@given(times, intervals, chances)
def test_never_more_often_than_the_interval(started_at: float, interval: float, chance: float) -> None:
    """Jitter only delays, by a twentieth at most."""
    due = next_due(started_at, interval, chance)
    assert started_at + interval <= due <= started_at + interval * (1 + JITTER)


@every_case
@given(intervals, chances)
def test_the_first_poll_comes_at_once_or_soon(interval: float, chance: float) -> None:
    """One that is slow by nature within a tenth of the interval, and never more than fifteen seconds."""
    assert first_due(NOW, interval, chance) == NOW
    assert NOW <= first_due(NOW, interval, chance, slow=True) <= NOW + min(interval / 10, LONGEST_FIRST_DELAY)


def test_slow_first_polls_are_spread() -> None:
    """Those of a hundred integrations do not start at the same moment."""
    assert len({first_due(NOW, 300.0, number / 100, slow=True) for number in range(100)}) == 100


@every_case
@given(times, intervals, chances, st.floats(0, 1))
def test_a_restart_changes_nothing(started_at: float, interval: float, chance: float, elapsed: float) -> None:
    """Whenever the process starts again before a poll is due, it is due as before."""
    due = next_due(started_at, interval, chance)
    now = started_at + elapsed * interval
    assert resumed_due(due, now, interval, failed=False) == due


def test_what_was_due_while_the_process_was_away_is_due_now() -> None:
    """A stored moment in the past stays in the past."""
    assert resumed_due(NOW - 1000, NOW, 60.0, failed=False) == NOW - 1000


def test_a_shorter_interval_takes_effect_at_once() -> None:
    """A poll that was due in six hours is due within the minute the new configuration says."""
    assert resumed_due(NOW + 21_600, NOW, 60.0, failed=False) == NOW + 60 * (1 + JITTER)


def test_a_clock_that_was_wrong_does_not_stop_the_polls() -> None:
    """A stored moment years ahead is not waited for."""
    assert resumed_due(NOW + 1e9, NOW, 60.0, failed=False) == NOW + 60 * (1 + JITTER)
    assert resumed_due(NOW + 1e9, NOW, 60.0, failed=True) == NOW + LONGEST_RETRY_AFTER


def test_a_failure_that_passes_is_tried_again_soon() -> None:
    """After a minute, then two, four …: an hourly source is not blind for an hour because of one hiccup."""
    due = NOW + 3600
    assert [retried_due(due, NOW, failures) - NOW for failures in range(1, 8)] == [60, 120, 240, 480, 960, 1920, 3600]


@every_case
@given(st.integers(1, 10**9), intervals)
def test_a_retry_is_never_later_than_the_next_poll(failures: int, interval: float) -> None:
    """And never sooner than a minute, or the interval where that is shorter, after the failure."""
    due = retried_due(NOW + interval, NOW, failures)
    assert NOW + min(FIRST_RETRY, interval) <= due <= NOW + interval


@pytest.mark.parametrize(("interval", "most"), [(60.0, 0), (300.0, 3), (3600.0, 6), (21600.0, 9)])
def test_what_fails_for_good_costs_little_more(interval: float, most: int) -> None:
    """The polls that come on top of those that are due anyway, in an outage however long."""
    now, failures, extra = NOW, 1, 0
    while retried_due(now + interval, now, failures) < now + interval:
        now, failures, extra = retried_due(now + interval, now, failures), failures + 1, extra + 1
    assert extra <= most


def test_a_restart_keeps_a_pause_that_was_asked_for() -> None:
    """An API that wants to be left alone for ten minutes is, across a restart too."""
    due = postponed_due(NOW + 60, NOW, 600.0)
    assert resumed_due(due, NOW + 10, 60.0, failed=True) == NOW + 600


@pytest.mark.parametrize(
    ("retry_after", "due"),
    [(None, 60.0), (0.0, 60.0), (30.0, 60.0), (600.0, 600.0), (1e9, LONGEST_RETRY_AFTER)],
)
def test_retry_after_postpones_within_reason(retry_after: float | None, due: float) -> None:
    """Never earlier than it was due, never later than an hour."""
    assert postponed_due(NOW + 60, NOW, retry_after) == NOW + due


@pytest.mark.parametrize(
    ("due_in", "attempted_ago", "may"),
    [(600.0, HASTE_PAUSE, True), (600.0, HASTE_PAUSE - 1, False), (600.0, None, True), (0.0, 3600.0, False)],
)
def test_haste_comes_at_most_once_a_minute(due_in: float, attempted_ago: float | None, may: bool) -> None:
    """And what is due already need not be hastened."""
    attempted_at = None if attempted_ago is None else NOW - attempted_ago
    assert may_hasten(NOW + due_in, attempted_at, NOW) is may


@pytest.mark.parametrize(
    ("due_in", "interval", "turn"),
    [
        (300, 300, True),
        (314, 300, True),
        (21_590, 21_600, True),
        (3_600, 21_600, True),
        (60, 21_600, False),
        (1_200, 21_600, False),
        (7_200, 3_600, False),
        (86_400, 3_600, False),
    ],
)
def test_a_pause_that_was_asked_for_is_told_from_an_interval(due_in: float, interval: float, turn: bool) -> None:
    """Nor is what is tried again soon waiting for its turn."""
    assert waits_its_turn(NOW + due_in, NOW, interval) is turn


def test_what_somebody_may_have_mended_is_tried_soon() -> None:
    """Not within a minute of the last try, and never later than it is due anyway."""
    assert mended_due(NOW + 21_600, NOW - 5, NOW) == NOW - 5 + HASTE_PAUSE
    assert mended_due(NOW + 21_600, NOW - 600, NOW + 3) == NOW + 3
    assert mended_due(NOW + 10, NOW - 5, NOW) == NOW + 10


def test_a_poll_of_another_replica_is_taken_over_when_its_time_is_up() -> None:
    """Not before, and never later than the next is due; one that has ended is not."""
    assert taken_over_due(NOW + 3600, NOW, None) == NOW + 3600
    assert taken_over_due(NOW + 3600, NOW, 30.0) == NOW + 30
    assert taken_over_due(NOW + 3600, NOW, -500.0) == NOW
    assert taken_over_due(NOW + 10, NOW, 30.0) == NOW + 10


@every_case
@given(times, intervals)
def test_without_the_shared_store_a_replica_polls_half_as_often(due_at: float, interval: float) -> None:
    """And never within the half minute in which the store may come back."""
    long = 1.01 * interval + 31.0
    assert not due_alone(due_at, due_at + 29.0, interval, long)
    assert not due_alone(due_at, due_at + 0.99 * interval, interval, long)
    assert not due_alone(due_at, due_at + long, interval, 0.0)
    assert due_alone(due_at, due_at + long, interval, long)
