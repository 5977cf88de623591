"""Rules with one change each, as a slip of the hand would make it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from exporter.config.durations import parse_duration
from tests.rules.promql import Listing, Token, listings, tokens
from tests.rules.rulebook import Rule

OTHER_COMPARISONS = {
    ">": (">=", "<"),
    ">=": (">", "<"),
    "<": ("<=", ">"),
    "<=": ("<", ">"),
    "==": ("!=",),
    "!=": ("==",),
}
OTHER_OPERATIONS = {"+": "-", "-": "+", "*": "/", "/": "*", "and": "unless", "unless": "and", "or": "and"}
NEGATIONS = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
SMALL = 100
"""Whole numbers up to here have a neighbour one off; of others a tenth is a step."""


@dataclass(frozen=True, eq=False)
class Mutant:
    """A rule with one change; ``change`` tells it from the rule's other mutants of its kind."""

    rule: Rule
    kind: str
    change: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Edit:
    """A change of an expression: what stands from ``start`` to ``end`` becomes ``text``."""

    change: str
    start: int
    end: int
    text: str


def mutants(rule: Rule) -> list[Mutant]:
    """Every mutant of a rule, in the order of the kinds and of the text."""
    expression: str = rule.body["expr"]
    edited = [
        (kind, edit.change, {**rule.body, "expr": expression[: edit.start] + edit.text + expression[edit.end :]})
        for kind, edits in EDITS.items()
        for edit in edits(expression)
    ]
    changed = [*edited, *_waits(rule.body), *_labels(rule.body)]
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for kind, change, body in changed:
        seen[kind, change] += 1
        found.append(Mutant(rule, kind, _numbered(change, seen[kind, change]), body))
    return found


def _numbered(change: str, place: int) -> str:
    return change if place == 1 else f"{change} (no. {place})"


def _replaced(token: Token, text: str) -> Edit:
    return Edit(f"{token.text} → {text}", token.start, token.end, text)


def _thresholds(expression: str) -> Iterator[Edit]:
    for token in tokens(expression):
        if token.role == "number":
            for text in dict.fromkeys(_steps(float(token.text))):
                yield _replaced(token, text)


def _steps(value: float) -> list[str]:
    small = value.is_integer() and value <= SMALL
    moved = (value + 1, value - 1, 0.0) if small else (value * 1.1, value / 1.1, 0.0)
    return [f"{step:.6g}" for step in moved if step != value]


def _comparisons(expression: str) -> Iterator[Edit]:
    for token in tokens(expression):
        if token.role == "comparison":
            yield from (_replaced(token, other) for other in OTHER_COMPARISONS[token.text])


def _operations(expression: str) -> Iterator[Edit]:
    found = tokens(expression)
    for before, token in pairwise(found):
        operand = before.role in {"metric", "number", "duration"} or before.text in {")", "}", "]"}
        if token.role in {"operator", "word"} and token.text in OTHER_OPERATIONS and operand:
            yield _replaced(token, OTHER_OPERATIONS[token.text])


def _matchers(expression: str) -> Iterator[Edit]:
    for listing in listings(expression):
        if expression[listing.start] == "{":
            for place, (label, operator, value) in enumerate(listing.items):
                matcher = f"{label.text}{operator.text}{value.text}"
                where = f"{listing.name}{{{matcher}}}"
                if listing.name or len(listing.items) > 1:
                    yield _without(expression, listing, place, f"{where} dropped")
                yield Edit(f"{where} negated", operator.start, operator.end, NEGATIONS[operator.text])


def _grouping(expression: str) -> Iterator[Edit]:
    for listing in listings(expression):
        if expression[listing.start] == "(":
            labels = ", ".join(item[0].text for item in listing.items)
            for place, item in enumerate(listing.items):
                yield _without(expression, listing, place, f"{listing.name} ({labels}): {item[0].text} dropped")


def _without(expression: str, listing: Listing, place: int, change: str) -> Edit:
    kept = [item for other, item in enumerate(listing.items) if other != place]
    text = ", ".join(expression[item[0].start : item[-1].end] for item in kept)
    return Edit(change, listing.start + 1, listing.end - 1, text)


def _ranges(expression: str) -> Iterator[Edit]:
    for token in tokens(expression):
        if token.role == "duration":
            halved, doubled = _halved_and_doubled(token.text)
            yield Edit(f"{token.text} halved", token.start, token.end, halved)
            yield Edit(f"{token.text} doubled", token.start, token.end, doubled)


def _halved_and_doubled(duration: str) -> tuple[str, str]:
    seconds = parse_duration(duration)
    return f"{round(seconds * 500)}ms", f"{round(seconds * 2000)}ms"


def _waits(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for key in ("for", "keep_firing_for"):
        if key in body:
            yield "for", f"{key} removed", {name: value for name, value in body.items() if name != key}
            halved, doubled = _halved_and_doubled(body[key])
            yield "for", f"{key} halved", {**body, key: halved}
            yield "for", f"{key} doubled", {**body, key: doubled}


def _labels(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for label, value in (body.get("labels") or {}).items():
        other = {"warning": "critical", "critical": "warning"}.get(value, f"not_{value}")
        yield "label", f"{label}: {value} → {other}", {**body, "labels": {**body["labels"], label: other}}


EDITS: dict[str, Callable[[str], Iterator[Edit]]] = {
    "threshold": _thresholds,
    "comparison": _comparisons,
    "operation": _operations,
    "matcher": _matchers,
    "grouping": _grouping,
    "range": _ranges,
}
KINDS = (*EDITS, "for", "label")
