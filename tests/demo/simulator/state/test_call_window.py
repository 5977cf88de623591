import pytest

from exporter.demo.simulator.state.call_window import CallWindow
from tests.demo.simulator.conftest import ManualClock

DAY = 86_400


def test_calls_are_counted_per_app_and_together(clock: ManualClock) -> None:
    """The window tells the calls of one app, and of all."""
    window = CallWindow(clock, DAY)
    window.add("HubSpot", 40)
    window.add("monitoring")
    assert (window.used("HubSpot"), window.used("nobody"), window.used()) == (40, 0, 41)
    assert window.by_app() == {"HubSpot": 40, "monitoring": 1}


def test_a_call_is_free_again_a_day_later(clock: ManualClock) -> None:
    """Calls stay for the whole length of the window, and leave within a bucket after it."""
    window = CallWindow(clock, DAY)
    window.add("HubSpot", 5)
    clock.pass_seconds(DAY - 1)
    assert window.used() == 5
    clock.pass_seconds(61)
    assert window.used() == 0


def test_a_window_may_be_as_short_as_a_demo_needs(clock: ManualClock) -> None:
    """A window of ten seconds forgets after ten seconds."""
    window = CallWindow(clock, 10.0)
    window.add("HubSpot", 5)
    clock.pass_seconds(9)
    window.add("HubSpot", 2)
    clock.pass_seconds(1.5)
    assert window.used() == 2


def test_calls_of_the_past_leave_before_those_of_today(clock: ManualClock) -> None:
    """Calls recorded as made hours ago are in their place in the window."""
    window = CallWindow(clock, DAY)
    window.add("HubSpot", 1)
    window.add("HubSpot", 10, seconds_ago=DAY - 3_600)
    assert window.used() == 11
    clock.pass_seconds(3_700)
    assert window.used() == 1


def test_calls_older_than_the_window_do_not_count(clock: ManualClock) -> None:
    """What was used before the window began is free."""
    window = CallWindow(clock, DAY)
    window.add("HubSpot", 10, seconds_ago=2 * DAY)
    assert window.used() == 0


def test_a_window_has_a_length(clock: ManualClock) -> None:
    """A window of no length is refused."""
    with pytest.raises(ValueError, match="longer than 0"):
        CallWindow(clock, 0)
