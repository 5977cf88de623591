"""A rule's mutants are the slips that could be made in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.rules.mutants import mutants
from tests.rules.rulebook import Rule


def changes(kind: str, **body: Any) -> dict[str, Any]:
    """What each mutant of a kind changes, and the changed part of the rule."""
    rule = Rule(Path("some.rules.yml"), "some", {"alert": "Some", "expr": "a > 1", **body})
    found = [mutant for mutant in mutants(rule) if mutant.kind == kind]
    assert len({mutant.change for mutant in found}) == len(found)
    return {mutant.change: mutant.body for mutant in found}


def expressions(kind: str, expression: str) -> dict[str, str]:
    return {change: body["expr"] for change, body in changes(kind, expr=expression).items()}


def test_numbers_move_by_a_step_and_to_zero() -> None:
    """A small whole number by one, any other by a tenth."""
    assert expressions("threshold", "a > 1") == {"1 → 2": "a > 2", "1 → 0": "a > 0"}
    assert expressions("threshold", "a > 0") == {"0 → 1": "a > 1", "0 → -1": "a > -1"}
    assert expressions("threshold", "a > 0.5") == {
        "0.5 → 0.55": "a > 0.55",
        "0.5 → 0.454545": "a > 0.454545",
        "0.5 → 0": "a > 0",
    }
    assert expressions("threshold", "a > 5000")["5000 → 5500"] == "a > 5500"


def test_comparisons_change_at_their_edge_and_turn_round() -> None:
    """Matchers are another kind."""
    expression = 'a{b!="c"} > 1 unless d == 2'
    assert expressions("comparison", expression) == {
        "> → >=": 'a{b!="c"} >= 1 unless d == 2',
        "> → <": 'a{b!="c"} < 1 unless d == 2',
        "== → !=": 'a{b!="c"} > 1 unless d != 2',
    }


def test_operations_are_swapped_but_for_signs() -> None:
    """A minus before a number is part of it."""
    expression = "a - b * -1 or c and d"
    assert expressions("operation", expression) == {
        "- → +": "a + b * -1 or c and d",
        "* → /": "a - b / -1 or c and d",
        "or → and": "a - b * -1 and c and d",
        "and → unless": "a - b * -1 or c unless d",
    }


def test_matchers_are_dropped_and_negated() -> None:
    """The only matcher of a selector without a name is not dropped: that would select nothing that may be."""
    assert expressions("matcher", 'a{b="1", c=~"2"} + {d="3"}') == {
        'a{b="1"} dropped': 'a{c=~"2"} + {d="3"}',
        'a{b="1"} negated': 'a{b!="1", c=~"2"} + {d="3"}',
        'a{c=~"2"} dropped': 'a{b="1"} + {d="3"}',
        'a{c=~"2"} negated': 'a{b="1", c!~"2"} + {d="3"}',
        '{d="3"} negated': 'a{b="1", c=~"2"} + {d!="3"}',
    }


def test_labels_of_groupings_are_dropped() -> None:
    """Of aggregations and of joins."""
    assert expressions("grouping", "sum by (a, b) (c) / on (d) group_left () e") == {
        "by (a, b): a dropped": "sum by (b) (c) / on (d) group_left () e",
        "by (a, b): b dropped": "sum by (a) (c) / on (d) group_left () e",
        "on (d): d dropped": "sum by (a, b) (c) / on () group_left () e",
    }


def test_ranges_and_offsets_are_halved_and_doubled() -> None:
    """Alike ones are numbered."""
    assert expressions("range", "increase(a[5m]) - increase(a[5m] offset 1d)") == {
        "5m halved": "increase(a[150000ms]) - increase(a[5m] offset 1d)",
        "5m doubled": "increase(a[600000ms]) - increase(a[5m] offset 1d)",
        "5m halved (no. 2)": "increase(a[5m]) - increase(a[150000ms] offset 1d)",
        "5m doubled (no. 2)": "increase(a[5m]) - increase(a[600000ms] offset 1d)",
        "1d halved": "increase(a[5m]) - increase(a[5m] offset 43200000ms)",
        "1d doubled": "increase(a[5m]) - increase(a[5m] offset 172800000ms)",
    }


def test_the_wait_is_removed_halved_and_doubled() -> None:
    """A rule without one has none of these mutants."""
    assert [body.get("for") for body in changes("for", **{"for": "15m"}).values()] == [None, "450000ms", "1800000ms"]
    assert changes("for") == {}


def test_labels_get_another_value() -> None:
    """The other severity, or one that nobody routes by."""
    changed = changes("label", labels={"severity": "warning", "remediation": "resync"})
    assert [body["labels"] for body in changed.values()] == [
        {"severity": "critical", "remediation": "resync"},
        {"severity": "warning", "remediation": "not_resync"},
    ]
