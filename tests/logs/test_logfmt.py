"""What others send cannot leave its value."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.logs.logfmt import render_logfmt

PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)')


def line(**event: Any) -> str:
    return render_logfmt(None, "info", event)


def read(text: str) -> dict[str, str]:
    """A line as somebody else reads it; fails if it is none."""
    pairs = PAIR.findall(text)
    assert " ".join(f"{key}={value}" for key, value in pairs) == text
    return {key: json.loads(value) if value.startswith('"') else value for key, value in pairs}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("acme", "acme"),
        ("Zürich", "Zürich"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "hi"', r'"say \"hi\""'),
        (r"C:\temp", r'"C:\\temp"'),
        ("one\ntwo\r\nthree\t", r'"one\ntwo\r\nthree\t"'),
        ("\x1b[31mred\x1b[0m", r'"\u001b[31mred\u001b[0m"'),
        ("\x9b2J", r'"\u009b2J"'),
        ("a\u2028b", r'"a\u2028b"'),
        ("abc\u202ecba", r'"abc\u202ecba"'),
        ("\udcff", r'"\udcff"'),
        ("\x00", r'"\u0000"'),
        ("\x7f", r'"\u007f"'),
        ("\U000e0001", r'"\udb40\udc01"'),
        (None, ""),
        (True, "true"),
        (5, "5"),
        (0.5, "0.5"),
    ],
)
def test_a_value_is_quoted_where_it_has_to_be(value: object, written: str) -> None:
    """Control characters, and what a terminal would do something at, are escaped."""
    assert line(value=value) == f"value={written}"


def test_time_level_and_event_come_first() -> None:
    """In this order, whatever the others are."""
    assert line(a=1, event="e", level="info", ts="t") == "ts=t level=info event=e a=1"


@given(st.text(st.characters(codec=None), max_size=40), st.text(max_size=10))
def test_a_line_is_read_back_as_it_was(one: str, other: str) -> None:
    """Whatever is in it: it is one line of printable characters, of two fields."""
    written = line(event=one, sender=other)
    assert written.isprintable()
    assert read(written) == {"event": one, "sender": other}
