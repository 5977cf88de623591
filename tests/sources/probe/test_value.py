"""The forms in which a round's time is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.sources.probe.value import is_day, shown_time, shows, value_of, written
from tests.any_json import anything
from tests.examples import examples

VALUE = value_of(1_795_262_400.9)


@pytest.mark.parametrize(
    "shown",
    [
        "2026-11-21T12:00:00.000+0000",  # a Date/Time field by REST
        "2026-11-21T12:00:00.000Z",  # a datetime property
        "2026-11-21T13:00:00+01:00",
        written(VALUE),
        f" {VALUE} ",
        "1795262400000.0",  # a Number field with decimals, as text
        1_795_262_400_000,
        1_795_262_400_000.0,
        1_795_262_400,
        "2026-11-21T12:00:00.999Z",  # rounded somewhere
    ],
)
def test_all_forms_are_the_same_time(shown: Any) -> None:
    """Whichever side converted it."""
    assert shows(shown, VALUE)


@pytest.mark.parametrize(
    "shown", [None, "", "never", True, "2026-11-21", "2026-11-21T12:00:02Z", "2026-11-21T11:00:00Z", 0, "1" * 40, []]
)
def test_what_is_another_time_or_none_is_not_taken_for_it(shown: Any) -> None:
    """Not the one of another round either."""
    assert not shows(shown, VALUE)


def test_a_day_is_no_time() -> None:
    """It would be the same for all rounds of a day."""
    assert is_day("2026-11-21")
    assert not is_day("2026-11-21T12:00:00.000+0000")
    assert not is_day(None)


@given(anything)
@settings(max_examples=examples(200))
def test_anything_may_be_shown(shown: Any) -> None:
    """It is a time from 1970 to 2999 or none."""
    moment = shown_time(shown)
    assert moment is None or 0 <= moment < 32_503_680_000


@given(st.floats(min_value=0, max_value=4e9))
@settings(max_examples=examples(100))
def test_what_is_written_is_read_back(moment: float) -> None:
    """Every second of the next hundred years, once milliseconds can be told from seconds."""
    value = value_of(moment)
    if value * 1000 >= 100_000_000_000:
        assert shown_time(written(value)) == value
