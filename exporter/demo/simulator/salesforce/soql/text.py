"""Reading SOQL: text → `Select`, whose condition is a function of a row."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.demo.simulator.salesforce.soql.values import (
    OPERATORS,
    Problem,
    compare,
    folded,
    literal_date,
    relative_day,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<date>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*(?::\d+)?)"
    r"|(?P<mark><=|>=|!=|<>|[=<>(),]))"
)
_ESCAPE = re.compile(r"\\(.)")
_KEYWORDS = frozenset({"from", "where", "order", "limit", "and", "or", "not", "in", "like", "asc", "desc"})


# A condition asks a row for a field, and a nested SELECT for its values.
FieldOf = Callable[[Mapping[str, Any], str], Any]
ValuesOf = Callable[["Select"], list[Any]]
Condition = Callable[[Mapping[str, Any], FieldOf, ValuesOf], bool]


@dataclass(frozen=True, slots=True)
class Select:
    """A query, read. `named` are the fields of its condition; `order` holds (field, descending)."""

    table: str
    fields: tuple[str, ...]
    named: tuple[str, ...]
    condition: Condition | None
    order: tuple[tuple[str, bool], ...]
    limit: int | None


class Parser:
    """One query, token by token. `now` is what TODAY and its like are told by."""

    def __init__(self, text: str, now: float) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._now = now
        self._named: list[str] = []

    def parse(self) -> Select:
        """The whole text. Problem MALFORMED_QUERY when it is something else than one SELECT."""
        select = self._select()
        if self._at < len(self._tokens):
            raise _malformed(self._tokens[self._at][1])
        return select

    def _select(self) -> Select:
        outer, self._named = self._named, []
        self._expect("select")
        fields = [self._name()]
        while self._accept(","):
            fields.append(self._name())
        self._expect("from")
        table = self._name()
        condition = self._any() if self._accept("where") else None
        select = Select(table, tuple(fields), tuple(self._named), condition, self._order(), self._limit())
        self._named = outer
        return select

    def _order(self) -> tuple[tuple[str, bool], ...]:
        order: list[tuple[str, bool]] = []
        if self._accept("order"):
            self._expect("by")
            more = True
            while more:
                name = self._name()
                descending = self._accept("desc")
                if not descending:
                    self._accept("asc")
                order.append((name, descending))
                more = self._accept(",")
        return tuple(order)

    def _limit(self) -> int | None:
        if not self._accept("limit"):
            return None
        kind, token = self._next()
        if kind != "number" or not token.isdecimal():
            raise _malformed(token)
        return int(token)

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._accept("or"):
            parts.append(self._all())
        return lambda row, field, values: any(part(row, field, values) for part in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._accept("and"):
            parts.append(self._one())
        return lambda row, field, values: all(part(row, field, values) for part in parts)

    def _one(self) -> Condition:
        if self._accept("not"):
            negated = self._one()
            return lambda row, field, values: not negated(row, field, values)
        if self._accept("("):
            inner = self._any()
            self._expect(")")
            return inner
        name = self._name()
        self._named.append(name)
        negative = self._accept("not")
        if negative or self._peek() == "in":
            self._expect("in")
            return self._membership(name, negative)
        operator = self._next()[1].lower()
        if operator not in OPERATORS:
            raise _malformed(operator)
        wanted = self._value()
        return lambda row, field, _values: compare(operator, field(row, name), wanted)

    def _membership(self, name: str, negative: bool) -> Condition:
        self._expect("(")
        if self._peek() == "select":
            select = self._select()
            self._expect(")")
            return lambda row, field, values: (folded(field(row, name)) in _all_folded(values(select))) != negative
        wanted = [self._value()]
        while self._accept(","):
            wanted.append(self._value())
        self._expect(")")
        known = _all_folded(wanted)
        return lambda row, field, _values: (folded(field(row, name)) in known) != negative

    def _value(self) -> Any:
        kind, token = self._next()
        if kind == "text":
            return _ESCAPE.sub(r"\1", token[1:-1])
        if kind == "number":
            return float(token)
        if kind == "date":
            return literal_date(token)
        constants = {"true": True, "false": False, "null": None}
        if token.lower() in constants:
            return constants[token.lower()]
        moment = relative_day(token, self._now)
        if moment is None:
            raise _malformed(token)
        return moment

    def _peek(self) -> str:
        return self._tokens[self._at][1].lower() if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise Problem("MALFORMED_QUERY", "unexpected end of query")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        kind, token = self._next()
        if kind != "word" or token.lower() in _KEYWORDS:
            raise _malformed(token)
        return token

    def _accept(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise _malformed(self._peek() or "end of query", word)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _malformed(text[at:])
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return tokens


def _malformed(token: str, expected: str | None = None) -> Problem:
    hint = f", expected '{expected}'" if expected else ""
    return Problem("MALFORMED_QUERY", f"unexpected token: '{token}'{hint}")


def _all_folded(values: list[Any]) -> list[Any]:
    return [folded(value) for value in values]
