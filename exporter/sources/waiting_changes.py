"""Which changes of linked HubSpot records no sync has followed. Pure.

Facts: HubSpot, *Search the CRM* (a change shows in a search up to a minute late); public reports (the sync notes its
time on the record 2 to 13 seconds later, which moves the modification date; a change of a property that is not mapped
moves it too, and is followed by no sync, ever).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SLACK = 60.0
"""Seconds by which a change must be later than the last sync to count. The sync writes to the record itself, after the
time it notes, and so touches the modification date."""

ECHO = 300.0
"""Seconds after a record's own sync in which its change may be an answer to it: a workflow or a score that follows what
has just come from Salesforce, on as many records as were synced."""

AT_ONCE = 60.0
CROWD = 5
"""So many records of one object that change within ``AT_ONCE`` seconds are the work of a job: an import, a workflow, a
score, a table that is uploaded every hour. Nobody knows whether the property it changes is mapped, so it tells nothing.
What people change comes to that in a very large account alone, at some three hundred records an hour of one object;
there the other objects tell."""

MOMENT = 300.0
"""Seconds within which changes are one event: a call that is logged, a list that somebody works through."""

LEFT_FOR = 6 * 3600.0
"""Seconds for which a change is kept that its own record's sync has not followed, whatever else syncs."""

MOST_WAITING = 50
"""Records kept an object. Of more than that the first of each ``MOMENT`` stays, and of these the first and the newest
half: the first ones keep a stop told, by the newest one is seen that came after many single changes."""


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
    changes: Iterable[Change], newest_sync: float | None, before: Mapping[str, float], now: float
) -> dict[str, float]:
    """By record the first of its changes known that no sync of any object has followed; ``before`` is what the last
    poll knew. A record that changes again and again is one record; one that a job has changed is none.

    What has just changed is left to the next poll, which sees whether it was the first of a crowd.
    """
    if newest_sync is None:
        return {}
    late = newest_sync + SLACK
    found = {
        change.record: change.at
        for change in changes
        if change.at > late and (change.synced is None or change.at > change.synced + ECHO)
    }
    kept = {record: at for record, at in before.items() if at > late}
    return _told(found, kept, now)


def left_behind(changes: Iterable[Change], before: Mapping[str, float], now: float) -> dict[str, float]:
    """By record the first of its changes known that no sync of the record itself has followed, though others may have
    synced since: what came from Salesforce says nothing of what goes there.

    A record that was never synced may not take part. A later poll sees the newest changes alone, so it may miss that
    one of these was synced after all: whoever goes by this has to know from elsewhere that nothing reached Salesforce.
    """
    looked = tuple(changes)
    late = now - LEFT_FOR
    found = {
        change.record: change.at
        for change in looked
        if change.at > late and change.synced is not None and change.at > change.synced + ECHO
    }
    synced = {change.record: change.synced for change in looked if change.synced is not None}
    kept = {record: at for record, at in before.items() if at > late and at > synced.get(record, 0.0)}
    return _told(found, kept, now)


def _told(found: Mapping[str, float], kept: Mapping[str, float], now: float) -> dict[str, float]:
    """Of what changed what tells something: nothing that changed in a crowd, or has changed just now."""
    crowded = _crowded({**kept, **found})
    settled = {record: at for record, at in found.items() if at <= now - AT_ONCE}
    alone = {record: at for record, at in {**settled, **kept}.items() if at != crowded.get(record)}
    return dict(_most(sorted(alone.items(), key=_when)))


def _crowded(times: Mapping[str, float]) -> dict[str, float]:
    """Those of the records that changed in a crowd."""
    ordered = sorted(times.items(), key=_when)
    crowds = zip(ordered, ordered[CROWD - 1 :], strict=False)
    return {
        one: at
        for number, (first, last) in enumerate(crowds)
        if last[1] - first[1] <= AT_ONCE
        for one, at in ordered[number : number + CROWD]
    }


def _most(waiting: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    """No more than are kept; they come in the order of their times."""
    if len(waiting) <= MOST_WAITING:
        return waiting
    spread = [waiting[0]]
    for record, at in waiting:
        if at >= spread[-1][1] + MOMENT:
            spread.append((record, at))
    half = MOST_WAITING // 2
    return [*spread[:half], *spread[half:][-half:]]


def _when(entry: tuple[str, float]) -> float:
    return entry[1]
