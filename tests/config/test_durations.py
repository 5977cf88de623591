"""Durations as Prometheus writes them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.durations import parse_duration
from exporter.config.schema import config_schema

UNITS = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
NOT_DURATIONS = ["", " ", "5", "5 m", " 5m", "5m ", "5m\n", "1.5h", "-5m", "+5m", "30m1h", "1m1m", "5M", "5min", "٥m"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("1d", 86_400), ("2w", 1_209_600), ("1y", 31_536_000)],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: float) -> None:
    """Units are those of Prometheus: a day has 24 hours, a year 365 days, ``m`` are minutes and ``ms`` milliseconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", NOT_DURATIONS)
def test_anything_else_is_refused_with_its_text(text: str) -> None:
    """No unit, a fraction, a sign, a space, a wrong order: refused as Prometheus refuses them."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        parse_duration(text)


@given(st.dictionaries(st.sampled_from(sorted(UNITS)), st.integers(0, 999_999_999), min_size=1))
def test_parts_add_up(parts: dict[str, int]) -> None:
    """Any choice of units in descending order is the sum of its parts."""
    text = "".join(f"{parts[unit]}{unit}" for unit in UNITS if unit in parts)
    assert parse_duration(text) == pytest.approx(sum(count * UNITS[unit] for unit, count in parts.items()))


@given(st.from_regex(r"([0-9]{1,3}(y|w|d|h|m|s|ms|))*", fullmatch=True) | st.sampled_from(NOT_DURATIONS))
def test_the_schema_and_the_parser_agree(text: str) -> None:
    """What the schema lets through can be parsed, and the other way round."""
    allowed = re.search(config_schema()["$defs"]["duration"]["pattern"], text) is not None
    try:
        parse_duration(text)
    except ValueError:
        assert not allowed
    else:
        assert allowed
