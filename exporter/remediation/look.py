"""Some of the errors at a time, for who looks at them: never more in memory than a page shows."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.clients.bridge import MAX_RESYNC_IDS
from exporter.clients.connection import ErrorLister
from exporter.model import SyncError

MOST_SHOWN = MAX_RESYNC_IDS
"""Errors at a time: as many as may be resynced at a time."""

MOST_QUESTIONS = 20
"""Pages asked for at a time where a lister cannot tell the errors that are wanted from others."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Errors of a category, of a type, of both, or all of them."""

    category: str | None = None
    error_type: str | None = None

    def includes(self, error: SyncError) -> bool:
        category, error_type = CATALOG.classify(error.category, error.error_type)
        return self.category in (None, category) and self.error_type in (None, error_type)


@dataclass(frozen=True, slots=True)
class Look:
    """Some errors, ``next_after`` the cursor of those behind them, ``None`` if there are none; ``left_out`` are those
    that came although nobody asked for so many."""

    errors: tuple[SyncError, ...]
    next_after: str | None
    left_out: int = 0


async def look(lister: ErrorLister, wanted: Wanted, after: str | None) -> Look:
    """The errors behind a cursor; raises ``UpstreamError``.

    A lister may have names of its own for what is ``unknown`` here, so those are looked for among all of a category:
    then few, or none, may be found before there are more to look through.
    """
    error_type = None if wanted.error_type == UNKNOWN else wanted.error_type
    limit = MOST_SHOWN if error_type == wanted.error_type else MOST_SHOWN // 2
    found: dict[str, SyncError] = {}
    for _question in range(MOST_QUESTIONS):
        page = await lister.error_page(wanted.category, error_type, after, limit)
        found |= {error.id: error for error in page.errors if wanted.includes(error)}
        after = None if page.next_after == after else page.next_after
        if after is None or len(found) + limit > MOST_SHOWN:
            break
    shown = tuple(found.values())[:MOST_SHOWN]
    return Look(shown, after, len(found) - len(shown))
