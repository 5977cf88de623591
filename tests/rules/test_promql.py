"""The checks of the rules read PromQL as Prometheus does."""

from __future__ import annotations

import pytest

from tests.rules.promql import Matcher, Selector, listings, selectors, tokens
from tests.rules.rulebook import Rule, rules, titles
from tests.rules.series import STALE, Series


def roles(expression: str, role: str) -> list[str]:
    return [token.text for token in tokens(expression) if token.role == role]


def test_a_selector_is_a_metric_with_its_matchers() -> None:
    """Names with colons and without braces, matchers of all four kinds, strings of all three."""
    found = selectors("""level:metric:sum{a="1", b!='x"y', c=~`p|q`, d!~"r\\"s"} / up""")
    matchers = Matcher("a", "=", "1"), Matcher("b", "!=", 'x"y'), Matcher("c", "=~", "p|q"), Matcher("d", "!~", 'r"s')
    assert found == (Selector("level:metric:sum", matchers), Selector("up", ()))


def test_a_selector_may_have_no_name() -> None:
    """Then its name is empty."""
    assert selectors('{job="a"} or b') == (Selector("b", ()), Selector("", (Matcher("job", "=", "a"),)))


def test_functions_aggregations_and_labels_are_no_metrics() -> None:
    """A metric is what is neither called nor a keyword nor in a list of labels."""
    expression = (
        "sum by (scope) (rate(a[5m])) > on (b) group_left (c) topk(1, d offset 1h) unless ignoring (e) f == inf"
    )
    assert roles(expression, "metric") == ["a", "d", "f"]


def test_comments_and_strings_hold_no_expressions() -> None:
    """What stands in them is text."""
    expression = """
      # 25 * max(a{job="x"}) > 3
      label_replace(b, "to", "c > 4", "", "") # and d
      >= 5
    """
    assert roles(expression, "metric") == ["b"]
    assert roles(expression, "number") == ["5"]
    assert roles(expression, "comparison") == [">="]


def test_numbers_and_durations_are_told_apart() -> None:
    """Ranges, subqueries and offsets are durations; a number may have a fraction or an exponent."""
    expression = "max_over_time(a[1h30m:5m] offset 1d) * 0.75 + 1e3 - .5 > 100 @ 0"
    assert roles(expression, "duration") == ["1h30m", "5m", "1d"]
    assert roles(expression, "number") == ["0.75", "1e3", ".5", "100", "0"]


def test_a_matcher_is_no_comparison() -> None:
    """``!=`` between braces compares a label."""
    assert roles('a{b!="c"} != 1', "comparison") == ["!="]


def test_lists_of_labels_and_matchers_are_found_with_their_owner() -> None:
    """Empty ones too."""
    found = [(listing.name, len(listing.items)) for listing in listings('sum by (a, b) (c{d="e"}) / on () f{}')]
    assert found == [("by", 2), ("c", 1), ("on", 0), ("f", 0)]


@pytest.mark.parametrize("expression", ["a ? b", 'a{b="c"', "sum by (a"])
def test_what_is_no_promql_is_refused(expression: str) -> None:
    """Nothing is passed over in silence."""
    with pytest.raises(ValueError, match=r"PromQL|not closed"):
        tokens(expression)


@pytest.mark.parametrize(
    ("matcher", "matched", "other"),
    [
        (Matcher("a", "=", "x"), "x", "xx"),
        (Matcher("a", "!=", "x"), "", "x"),
        (Matcher("a", "=~", "x|y"), "y", "xy"),
        (Matcher("a", "!~", "x.*"), "yx", "xy"),
    ],
)
def test_a_matcher_holds_as_in_prometheus(matcher: Matcher, matched: str, other: str) -> None:
    """Regular expressions match the whole value; a missing label is an empty one."""
    assert matcher.holds(matched)
    assert not matcher.holds(other)


@pytest.mark.parametrize("rule", rules(), ids=titles().get)
def test_the_shipped_expressions_are_read(rule: Rule) -> None:
    """Each in pieces that are the expression again, and selecting something unless it is a number."""
    expression = rule.body["expr"]
    assert all(expression[token.start : token.end] == token.text for token in tokens(expression))
    assert selectors(expression) or expression.startswith("vector(")


def test_titles_tell_rules_apart() -> None:
    """A title is one rule's."""
    assert len(set(titles().values())) == len(rules())


def test_samples_are_read_as_promtool_reads_them() -> None:
    """A repetition is one more than its number, except of ``_``."""
    series = Series('a{b="c"}', "1 0+2x2 5-1x1 stale _x2 _ 3x1 -1.5", 60.0)
    assert list(series.samples) == [1, 0, 2, 4, 5, 4, STALE, None, None, None, 3, 3, -1.5]
    assert (series.metric, series.labels) == ("a", {"b": "c"})
    assert (series.begin, series.end) == (0.0, 720.0)
    assert list(series.gaps()) == [(360.0, 540.0)]


def test_a_series_that_only_ends_has_no_gap() -> None:
    """There is nothing after it."""
    assert list(Series("a", "1x3 stale", 60.0).gaps()) == []


def test_a_failed_scrape_is_a_gap_of_up() -> None:
    """Prometheus writes 0 for it."""
    assert list(Series("up", "1 1 0 1", 60.0).gaps()) == [(120.0, 120.0)]
    assert list(Series("other", "1 1 0 1", 60.0).gaps()) == []
