"""Searches for the records of a HubSpot account that have not reached Salesforce.

Two kinds. *Stale*: modified within a span, and synced last before it began. *Never synced*: created within it, and
linked to no Salesforce record. An upper bound of what should have synced: a change of a property that is not mapped
syncs nothing, and a contact outside the inclusion segment never does. What it misses: a record that was synced within
the span and has changed again since, until that sync too lies before the span; a search cannot compare two dates of one
record. But once nothing of an object is synced any more, whatever changed after its newest sync waits: ``spans_of``.

Facts: HubSpot developer documentation, *Search the CRM*: 200 results a page; 10,000 a query, what lies behind them is
400; a change shows in a search up to a minute late. Public reports: ``salesforcelastsynctime`` is written 2 to 13
seconds after the time it holds, and writing it moves the modification date.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from exporter.catalog.catalog import STALE
from exporter.clients.hubspot.client import FIRST_PAGE, LARGEST_PAGE, MOST_RESULTS, HubSpotClient
from exporter.clients.hubspot.newest_syncs import newest_syncs
from exporter.clients.hubspot.record_properties import CREATED, LINKS, changed_property
from exporter.clients.hubspot.sync_time import SYNCED, time_of
from exporter.errors import InvalidAnswer

WRITTEN_LATE = 15.0
"""Seconds before the span in which a record may have been synced and still be modified within it, by nothing but the
time of that sync."""

SHOWN_LATE = 75.0
"""Seconds until a search has surely seen a change, and the sync of it: what is younger is not looked at."""

MOST_PAGES = 2_000
"""Of one object and kind: some hundred thousand records."""

Filters = tuple[Mapping[str, Any], ...]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Span:
    """Epoch seconds between which a record was modified or created; ``synced_from``: only one that was synced at this
    time or later, and all the same before the span."""

    start: float
    end: float
    synced_from: float | None = None


@dataclass(frozen=True, slots=True)
class UnsyncedRecord:
    """``at`` is when it was modified, or created if it was never synced: epoch seconds."""

    hubspot_id: str
    at: float


def filters_of(object_type: str, kind: str, span: Span, more: Sequence[Mapping[str, Any]] = ()) -> Filters:
    """The conditions of the one filter group of a search; ``more`` are the owner's own."""
    name = date_property(object_type, kind)
    within = {"propertyName": name, "operator": "BETWEEN", "value": _text(span.start), "highValue": _text(span.end)}
    if kind == STALE and span.synced_from is not None:
        return (within, {"propertyName": SYNCED, "operator": "GTE", "value": _text(span.synced_from)}, *more)
    if kind == STALE:
        before = _text(span.start - WRITTEN_LATE)
        return (within, {"propertyName": SYNCED, "operator": "LT", "value": before}, *more)
    unlinked = ({"propertyName": link, "operator": "NOT_HAS_PROPERTY"} for link in LINKS[object_type])
    return (within, *unlinked, *more)


def date_property(object_type: str, kind: str) -> str:
    """What a kind of record goes by."""
    return changed_property(object_type) if kind == STALE else CREATED


def properties_of(object_type: str) -> tuple[str, ...]:
    """The properties that both searches need, and that an account without the sync of this object has not."""
    return (*LINKS[object_type], SYNCED)


def spans_of(span: Span, newest_sync: float | None) -> tuple[Span, ...]:
    """Where stale records of an object are to be looked for, each of which is in one span alone.

    The second is there where nothing of the object was synced up to the end of the span: what was synced within the
    span, and modified after the newest sync of all, waits as well.
    """
    since = None if newest_sync is None else newest_sync + WRITTEN_LATE
    if since is None or not span.start < since < span.end:
        return (span,)
    return span, Span(since, span.end, synced_from=span.start - WRITTEN_LATE)


async def newest_sync(client: HubSpotClient, object_type: str) -> float | None:
    """When a record of an object was synced last, in epoch seconds; raises ``UpstreamError``."""
    return max((await newest_syncs(client, object_type)).values(), default=None)


async def count_unsynced(
    client: HubSpotClient, object_type: str, kind: str, span: Span, more: Sequence[Mapping[str, Any]] = ()
) -> int:
    """How many there are, by one search; raises ``UpstreamError``."""
    name = date_property(object_type, kind)
    page = await client.search(object_type, [filters_of(object_type, kind, span, more)], name, (name,))
    return int(page["total"])


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the search has come: the next page is the one behind ``after`` of what is of ``at`` or later, without
    those that were ``seen``. So many ``pages`` held nothing but records of this moment."""

    at: float
    after: str = FIRST_PAGE
    seen: frozenset[str] = frozenset()
    pages: int = 0

    def behind(self, found: Sequence[UnsyncedRecord], after: str, end: float) -> _Place:
        # One that has changed since HubSpot looked it up shows the date of that: it tells nothing of the order.
        newest = max((one.at for one in found if one.at <= end), default=self.at)
        if _text(newest) > _text(self.at):
            return _Place(newest, seen=frozenset(one.hubspot_id for one in found if _text(one.at) == _text(newest)))
        if self.pages + 1 < MOST_RESULTS // LARGEST_PAGE:
            return _Place(self.at, after, self.seen | {one.hubspot_id for one in found}, self.pages + 1)
        log.warning("more records of one moment than a search returns", moment=self.at)
        return _Place(self.at + 0.001)


async def unsynced_records(
    client: HubSpotClient, object_type: str, kind: str, span: Span, more: Sequence[Mapping[str, Any]] = ()
) -> AsyncIterator[UnsyncedRecord]:
    """All of them, the oldest first; raises ``UpstreamError``.

    Each page begins at the last date of the one before. So there is no end after 10,000, and what is synced meanwhile
    and leaves the results makes nobody be passed over, as it would with ``after``. That is only used among records of
    one and the same date, an import's for instance.
    """
    name = date_property(object_type, kind)
    within, *others = filters_of(object_type, kind, span, more)
    place = _Place(span.start)
    for _page in range(MOST_PAGES):
        here = ({**within, "value": _text(place.at)}, *others)
        page = await client.search(
            object_type, [here], name, (name, SYNCED), limit=LARGEST_PAGE, after=place.after, ascending=True
        )
        found = [_record(entry, name, object_type) for entry in page["results"]]
        if any(_text(record.at) < _text(place.at) for record in found):
            raise InvalidAnswer(f"{object_type}: a search found records of before the time that it was asked for")
        for record in _new(found, page["results"], place.seen, kind, span):
            yield record
        after = _next(page)
        if after is None or not found or place.at > span.end:
            return
        place = place.behind(found, after, span.end)
    raise InvalidAnswer(f"{object_type}: no end of the search after {MOST_PAGES} pages")


def _next(page: Mapping[str, Any]) -> str | None:
    """Where the next page begins, ``None`` if there is none."""
    follows = (page.get("paging") or {}).get("next") or {}
    return follows.get("after")


def _new(
    found: Sequence[UnsyncedRecord], entries: Sequence[Mapping[str, Any]], seen: frozenset[str], kind: str, span: Span
) -> Iterator[UnsyncedRecord]:
    """Without those of the page before, and what has been synced since HubSpot looked it up."""
    for record, entry in zip(found, entries, strict=True):
        synced = entry["properties"].get(SYNCED)
        if kind == STALE and synced and time_of(synced, SYNCED) >= span.start - WRITTEN_LATE:
            continue
        if record.hubspot_id not in seen:
            yield record


def _record(entry: Mapping[str, Any], name: str, object_type: str) -> UnsyncedRecord:
    text = entry["properties"].get(name)
    if not text:
        raise InvalidAnswer(f"{object_type}: a record that was found by its {name} has none")
    return UnsyncedRecord(entry["id"], time_of(text, f"{object_type}: {name}"))


def _text(moment: float) -> str:
    """Epoch milliseconds, as HubSpot takes a time; all have thirteen digits until the year 2286."""
    return str(round(moment * 1000))
