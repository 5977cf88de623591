"""HubSpot's Sync Health page, as a bridge, a dropped file or exports state it."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.model.suspension import Suspension
from exporter.model.sync_errors import ErrorCount


@dataclass(frozen=True, slots=True)
class Exported:
    """Errors of a category were exported at ``as_of``; ``name`` is that of the file, or of what brought it, of which so
    many rows could not be read and are ``left_out``."""

    category: str
    as_of: float
    name: str
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class SyncHealth:
    """What HubSpot's Sync Health page showed at ``as_of``. The errors of the categories that are ``exported`` are of
    other times. ``error_categories``: nothing is known of the errors of others; ``None`` if all are known."""

    as_of: float
    api_calls_used: int | None
    api_calls_allocated: int | None
    limited_by_salesforce: int | None
    suspension: Suspension | None
    errors: tuple[ErrorCount, ...] | None
    exported: tuple[Exported, ...] = ()
    error_categories: tuple[str, ...] | None = None
