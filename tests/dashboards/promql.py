"""Just enough of PromQL to see which series a query selects, and what is done to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SELECTOR = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\{(?P<matchers>(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\}(?:\[(?P<range>[^\]]+)\])?"
)
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")')
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_WORDS = re.compile(r"(?<![\w:$])[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_LISTS = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)")

FUNCTIONS = frozenset(
    {
        *("sum", "max", "min", "count", "topk", "rate", "increase", "histogram_quantile", "label_replace", "time"),
        *("or", "and", "unless", "offset", "bool", "vector", "clamp_min"),
    }
)


@dataclass(frozen=True, slots=True)
class Selector:
    """``name{matchers}[range]`` and the function it stands in, the innermost first."""

    name: str
    matchers: frozenset[str]
    range: str | None
    within: tuple[str, ...]


def selectors(expr: str) -> Iterator[Selector]:
    """Every selector of a query."""
    for found in _SELECTOR.finditer(expr):
        matchers = frozenset(
            f"{label}{operator}{text}" for label, operator, text in _MATCHER.findall(found["matchers"])
        )
        yield Selector(found["name"], matchers, found["range"], tuple(_calls_around(expr[: found.start()])))


def bare_names(expr: str) -> set[str]:
    """Words that are neither functions nor in braces: selectors without matchers."""
    rest = _SELECTOR.sub("0", expr)
    rest = _LABEL_LISTS.sub("", _STRINGS.sub('""', rest))
    return set(_WORDS.findall(rest)) - FUNCTIONS


def _calls_around(before: str) -> Iterator[str]:
    """The functions whose parentheses are still open, the innermost first; aggregations by their own name."""
    depth = 0
    for position in range(len(before) - 1, -1, -1):
        if before[position] == ")":
            depth += 1
        elif before[position] == "(" and depth:
            depth -= 1
        elif before[position] == "(":
            called = re.search(r"(\w+)\s*(?:(?:by|without)\s*\([^()]*\)\s*)?$", before[:position])
            if called is not None:
                yield called[1]
