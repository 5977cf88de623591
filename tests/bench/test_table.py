"""The table of the benchmark."""

from __future__ import annotations

import sys

import pytest

from tests.bench.machine import machine
from tests.bench.parts import REST, part_of
from tests.bench.table import Row, Target, as_markdown, percentile, sizes


def test_a_row_is_held_against_its_reference() -> None:
    """By how many times it costs, or how many times faster it is."""
    slower = Row("a", "a scrape", 0.4, "s", "the same bytes", 0.2, Target(1.3, of_ratio=True))
    faster = Row("a", "a scrape", 0.4, "s", "a plain collector", 10.0, Target(20, at_most=False, of_ratio=True), True)
    assert (slower.ratio, slower.met) == (2.0, False)
    assert (faster.ratio, faster.met) == (25.0, True)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    row = Row("a", "polls", None, "s", target=Target(1.0))
    assert (row.ratio, row.met) == (None, None)
    assert "not measured" in as_markdown([row])


def test_the_table_says_whether_a_target_is_met() -> None:
    lines = as_markdown([Row("c", "p99", 0.25, "s", "answer", 0.1, Target(0.2))]).splitlines()
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells == ["c", "p99", "250 ms", "100 ms (answer)", "2.5 ×", "≤ 0.2", "NO"]


def test_the_table_of_sizes() -> None:
    """One line a size, of what was measured of it."""
    rows = [
        Row("a", "RSS", 144.2, "MiB", measure="RSS", integrations=1_000),
        Row("a", "RSS", 66.0, "MiB", measure="RSS", integrations=1),
        Row("f", "ready", 0.9, "s", measure="ready", integrations=1),
        Row("c", "p99", 0.1, "s"),
    ]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in sizes(rows).splitlines()]
    assert [lines[0][0], lines[2], lines[3][0]] == ["integrations", ["1", *[""] * 5, "66 MiB", "900 ms", ""], "1,000"]
    assert sizes([]) == ""


@pytest.mark.parametrize(("share", "expected"), [(0.5, 51), (0.99, 100), (0.0, 1)])
def test_percentiles(share: float, expected: float) -> None:
    assert percentile(range(1, 101), share) == expected
    assert percentile((), share) is None


def test_cpu_is_put_down_to_a_part_of_the_program() -> None:
    assert part_of(None) == REST
    assert part_of(sys._getframe()) == REST


def test_the_machine_has_no_name() -> None:
    """What the figures depend on, and nothing that tells whose they are."""
    assert set(machine()) == {"cores", "cpu", "memory_mib", "load_before", "system", "python", "exporter", "packages"}
