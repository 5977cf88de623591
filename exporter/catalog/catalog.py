"""The catalogue of sync errors and suspension reasons, read from ``catalog.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exporter.shipped import shipped_yaml

UNKNOWN = "unknown"
OTHER = "other"

UNSYNCED = "unsynced"
"""A category that is none of HubSpot's: records that have not reached Salesforce, found by search."""

STALE, NEVER_SYNCED = "stale", "never_synced"
"""Its types: changed since their last sync, and never in Salesforce."""

CREATED = "created"
"""The second, but of objects alone whose search filters are configured: these tell what HubSpot creates in Salesforce.
Nobody names it; catch-up means it."""

UNSYNCED_PAIRS = ((UNSYNCED, STALE), (UNSYNCED, NEVER_SYNCED))


@dataclass(frozen=True, slots=True)
class ErrorType:
    """A named sync error; ``resync`` says whether a plain resync can cure it."""

    name: str
    category: str
    title: str
    resolution: str
    acts: str
    resync: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A card of the Sync Health page."""

    name: str
    title: str
    meaning: str
    error_types: tuple[ErrorType, ...]


@dataclass(frozen=True, slots=True)
class SuspensionReason:
    """Why HubSpot suspends an integration; ``caused`` names the error categories that fill up because of it."""

    name: str
    title: str
    resolution: str
    acts: str
    clears_by_itself: bool
    clears_by_button: bool
    alert: str
    caused: tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """8 categories, 31 named error types and 11 suspension reasons."""

    categories: tuple[Category, ...]
    unknown: ErrorType
    unknown_resync_in: frozenset[str]
    suspension_reasons: tuple[SuspensionReason, ...]

    @cached_property
    def error_types(self) -> Mapping[str, ErrorType]:
        """Named error types by name."""
        return {error.name: error for category in self.categories for error in category.error_types}

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        return tuple(category.name for category in self.categories)

    @cached_property
    def selectable_categories(self) -> tuple[str, ...]:
        """What a resync may be asked for by: the categories, and the records that no error tells of."""
        return (*self.category_names, UNSYNCED)

    @cached_property
    def selectable_types(self) -> tuple[str, ...]:
        """Likewise."""
        return (*self.error_types, UNKNOWN, STALE, NEVER_SYNCED)

    @cached_property
    def reason_names(self) -> tuple[str, ...]:
        return tuple(reason.name for reason in self.suspension_reasons)

    @cached_property
    def cleared_by_button(self) -> tuple[SuspensionReason, ...]:
        """What *Clear Suspension* ends, once the cause is gone."""
        return tuple(reason for reason in self.suspension_reasons if reason.clears_by_button)

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every (category, error type) that is exported at 0 once the errors are known."""
        named = tuple((error.category, error.name) for error in self.error_types.values())
        return (*named, (OTHER, UNKNOWN))

    def classify(self, category: str, error_type: str | None) -> tuple[str, str]:
        """Label values for an error as somebody reports it: nothing is dropped.

        A type outside the catalogue keeps its category if that is known, else it goes to ``other``.
        """
        known_category = label_value(category)
        if known_category not in self.category_names:
            return OTHER, UNKNOWN
        named = self.error_types.get(label_value(error_type or ""))
        if named is None or named.category != known_category:
            return known_category, UNKNOWN
        return known_category, named.name

    def reason(self, reported: str) -> str | None:
        """The label value of a reported suspension reason, ``None`` if it is not in the catalogue."""
        name = label_value(reported)
        if name in self.reason_names:
            return name
        by_title = {label_value(reason.title): reason.name for reason in self.suspension_reasons}
        return by_title.get(name)

    def select(self, categories: Iterable[str], error_types: Iterable[str]) -> frozenset[tuple[str, str]]:
        """The pairs that stand in one of ``categories`` or are one of ``error_types``; all errors if none is named.

        Those of ``UNSYNCED`` are no errors: they are meant only where they are named.
        """
        wanted = {*categories, *error_types}
        everything = {*self.pairs, *((category, UNKNOWN) for category in self.category_names)}
        everything |= set(UNSYNCED_PAIRS) if wanted else set()
        return frozenset(pair for pair in everything if not wanted or wanted & set(pair))

    @cached_property
    def resyncable(self) -> frozenset[tuple[str, str]]:
        """The (category, error type) pairs that a plain resync can cure without anybody acting first."""
        named = {(error.category, error.name) for error in self.error_types.values() if error.resync}
        return frozenset(named | {(category, UNKNOWN) for category in self.unknown_resync_in})


def label_value(title: str) -> str:
    """A title or name as label value: snake_case (``"Restricted picklist value"`` → ``restricted_picklist_value``)."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _category(entry: Mapping[str, Any]) -> Category:
    errors = tuple(ErrorType(category=entry["name"], **error) for error in entry["error_types"])
    return Category(entry["name"], entry["title"], entry["meaning"], errors)


def _read_catalog() -> Catalog:
    raw = shipped_yaml("exporter.catalog", "catalog.yaml")
    unknown = dict(raw["unknown_error_type"])
    resync_in = frozenset(unknown.pop("resync_in"))
    reasons = tuple(
        SuspensionReason(**{**reason, "caused": tuple(reason["caused"])}) for reason in raw["suspension_reasons"]
    )
    return Catalog(
        categories=tuple(_category(entry) for entry in raw["categories"]),
        unknown=ErrorType(category=OTHER, resync=True, **unknown),
        unknown_resync_in=resync_in,
        suspension_reasons=reasons,
    )


CATALOG = _read_catalog()
