"""The search for records that have not reached Salesforce.

Facts: HubSpot developer documentation, *Search the CRM*: at most 5 filter groups, 6 filters in a group and 18 in all;
``BETWEEN`` takes ``value`` and ``highValue``, ``IN`` and ``NOT_IN`` take ``values``, ``HAS_PROPERTY`` and
``NOT_HAS_PROPERTY`` none, all others ``value``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exporter.config.draft import Draft, value_at
from exporter.config.durations import duration_in
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.settings import Unsynced
from exporter.config.yaml_document import DocumentPath

MOST_IN_GROUP = 6
OWN_FILTERS = {"contacts": 3, "companies": 2, "deals": 2}
"""Filters that the larger of the two searches of an object needs itself, in the one group that it has; one more where
the canary's record is of this object, to leave that out."""

_NEEDS = {
    "BETWEEN": ("value", "highValue"),
    "IN": ("values",),
    "NOT_IN": ("values",),
    "HAS_PROPERTY": (),
    "NOT_HAS_PROPERTY": (),
}
_OTHERS_NEED = ("value",)
_VALUES = ("value", "highValue", "values")


def short_windows(draft: Draft) -> Iterator[Finding]:
    """The time of grace is shorter than the window, else nothing is ever looked at."""
    for path, section in _sections(draft):
        window = duration_in(section["window"]) if "window" in section else Unsynced().window
        grace = duration_in(section["grace"]) if "grace" in section else Unsynced().grace
        if window is not None and grace is not None and grace >= window:
            key = "grace" if "grace" in section else "window"
            expected = (
                f"less than window ({section.get('window', '24h')})"
                if key == "grace"
                else f"more than grace ({section.get('grace', '30m')})"
            )
            yield Finding((*path, key), f"got {shown(section[key])}", expected)


def odd_filters(draft: Draft) -> Iterator[Finding]:
    """Each filter has the values that its operator takes, and no others."""
    for path, one in _filters(draft):
        operator = one.get("operator")
        if not isinstance(operator, str):
            continue
        needed = _NEEDS.get(operator, _OTHERS_NEED)
        given = [key for key in _VALUES if key in one]
        if sorted(given) != sorted(needed):
            got = f"{operator} with {' and '.join(given) or 'no value'}"
            yield Finding(path, f"got {got}", f"with {operator} {' and '.join(needed) or 'no value'}")


def too_many_filters(draft: Draft) -> Iterator[Finding]:
    """There are no more filters than HubSpot takes beside those that the search needs itself."""
    entries = draft.section("integrations")
    for path, section in _sections(draft):
        canary = value_at(entries[path[1]], ("canary", "object"))
        for name, usual in OWN_FILTERS.items():
            filters = value_at(section, ("filters", name))
            own = usual + (name == canary)
            most = MOST_IN_GROUP - own
            if isinstance(filters, list) and len(filters) > most:
                expected = (
                    f"at most {most}: HubSpot takes {MOST_IN_GROUP} in a group, and the search needs {own} itself"
                )
                yield Finding((*path, "filters", name), f"got {len(filters)} filters", expected)


def _sections(draft: Draft) -> Iterator[tuple[DocumentPath, Mapping[str, Any]]]:
    for path, hubspot in draft.sections("hubspot"):
        section = hubspot.get("unsynced")
        if isinstance(section, dict):
            yield (*path, "unsynced"), section


def _filters(draft: Draft) -> Iterator[tuple[DocumentPath, Mapping[str, Any]]]:
    for path, section in _sections(draft):
        for name in OWN_FILTERS:
            filters = value_at(section, ("filters", name))
            for index, one in enumerate(filters if isinstance(filters, list) else ()):
                if isinstance(one, dict):
                    yield (*path, "filters", name, index), one
