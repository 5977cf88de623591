"""Query parameters, each refused with its name, what was given and what was expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from exporter.exposition.selection import WHOLE, Shard

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
MAX_ID = 2**31 - 1
"""The greatest number that the store takes for an id."""

MAX_SHARDS = 1000

_LONGEST_NUMBER, _SHOWN, _MOST_SHOWN = 20, 80, 2


class BadParameter(ValueError):
    """A parameter that is none."""

    def __init__(self, name: str, given: str | Sequence[str], expected: str) -> None:
        shown = [given] if isinstance(given, str) else given[:_MOST_SHOWN]
        got = " and ".join(repr(one[:_SHOWN]) for one in shown)
        super().__init__(f"{name}: got {got}; expected {expected}")


def limit_of(query: Mapping[str, str]) -> int:
    """How many rows are wanted."""
    return _number(query, "limit", MAX_LIMIT) or DEFAULT_LIMIT


def before_of(query: Mapping[str, str]) -> int | None:
    """The id that everything wanted is older than."""
    return _number(query, "before", MAX_ID)


def id_of(text: str) -> int | None:
    """An id in a path; ``None`` if there can be none of that name."""
    return _whole(text, MAX_ID)


def choice(query: Mapping[str, str], name: str, among: Collection[str]) -> str | None:
    """One of these words, ``None`` if the parameter is left out."""
    given = query.get(name)
    if given is not None and given not in among:
        raise BadParameter(name, given, f"one of {', '.join(among)}")
    return given


def text(query: Mapping[str, str], name: str, longest: int) -> str | None:
    """Text that the store can hold, ``None`` if the parameter is left out."""
    given = query.get(name)
    if given is not None and (len(given) > longest or "\0" in given):
        raise BadParameter(name, given, f"at most {longest} characters, and no NUL")
    return given


def shard(given: Sequence[str]) -> Shard:
    """``2/4`` is the second of four; the whole if the parameter is left out."""
    if not given:
        return WHOLE
    number, _, of = given[0].partition("/")
    found = Shard(_whole(number, MAX_SHARDS) or 0, _whole(of, MAX_SHARDS) or 0)
    if len(given) > 1 or not 0 < found.number <= found.of:
        raise BadParameter(
            "shard", given, f"once the number of a part and of how many, such as 2/4; at most {MAX_SHARDS}"
        )
    return found


def names(given: Collection[str]) -> frozenset[str]:
    """Of integrations. One that nobody has is no error: an integration that was removed must not cost a scrape that
    names it the others. An empty one nobody can have."""
    if "" in given:
        raise BadParameter("integration", "", "the name of an integration")
    return frozenset(given)


def _number(query: Mapping[str, str], name: str, most: int) -> int | None:
    given = query.get(name)
    if given is None:
        return None
    number = _whole(given, most)
    if number is None:
        raise BadParameter(name, given[:_LONGEST_NUMBER], f"a number from 1 to {most}")
    return number


def _whole(given: str, most: int) -> int | None:
    """Digits alone, the first none of 0; more of them than ``most`` has are not even read."""
    digits = given.isascii() and given.isdecimal() and not given.startswith("0")
    number = int(given) if digits and len(given) <= len(str(most)) else 0
    return number if 0 < number <= most else None
