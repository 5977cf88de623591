"""As much of PromQL as the checks of the rules need: tokens with their role, selectors, and lists in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}
LABEL_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
AGGREGATIONS = {"sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "topk", "bottomk"}
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}

_TOKEN = re.compile(
    r"""(?P<space> \s+ | \#[^\n]* )
    | (?P<string> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` )
    | (?P<duration> (?:[0-9]+(?:ms|[smhdwy]))+ (?!\w) )
    | (?P<number> (?: 0x[0-9a-fA-F]+ | [0-9]*\.?[0-9]+ (?:[eE][+-]?[0-9]+)? | [0-9]+\. ) (?!\w) )
    | (?P<word> [A-Za-z_][\w:]* )
    | (?P<operator> [=!<>]= | [=!]~ | [-+*/%^<>=(){}\[\],:@] )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of an expression: ``role`` is ``number``, ``string``, ``duration``, ``word`` or ``operator``, or what
    the surroundings make of it: ``metric``, ``comparison``, or ``inside`` for all between braces or in a label list.
    """

    role: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Listing:
    """A bracket that holds items: the matchers of ``metric{…}`` or the labels of ``by (…)``.

    ``name`` is the metric (empty when there is none) or the keyword; ``items`` are token by token.
    """

    name: str
    start: int
    end: int
    items: tuple[tuple[Token, ...], ...]


@dataclass(frozen=True)
class Matcher:
    """One condition of a selector on a label."""

    label: str
    operator: str
    value: str

    def holds(self, value: str) -> bool:
        """What Prometheus says of a series with this value, the empty one included."""
        matched = re.fullmatch(self.value, value) is not None if "~" in self.operator else value == self.value
        return matched != self.operator.startswith("!")


@dataclass(frozen=True)
class Selector:
    """What selects series: ``metric{label="value"}``."""

    metric: str
    matchers: tuple[Matcher, ...]

    def selects(self, metric: str, labels: dict[str, str]) -> bool:
        """Whether a series is among the selected."""
        return metric == self.metric and all(matcher.holds(labels.get(matcher.label, "")) for matcher in self.matchers)


@cache
def tokens(expression: str) -> tuple[Token, ...]:
    """The expression in pieces, without spaces and comments; raises ``ValueError`` for what is no piece."""
    plain = list(_plain_tokens(expression))
    inside = {
        token.start
        for listing in _listings(tuple(plain))
        for token in plain
        if listing.start < token.start < listing.end - 1
    }
    return tuple(
        replace(token, role="inside" if token.start in inside else _role(token, following))
        for token, following in zip(plain, [*plain[1:], None], strict=True)
    )


def _plain_tokens(expression: str) -> Iterator[Token]:
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"no PromQL from here on: {expression[position:]!r}")
        if match.lastgroup != "space":
            yield Token(match.lastgroup, match[0], position)
        position = match.end()


def _role(token: Token, following: Token | None) -> str:
    if token.role == "operator" and token.text in COMPARISONS:
        return "comparison"
    called = following is not None and following.text == "("
    named = token.text.lower() in KEYWORDS | AGGREGATIONS | {"inf", "nan"}
    return "metric" if token.role == "word" and not called and not named else token.role


def listings(expression: str) -> tuple[Listing, ...]:
    """Every matcher list and label list, in the order of the text."""
    return tuple(_listings(tuple(_plain_tokens(expression))))


def _listings(plain: tuple[Token, ...]) -> Iterator[Listing]:
    for index, opening in enumerate(plain):
        before = plain[index - 1].text if index else ""
        if opening.text == "{":
            named = index and plain[index - 1].role == "word" and before.lower() not in KEYWORDS
            yield _listing(plain, index, "}", before if named else "")
        elif opening.text == "(" and before.lower() in LABEL_LISTS:
            yield _listing(plain, index, ")", before.lower())


def _listing(plain: tuple[Token, ...], index: int, closing: str, name: str) -> Listing:
    items: list[list[Token]] = [[]]
    for token in plain[index + 1 :]:
        if token.text == closing:
            return Listing(name, plain[index].start, token.end, tuple(tuple(item) for item in items if item))
        if token.text == ",":
            items.append([])
        else:
            items[-1].append(token)
    raise ValueError(f"a bracket of {name!r} is not closed")


@cache
def selectors(expression: str) -> tuple[Selector, ...]:
    """Every selector of the expression; one without a metric name has the name ``""``."""
    braces = {listing.start: listing for listing in listings(expression) if expression[listing.start] == "{"}
    pieces = tokens(expression)
    found = [
        Selector(token.text, _matchers(braces.pop(following.start, None) if following else None))
        for token, following in zip(pieces, [*pieces[1:], None], strict=True)
        if token.role == "metric"
    ]
    return (*found, *(Selector("", _matchers(nameless)) for nameless in braces.values()))


def _matchers(listing: Listing | None) -> tuple[Matcher, ...]:
    items = listing.items if listing else ()
    return tuple(Matcher(label.text, operator.text, unquoted(value.text)) for label, operator, value in items)


def unquoted(text: str) -> str:
    """The value of a string literal."""
    return text[1:-1] if text[0] == "`" else re.sub(r"\\(.)", r"\1", text[1:-1])
