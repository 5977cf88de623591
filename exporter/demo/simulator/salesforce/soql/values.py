"""Values of SOQL and how a field's value is compared with them."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from exporter.demo.simulator.clock import parse_iso
from exporter.demo.simulator.settings import SECONDS_PER_DAY


class Problem(Exception):
    """A query that cannot be run, with Salesforce's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, or a period that ends before `ends` (`TODAY`, `2026-11-21`)."""

    begins: float
    ends: float | None = None


def literal_date(token: str) -> Moment:
    """`2026-11-21T10:00:00Z`, or the day `2026-11-21`."""
    try:
        begins = parse_iso(token)
    except ValueError as error:
        raise Problem("MALFORMED_QUERY", f"no date: '{token}'") from error
    return Moment(begins) if "T" in token else Moment(begins, begins + SECONDS_PER_DAY)


def relative_day(token: str, now: float) -> Moment | None:
    """`TODAY`, `YESTERDAY`, `LAST_N_DAYS:2` (today included); None for another word."""
    word, _, days = token.upper().partition(":")
    today = now // SECONDS_PER_DAY * SECONDS_PER_DAY
    tomorrow = today + SECONDS_PER_DAY
    known = {
        "TODAY": Moment(today, tomorrow),
        "YESTERDAY": Moment(today - SECONDS_PER_DAY, today),
        "LAST_N_DAYS": Moment(today - int(days or 0) * SECONDS_PER_DAY, tomorrow),
    }
    return known.get(word)


def folded(value: Any) -> Any:
    """The same for texts that differ in case only."""
    return value.lower() if isinstance(value, str) else value


def compare(operator: str, value: Any, wanted: Any) -> bool:
    """Does the comparison hold? Problem INVALID_FIELD for values that cannot be compared."""
    try:
        if isinstance(wanted, Moment):
            return value is not None and _compare_time(operator, parse_iso(value), wanted)
        return OPERATORS[operator](folded(value), folded(wanted))
    except (TypeError, ValueError) as error:
        raise Problem("INVALID_FIELD", f"cannot compare {value!r} with {wanted!r}") from error


def _compare_time(operator: str, value: float, wanted: Moment) -> bool:
    if wanted.ends is None:
        return OPERATORS[operator](value, wanted.begins)
    inside = wanted.begins <= value < wanted.ends
    return {
        "=": inside,
        "!=": not inside,
        "<>": not inside,
        "<": value < wanted.begins,
        "<=": value < wanted.ends,
        ">": value >= wanted.ends,
        ">=": value >= wanted.begins,
    }.get(operator, False)


def _like(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and fnmatchcase(value, pattern.replace("%", "*").replace("_", "?"))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "<>": lambda value, wanted: value != wanted,
    "<": lambda value, wanted: value is not None and value < wanted,
    "<=": lambda value, wanted: value is not None and value <= wanted,
    ">": lambda value, wanted: value is not None and value > wanted,
    ">=": lambda value, wanted: value is not None and value >= wanted,
    "like": _like,
}
