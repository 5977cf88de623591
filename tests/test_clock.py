"""Time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clock import NOTICED, SystemClock, format_timestamp, is_plausible, parse_timestamp

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize("seconds", [0.0, -5.0])
async def test_a_sleep_of_nothing_returns_at_once(seconds: float) -> None:
    """What is overdue is not waited for; the others have their turn all the same."""
    turns: list[str] = []
    other = asyncio.create_task(_note(turns))
    await SystemClock().sleep(seconds)
    assert turns == ["other"]
    await other


async def _note(turns: list[str]) -> None:
    turns.append("other")


async def test_a_sleep_lasts_as_long_as_it_says() -> None:
    """Measured with the clock that cannot be set."""
    started = time.monotonic()
    await SystemClock().sleep(0.02)
    assert time.monotonic() - started >= 0.019


async def test_an_alarm_rings_after_as_long_as_it_says() -> None:
    """Measured with the clock that cannot be set."""
    started = time.monotonic()
    await SystemClock().alarm(0.02)
    assert time.monotonic() - started >= 0.019
    await SystemClock().alarm(-5.0)


async def test_who_sets_an_alarm_wakes_whoever_waits_for_it() -> None:
    """An hour early; the timer behind it is gone."""
    alarm = SystemClock().alarm(3600.0)
    asyncio.get_running_loop().call_soon(alarm.set_result, 0.0)
    await alarm


def test_the_system_clock_shows_the_time_of_day() -> None:
    """Seconds since the epoch."""
    before = time.time()
    assert before <= SystemClock().time() <= time.time()


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2999, 12, 30), timezones=offsets))
def test_times_survive_being_written(moment: datetime) -> None:
    """Any zone is read; UTC with milliseconds is written."""
    seconds = parse_timestamp(moment.isoformat())
    written = format_timestamp(seconds)
    assert written is not None
    assert written.endswith("Z")
    assert abs(parse_timestamp(written) - moment.astimezone(UTC).timestamp()) < 0.001


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-21", "2026-11-21T10:00:00", "1795255200"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    """Nobody knows when it was."""
    with pytest.raises(ValueError, match=r"names no time zone|Invalid isoformat"):
        parse_timestamp(text)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.text(max_size=40)
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["0001-01-01", "9999-12-31", "0001-W01-1", "9999-W52-7", "9999-W53-7"]),
        st.sampled_from(["", "T00:00", "T23:59:59.999999", "T24:00", "T99:99"]),
        st.sampled_from(["", "Z", "+23:59", "-23:59", "+23:59:59.999999", "+99:99"]),
    )
)
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    """Nothing else, however far out of this world."""
    with contextlib.suppress(ValueError):
        assert isinstance(parse_timestamp(text), float)


@pytest.mark.parametrize(
    ("text", "plausible"),
    [
        ("1969-12-31T23:59:59Z", False),
        ("1970-01-01T00:00:00Z", True),
        ("2999-12-31T23:59:59Z", True),
        ("3000-01-01T00:00:00Z", False),
    ],
)
def test_what_others_state_is_meant_within_a_thousand_years(text: str, plausible: bool) -> None:
    """From 1970 to 2999."""
    assert is_plausible(parse_timestamp(text)) is plausible
    assert not is_plausible(float("nan"))


def test_an_unknown_time_is_written_as_none() -> None:
    """Not as 1970."""
    assert format_timestamp(None) is None
    assert format_timestamp(0.0) == "1970-01-01T00:00:00.000Z"


class SetClock(SystemClock):
    """Somebody sets it."""

    set_by = 0.0

    def time(self) -> float:
        return super().time() + self.set_by


@pytest.mark.parametrize("step", [3600.0, -86_400.0])
async def test_a_clock_that_is_set_wakes_who_waits(step: float) -> None:
    """And says by how much; once, and what is asked for afterwards rings when it should."""
    clock = SetClock(look_every=0.01)
    alarms = [clock.alarm(3600.0), clock.alarm(7200.0)]
    clock.set_by = step
    assert [await alarm for alarm in alarms] == pytest.approx([step, step], abs=1)
    assert await clock.alarm(0.03) == 0


async def test_a_clock_that_is_slewed_wakes_nobody() -> None:
    """A second is what a busy machine is late by."""
    clock = SetClock(look_every=0.01)
    alarm = clock.alarm(0.05)
    clock.set_by = NOTICED / 2
    assert await alarm == 0
