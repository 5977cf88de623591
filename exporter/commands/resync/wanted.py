"""What somebody wants resynced, as the flags say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exporter.catalog.catalog import CATALOG


@dataclass(frozen=True, slots=True)
class Wanted:
    """The errors of these categories and of these types, of all if none is named; ``action`` is the integration's own
    if it is ``None``."""

    integration: str
    categories: tuple[str, ...] = ()
    error_types: tuple[str, ...] = ()
    action: str | None = None

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """As (category, error type)."""
        return CATALOG.select(self.categories, self.error_types)

    @property
    def body(self) -> dict[str, Any]:
        """As ``POST /api/v1/resyncs`` takes it."""
        everything = not (self.categories or self.error_types)
        named = {
            # Who names nothing there wants nothing.
            "categories": list(CATALOG.category_names if everything else self.categories),
            "error_types": list(self.error_types),
            "action": self.action,
        }
        return {"integration": self.integration, **{key: value for key, value in named.items() if value}}
