"""HubSpot API calls of an account since its midnight."""

from exporter.demo.simulator.settings import SECONDS_PER_DAY
from exporter.demo.simulator.state.daily_calls import DailyCalls
from tests.clocks import ManualClock


def test_what_is_left_is_admitted() -> None:
    """All apps together; what was refused does not count."""
    day = DailyCalls(ManualClock().time, 3, 60.0)
    day.add(2)
    assert (day.admit(), day.admit()) == (True, False)
    assert (day.used, day.left) == (3, 0)
    day.add(10)
    assert (day.used, day.left) == (13, 0)


def test_midnight_gives_all_back() -> None:
    """It is told before."""
    clock = ManualClock()
    day = DailyCalls(clock.time, 3, 60.0)
    day.add(3)
    clock.advance(day.resets_at - clock.time() - 1)
    assert not day.admit()
    clock.advance(1)
    assert day.admit()
    assert (day.used, day.resets_at) == (1, clock.time() + SECONDS_PER_DAY)


def test_what_is_said_is_cached() -> None:
    """For so many seconds, but not over midnight."""
    clock = ManualClock()
    day = DailyCalls(clock.time, 100, 60.0)
    assert (day.collected().used, day.collected().fresh) == (0, False)
    day.add(5)
    clock.advance(59)
    assert (day.collected().used, day.collected().fresh) == (0, False)
    clock.advance(1)
    collected = day.collected()
    assert (collected.used, collected.at, collected.fresh) == (5, clock.time(), True)
    clock.advance(day.resets_at - clock.time() - 1)
    day.collected()
    clock.advance(1)
    assert (day.collected().used, day.collected().at) == (0, clock.time())
