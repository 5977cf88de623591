"""The sync errors by category and type, as HubSpot's own page has them: a card each, and what resolves each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG, Category
from exporter.model import ErrorCount
from exporter.web.pages.error_filter import link
from exporter.web.pages.numbers import counted, total

_ACTS = {
    "hubspot_admin": "HubSpot admin",
    "salesforce_admin": "Salesforce admin",
    "salesforce_developer": "Salesforce developer",
    "record_owner": "owner of the record",
    "hubspot_support": "HubSpot support",
    "salesforce": "Salesforce",
}

_NOT_KNOWN = "These types are not in the catalogue: the details of the single errors say more."


@dataclass(frozen=True, slots=True)
class TypeLine:
    """The errors of one type; ``curable`` is whether a resync can cure them before anybody has acted."""

    title: str
    link: str
    errors: str
    records: str
    resolution: str
    acts: str
    curable: bool


@dataclass(frozen=True, slots=True)
class Card:
    """The errors of one category."""

    title: str
    link: str
    errors: str
    records: str
    meaning: str
    types: tuple[TypeLine, ...]


def cards(counts: Iterable[ErrorCount] | None) -> tuple[Card, ...] | None:
    """One for each category with errors, in the order of the catalogue; ``None`` if nobody states them."""
    if counts is None:
        return None
    present = [count for count in counts if count.errors != 0]
    by_category = ((one, [count for count in present if count.category == one.name]) for one in CATALOG.categories)
    return tuple(_card(category, found) for category, found in by_category if found)


def _card(category: Category, counts: list[ErrorCount]) -> Card:
    return Card(
        category.title,
        link(category.name),
        counted(total(count.errors for count in counts), "error"),
        _records(total(count.affected_records for count in counts)),
        category.meaning,
        tuple(_type_line(count) for count in sorted(counts, key=lambda count: -(count.errors or 0))),
    )


def _type_line(count: ErrorCount) -> TypeLine:
    known = CATALOG.error_types.get(count.error_type, CATALOG.unknown)
    curable = (count.category, count.error_type) in CATALOG.resyncable
    return TypeLine(
        known.title,
        link(count.category, count.error_type),
        counted(count.errors, "error"),
        _records(count.affected_records),
        known.resolution if known is not CATALOG.unknown or curable else _NOT_KNOWN,
        _ACTS[known.acts],
        curable,
    )


def _records(count: int | None) -> str:
    return counted(count, "affected record")
