"""Values inside SOQL, read back by the simulator's parser."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.salesforce.soql import soql_text, soql_time
from exporter.demo.simulator.salesforce.soql.query import Table, run_query

HOSTILE = "' OR Name != '"


def names_found(value: str, *names: str) -> list[Any]:
    """The names a query for one of them finds."""
    table = Table("Thing", ("Name",), lambda: [{"Name": name} for name in names])
    query = f"SELECT Name FROM Thing WHERE Name = {soql_text(value)}"  # noqa: S608
    found = run_query(query, {"Thing": table}, 0.0)
    return [record["Name"] for record in found]


@pytest.mark.parametrize(
    ("value", "literal"),
    [("plain", "'plain'"), ("O'Neil", r"'O\'Neil'"), ("a\\", r"'a\\'"), ("\\'", r"'\\\''"), ("", "''")],
)
def test_quotes_and_backslashes_are_escaped(value: str, literal: str) -> None:
    """And nothing else."""
    assert soql_text(value) == literal


def test_a_value_cannot_leave_its_quotes() -> None:
    """What reads like a condition is still one text."""
    assert names_found(HOSTILE, "secret") == []
    assert names_found(HOSTILE, "secret", HOSTILE) == [HOSTILE]
    assert names_found(HOSTILE + "\\", "secret") == []


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("'\\éß"), max_size=20))
def test_a_value_means_itself(value: str) -> None:
    """Whatever it is made of, it finds itself and nothing else."""
    assert names_found(value, value, value + "x") == [value]


def test_times_are_utc_to_the_second() -> None:
    """Without quotes, as SOQL has them."""
    assert soql_time(1_795_262_400.9) == "2026-11-21T12:00:00Z"
