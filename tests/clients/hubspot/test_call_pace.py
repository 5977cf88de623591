"""Calls of one app leave evenly, below what HubSpot allows it."""

from __future__ import annotations

from bisect import bisect_left

import pytest

from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.call_pace import CALLS, INTERVAL, CallPace
from exporter.clients.hubspot.shared_turns import LONGEST_HOLD
from tests.clocks import ManualClock


async def leaving(pace: CallPace, clock: ManualClock, count: int, *, late: float = 0.0) -> list[float]:
    """When so many calls leave; ``late``: each timer ends so many seconds too late."""
    left = []
    for _ in range(count):
        await pace.wait()
        left.append(clock.time())
        clock.advance(late)
    return left


def most_in(left: list[float], seconds: float) -> int:
    return max(index + 1 - bisect_left(left, at - seconds) for index, at in enumerate(left))


async def test_nine_tenths_of_what_is_allowed_and_never_more(clock: ManualClock) -> None:
    """In any ten seconds, from the first call on: no burst, also after a long pause."""
    pace = CallPace(clock)
    clock.advance(3600)
    left = await clock.pass_during(leaving(pace, clock, 600))
    assert most_in(left, INTERVAL) <= CALLS
    assert 599 / (left[-1] - left[0]) >= 0.9 * CALLS / INTERVAL


async def test_late_timers_do_not_add_up(clock: ManualClock) -> None:
    """A timer that ends ten milliseconds late costs the next call its turn no more than that."""
    left = await clock.pass_during(leaving(CallPace(clock), clock, 600, late=0.01))
    assert most_in(left, INTERVAL) <= CALLS
    assert 599 / (left[-1] - left[0]) >= 0.9 * CALLS / INTERVAL


@pytest.mark.parametrize(
    ("headers", "calls", "interval"),
    [
        ({"x-hubspot-ratelimit-max": "100", "x-hubspot-ratelimit-interval-milliseconds": "10000"}, 100, 10.0),
        ({"x-hubspot-ratelimit-max": "250", "x-hubspot-ratelimit-interval-milliseconds": "20000"}, 250, 20.0),
        ({"x-hubspot-ratelimit-max": "100"}, CALLS, INTERVAL),
        ({"x-hubspot-ratelimit-max": "0", "x-hubspot-ratelimit-interval-milliseconds": "10000"}, CALLS, INTERVAL),
        ({"x-hubspot-ratelimit-max": "many", "x-hubspot-ratelimit-interval-milliseconds": "-1"}, CALLS, INTERVAL),
        ({}, CALLS, INTERVAL),
    ],
)
async def test_an_answer_says_what_is_allowed(
    headers: dict[str, str], calls: int, interval: float, clock: ManualClock
) -> None:
    """Both numbers, or it changes nothing."""
    pace = CallPace(clock)
    pace.learn(headers)
    left = await clock.pass_during(leaving(pace, clock, 2 * calls))
    assert 0.9 * calls / interval <= (2 * calls - 1) / (left[-1] - left[0]) <= calls / interval


@pytest.mark.parametrize(("remaining", "pause"), [("190", 0.0), ("14", 0.0), ("5", 1.0), ("0", 1.0), ("?", 0.0)])
async def test_what_others_use_is_left_to_them(remaining: str, pause: float, clock: ManualClock) -> None:
    """Where an answer says that next to nothing is left, everybody waits for the tenth part of the interval."""
    pace, began = CallPace(clock), clock.time()
    pace.learn({"x-hubspot-ratelimit-remaining": remaining})
    (left,) = await clock.pass_during(leaving(pace, clock, 1))
    assert left - began == pytest.approx(pause)


async def test_a_clock_that_was_set_back_stops_nobody_for_long(clock: ManualClock) -> None:
    """No longer than the longest hold."""
    pace = CallPace(clock)
    await pace.wait()
    clock.advance(-86_400)
    began = clock.time()
    (left,) = await clock.pass_during(leaving(pace, clock, 1))
    assert left - began <= LONGEST_HOLD


def test_an_app_keeps_one_pace_and_searches_keep_their_own(clock: ManualClock) -> None:
    """By address and token."""
    paces = AccountPaces(clock)
    assert paces.calls("u", "t") is paces.calls("u", "t")
    assert paces.calls("u", "t") is not paces.calls("u", "other")
    assert paces.searches("u", "t") is paces.searches("u", "t")
