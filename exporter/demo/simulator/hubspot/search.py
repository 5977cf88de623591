"""HubSpot's search over the records of an org: filters, sorting, paging. Pure; a bad query is a ValueError."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.demo.simulator.clock import iso, parse_iso
from exporter.demo.simulator.state.records import Record

LARGEST_PAGE = 200
MOST_RESULTS = 10_000
DEFAULT_PAGE = 10
_ALWAYS = ("createdate", "hs_object_id")
# As in HubSpot, at most so many; in a group, and in all of them.
_MOST_GROUPS = 5
_MOST_IN_GROUP = 6
_MOST_FILTERS = 18


class BeyondLimit(Exception):
    """Results that no search reaches."""


Value = str | float


@dataclass(frozen=True, slots=True)
class Search:
    """A search body, read. `groups` are joined by OR, the conditions of a group by AND."""

    groups: tuple[tuple[Callable[[Record], bool], ...], ...]
    sorts: tuple[tuple[str, bool], ...]
    properties: tuple[str, ...]
    limit: int
    after: int


def read_search(body: Mapping[str, Any], absent: Collection[str] = ()) -> Search:
    """The body of a search request. ValueError says what is wrong with it, also that it goes by a property which this
    account does not have; one that is only asked for is left out of the answer instead. BeyondLimit: a page too far."""
    groups = _list(body, "filterGroups")
    filters = [_list(_object(group, "filterGroups"), "filters") for group in groups]
    used = [one.get("propertyName") for group in filters for one in group if isinstance(one, dict)]
    missing = [name for name in (*used, *(_sort(sort)[0] for sort in _list(body, "sorts"))) if name in absent]
    if missing:
        raise ValueError(f'Property "{missing[0]}" does not exist')
    if len(groups) > _MOST_GROUPS or sum(map(len, filters)) > _MOST_FILTERS:
        raise ValueError(f"at most {_MOST_GROUPS} filterGroups with {_MOST_FILTERS} filters in all")
    if any(len(group) > _MOST_IN_GROUP for group in filters):
        raise ValueError(f"at most {_MOST_IN_GROUP} filters in a group")
    limit = body.get("limit", DEFAULT_PAGE)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= LARGEST_PAGE:
        raise ValueError(f"limit must be 1 to {LARGEST_PAGE}")
    return Search(
        groups=tuple(tuple(_condition(_object(one, "filters")) for one in group) for group in filters),
        sorts=tuple(_sort(sort) for sort in _list(body, "sorts")),
        properties=tuple(str(name) for name in _list(body, "properties") if name not in absent),
        limit=limit,
        after=_offset(body.get("after"), limit),
    )


def run_search(search: Search, records: list[Record]) -> dict[str, Any]:
    """`{"total", "results", "paging"}`; paging only when there is more."""
    found = [
        record
        for record in records
        if not search.groups or any(all(holds(record) for holds in group) for group in search.groups)
    ]
    for name, descending in reversed(search.sorts):
        found.sort(key=lambda record: _order(record.value(name)), reverse=descending)
    end = search.after + search.limit
    content: dict[str, Any] = {
        "total": len(found),
        "results": [as_json(record, search.properties) for record in found[search.after : end]],
    }
    if end < len(found):
        content["paging"] = {"next": {"after": str(end)}}
    return content


def as_json(record: Record, properties: tuple[str, ...]) -> dict[str, Any]:
    """A record with the wanted properties, times in ISO 8601; one that has no value is null."""
    modified = "lastmodifieddate" if record.object_type == "contacts" else "hs_lastmodifieddate"
    names = dict.fromkeys((*_ALWAYS, modified, *properties))
    return {
        "id": record.hubspot_id,
        "properties": {name: _written(record.value(name)) for name in names},
        "createdAt": iso(record.created),
        "updatedAt": iso(record.changed),
        "archived": False,
    }


def _written(value: Value | None) -> str | None:
    return iso(value / 1000) if isinstance(value, float) else value


def _order(value: Value | None) -> tuple[bool, bool, Value]:
    # Records without a value come first in ascending order; times and texts are never mixed up.
    return (value is not None, isinstance(value, str), "" if value is None else value)


def _condition(one: Mapping[str, Any]) -> Callable[[Record], bool]:
    name, operator = one.get("propertyName"), one.get("operator")
    if not isinstance(name, str) or not name:
        raise ValueError("a filter needs a propertyName")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        wanted = operator == "HAS_PROPERTY"
        return lambda record: (record.value(name) is not None) == wanted
    if operator in ("IN", "NOT_IN"):
        among = [_text(value, "values").lower() for value in _list(one, "values")]
        inside = operator == "IN"
        return lambda record: (str(record.value(name)).lower() in among) == inside
    if operator == "BETWEEN":
        low, high = _text(one.get("value"), "value"), _text(one.get("highValue"), "highValue")
        not_below, not_above = _comparison(low, ">="), _comparison(high, "<=")
        return lambda record: not_below(record.value(name)) and not_above(record.value(name))
    sign = _SIGNS.get(str(operator))
    if sign is None:
        raise ValueError(f"operator {operator!r} is not known")
    holds = _comparison(_text(one.get("value"), "value"), sign)
    return lambda record: holds(record.value(name))


_SIGNS = {"EQ": "=", "NEQ": "!=", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    ">": lambda value, wanted: value > wanted,
    ">=": lambda value, wanted: value >= wanted,
    "<": lambda value, wanted: value < wanted,
    "<=": lambda value, wanted: value <= wanted,
}


def _comparison(wanted: str, sign: str) -> Callable[[Value | None], bool]:
    """A record without the property never matches. A time is compared with a time; what is none is said then."""
    compare, text, moment = _COMPARE[sign], wanted.lower(), _milliseconds(wanted)

    def holds(value: Value | None) -> bool:
        if value is None:
            return False
        if isinstance(value, str):
            return compare(value.lower(), text)
        if moment is None:
            raise ValueError(f"{wanted!r} is no time")
        return compare(value, moment)

    return holds


def _milliseconds(wanted: str) -> float | None:
    """``None`` for a text that is no time."""
    if wanted.lstrip("-").isdecimal():
        return float(wanted)
    try:
        return parse_iso(wanted) * 1000
    except ValueError:
        return None


def _sort(sort: Any) -> tuple[str, bool]:
    """`{"propertyName": …, "direction": "DESCENDING"}`, or `"name"`, or `"-name"`."""
    if isinstance(sort, str):
        return sort.removeprefix("-"), sort.startswith("-")
    name = _object(sort, "sorts").get("propertyName")
    if not isinstance(name, str):
        raise ValueError("a sort needs a propertyName")  # noqa: TRY004 - all of these say 400
    return name, sort.get("direction", "ASCENDING") == "DESCENDING"


def _offset(after: Any, limit: int) -> int:
    if after in (None, "", 0):
        return 0
    if not isinstance(after, str) or not after.isdecimal():
        raise ValueError("after must be a text that a former page gave")
    if int(after) + limit > MOST_RESULTS:
        raise BeyondLimit
    return int(after)


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} of a filter must be a text")  # noqa: TRY004
    return value


def _list(content: Mapping[str, Any], key: str) -> list[Any]:
    value = content.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list")  # noqa: TRY004
    return value


def _object(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{key} must hold objects")  # noqa: TRY004
    return value
