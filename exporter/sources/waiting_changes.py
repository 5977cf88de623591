"""Which changes of linked HubSpot records no sync has followed. Pure.

Facts: HubSpot, *Search the CRM* (a change shows in a search up to a minute late); public reports (the sync notes its
time on the record 2 to 13 seconds later, which moves the modification date; a change of a property that is not mapped
moves it too, and is followed by no sync, ever).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SLACK = 60.0
"""Seconds by which a change must be later than the last sync to count. The sync writes to the record itself, after the
time it notes, and so touches the modification date."""

ECHO = 300.0
"""Seconds after a record's own sync in which its change may be an answer to it: a workflow or a score that follows what
has just come from Salesforce, on as many records as were synced."""

MOST_WAITING = 50
"""Records kept an object, the first ones that wait: many more than it takes to tell a stop."""


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of a record and its newest sync."""

    record: str
    at: float
    synced: float | None


def waiting_since(last_sync: float | None, last_change: float | None, before: float | None) -> float | None:
    """The oldest change known to have been followed by no sync, ``None`` if there is none.

    Only the newest change can be searched for, so the oldest one is what ``before``, the last poll, found; it stands
    until a sync has passed it. Where nothing was ever synced nothing can be late: the object may not take part.
    """
    if last_sync is None or last_change is None or last_change <= last_sync + SLACK:
        return None
    return min(before, last_change) if before is not None and before > last_sync + SLACK else last_change


def waiting_records(
    changes: Iterable[Change], newest_sync: float | None, before: Mapping[str, float]
) -> dict[str, float]:
    """By record the first of its changes known that no sync of any object has followed; ``before`` is what the last
    poll knew. A record that changes again and again is one record."""
    if newest_sync is None:
        return {}
    late = newest_sync + SLACK
    found = {
        change.record: change.at
        for change in changes
        if change.at > late and (change.synced is None or change.at > change.synced + ECHO)
    }
    known = found | {record: at for record, at in before.items() if at > late}
    return dict(sorted(known.items(), key=lambda entry: entry[1])[:MOST_WAITING])
