"""How many API calls the apps of a living org make."""

import pytest

from exporter.demo.simulator.life.habits import Habit
from tests.demo.simulator.conftest import NOON

HOUR, DAY = 3_600, 86_400
PEOPLE = Habit("HubSpot", 14_000)
BATCH = Habit("Data Loader", 5_000, batch=True)


def calls(habit: Habit, start: float, seconds: int, seed: str = "1/acme") -> float:
    """Calls in a stretch of time, summed minute by minute."""
    return sum(60 * habit.calls_per_second(seed, start + second) for second in range(0, seconds, 60))


@pytest.mark.parametrize("habit", [PEOPLE, BATCH], ids=["people", "batch"])
def test_a_day_brings_about_as_many_calls_as_the_habit_says(habit: Habit) -> None:
    """Single hours differ, their mean over a month does not."""
    month = calls(habit, NOON, 30 * DAY)
    assert month / 30 == pytest.approx(habit.calls_a_day, rel=0.1)


def test_people_work_by_day() -> None:
    """Noon is busier than midnight, on every day."""
    for day in range(10):
        noon = PEOPLE.calls_per_second("1/acme", NOON + day * DAY)
        assert noon > PEOPLE.calls_per_second("1/acme", NOON + day * DAY + 12 * HOUR)


def test_a_batch_runs_once_an_hour() -> None:
    """All of its calls come in one stretch of twelve minutes."""
    busy = [BATCH.calls_per_second("1/acme", NOON + second) > 0 for second in range(HOUR)]
    first, last = busy.index(True), HOUR - busy[::-1].index(True)
    assert all(busy[first:last])
    assert last - first == pytest.approx(720, abs=1)


@pytest.mark.parametrize("habit", [PEOPLE, BATCH], ids=["people", "batch"])
def test_no_hour_is_like_the_other(habit: Habit) -> None:
    """Not even the same hour of the next day, nor the same hour of another seed."""
    hours = {calls(habit, NOON + day * DAY, HOUR) for day in range(5)}
    assert len(hours) == 5
    assert calls(habit, NOON, HOUR) == calls(habit, NOON, HOUR)
    assert calls(habit, NOON, HOUR) != calls(habit, NOON, HOUR, seed="2/acme")
