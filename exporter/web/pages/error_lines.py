"""The single sync errors for a person. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG
from exporter.clock import format_timestamp, is_plausible, parse_timestamp
from exporter.model import SyncError
from exporter.web.pages.source_lines import age

MOST_LETTERS = 1_000
"""Of anything that somebody else wrote: the table has all of it."""


@dataclass(frozen=True, slots=True)
class When:
    """A time: how long ago, and exactly."""

    told: str
    exactly: str


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One error. The URLs are of its record, ``None`` where it is not known where that is."""

    id: str
    category_name: str
    category: str
    error_type: str
    details: str
    record: str
    records: str
    last_seen: When | None
    hubspot_url: str | None
    salesforce_url: str | None


def error_line(
    error: SyncError, now: float, hubspot_url: str | None = None, salesforce_url: str | None = None
) -> ErrorLine:
    """What is shown of an error."""
    category, error_type = CATALOG.classify(error.category, error.error_type)
    known = CATALOG.error_types.get(error_type, CATALOG.unknown)
    named = error.error_type if known is CATALOG.unknown else None
    return ErrorLine(
        error.id,
        category,
        next(one.title for one in CATALOG.categories if one.name == category),
        f"{known.title}: {_cut(named)}" if named and named != known.name else known.title,
        _cut(error.details or ""),
        _cut(error.called),
        "" if error.affected_records is None else f"{error.affected_records:,}",
        _when(error.last_seen, now),
        _web_url(hubspot_url),
        _web_url(salesforce_url),
    )


def when(moment: float, now: float) -> When:
    """A time of our own."""
    return When(age(now - moment), format_timestamp(moment) or "")


def _when(text: str | None, now: float) -> When | None:
    """A time as somebody else states it: as it is if it is none."""
    if not text:
        return None
    try:
        moment = parse_timestamp(text)
    except ValueError:
        moment = -1.0
    return when(moment, now) if is_plausible(moment) else When(_cut(text), "")


def _web_url(url: str | None) -> str | None:
    """Only what leads to a page: nothing that a click would run."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
