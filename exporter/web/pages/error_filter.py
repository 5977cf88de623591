"""Which errors a person looks at, as the address of the page says it: plain parameters, so that it works without a
script and can be sent to somebody else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from exporter.catalog.catalog import CATALOG, UNKNOWN, ErrorType
from exporter.remediation.look import Wanted


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """The error types of a category."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class ErrorFilter:
    """The errors that are looked at, and behind which cursor; ``problem`` is what nobody could look at."""

    wanted: Wanted
    after: str | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        """In words; empty where nothing is left out."""
        category, error_type = self.wanted.category, self.wanted.error_type
        titles = [one.title for one in CATALOG.categories if one.name == category]
        if error_type is not None:
            titles.append(CATALOG.error_types.get(error_type, CATALOG.unknown).title)
        return ", ".join(titles)

    @property
    def categories(self) -> tuple[Option, ...]:
        return tuple(Option(one.name, one.title, one.name == self.wanted.category) for one in CATALOG.categories)

    @property
    def error_types(self) -> tuple[OptionGroup, ...]:
        """Those of the category, or of each."""
        shown = [one for one in CATALOG.categories if self.wanted.category in (None, one.name)]
        groups = [OptionGroup(one.title, tuple(map(self._option, one.error_types))) for one in shown]
        rest = OptionGroup("Not in the catalogue", (self._option(CATALOG.unknown),))
        return (*(group for group in groups if group.options), rest)

    def _option(self, error_type: ErrorType) -> Option:
        return Option(error_type.name, error_type.title, error_type.name == self.wanted.error_type)

    def after_this(self, cursor: str) -> str:
        """The address of what stands behind a cursor."""
        return link(self.wanted.category, self.wanted.error_type, cursor)

    @property
    def from_the_start(self) -> str:
        return link(self.wanted.category, self.wanted.error_type)

    def csv(self, integration: str) -> str:
        """The address of the same errors, all of them, as a table."""
        named = {"integration": integration, "category": self.wanted.category, "error_type": self.wanted.error_type}
        return f"/api/v1/sync-errors?{_query({**named, 'format': 'csv'})}"


def error_filter(parameters: Mapping[str, str]) -> ErrorFilter:
    """What an address asks for. A type that is not of the category gives way: of two lists the first was changed last,
    since the second only has the types of what was chosen."""
    category, error_type = parameters.get("category") or None, parameters.get("error_type") or None
    if category is not None and category not in CATALOG.category_names:
        return ErrorFilter(Wanted(), None, f"category: got {category[:80]!r}, which is none of the categories below")
    if error_type is None or error_type == UNKNOWN:
        return ErrorFilter(Wanted(category, error_type), parameters.get("after") or None)
    known = CATALOG.error_types.get(error_type)
    if known is None:
        return ErrorFilter(Wanted(), None, f"error_type: got {error_type[:80]!r}, which is none of the types below")
    if category not in (None, known.category):
        return ErrorFilter(Wanted(category))
    return ErrorFilter(Wanted(known.category, error_type), parameters.get("after") or None)


def link(category: str | None = None, error_type: str | None = None, after: str | None = None) -> str:
    """An address of the same page."""
    query = _query({"category": category, "error_type": error_type, "after": after})
    return f"?{query}#errors"


def _query(named: Mapping[str, str | None]) -> str:
    return urlencode({key: value for key, value in named.items() if value is not None})
