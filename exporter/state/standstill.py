"""Changes that wait for a sync: since when, and from when on that is a sync that stands still. Pure.

One change that waits proves nothing: where a property is not mapped, its changes are followed by no sync, ever, and on
a quiet weekend nothing else happens. So there must be a second sign: as many records as do not change by chance.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.model import Heartbeat
from exporter.state.evidence import Channel, Evidence
from exporter.state.facts import sources_of
from exporter.state.snapshot import Snapshot

STALE_AFTER = 3600.0
"""Four of HubSpot's 15-minute rounds: a change that waits longer is not just waiting for its turn."""

SEVERAL = 5
"""Records that must wait together. A logged call touches a contact, its company and its deal, three records at once; a
sync that has stopped leaves behind whatever changes, in working hours dozens of records an hour."""

TOGETHER = 6 * 3600.0
"""Seconds within which they must have changed: a change every few hours all through a weekend is no stop."""

SURE_AFTER = 1800.0
"""Two rounds, which each of them must have waited: a record that has just changed says nothing."""


def waiting_since(heartbeat: Heartbeat) -> float | None:
    """The oldest change that no sync of any object has followed."""
    newest_sync = _newest_sync(heartbeat)
    waiting = [one.waiting_since for one in heartbeat.objects if one.waiting_since is not None]
    return min((moment for moment in waiting if moment > newest_sync), default=None)


def stands_from(heartbeat: Heartbeat) -> float | None:
    """From when on what waits tells of a sync that stands still, if none comes until then; ``None``: too little waits.

    Several records that changed together, the first of them ``STALE_AFTER`` ago, the last ``SURE_AFTER``.
    """
    newest_sync = _newest_sync(heartbeat)
    times = sorted(moment for one in heartbeat.objects for moment in one.waiting if moment > newest_sync)
    groups = zip(times, times[SEVERAL - 1 :], strict=False)
    moments = [max(first + STALE_AFTER, last + SURE_AFTER) for first, last in groups if last - first <= TOGETHER]
    return min(moments, default=None)


def waiting_too_long(explanation: str) -> Channel:
    """Several changes wait for more than an hour and nothing known explains it. A quiet weekend is healthy."""

    def channel(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
        for part, source in sources_of(snapshot, now, Heartbeat):
            stands = _reached(stands_from(part), part, now)
            detail = "records sync, or none has changed"
            if stands:
                detail = "changes wait for more than an hour" + (f"; explained: {explanation}" if explanation else "")
            elif _reached(_late_from(part), part, now):
                detail = "a change waits for more than an hour, of too few records to tell of a stop: it may never sync"
            yield Evidence(snapshot.read_at(source), stands and not explanation, source, detail)

    return channel


def stale_from(snapshot: Snapshot, now: float) -> Iterable[float]:
    """The moments to come from which on what waits now will tell of a sync that stands still."""
    for part, _source in sources_of(snapshot, now, Heartbeat):
        stands = stands_from(part)
        if stands is not None and stands > now:
            yield stands


def _newest_sync(heartbeat: Heartbeat) -> float:
    return max((one.last_sync for one in heartbeat.objects if one.last_sync is not None), default=0.0)


def _late_from(heartbeat: Heartbeat) -> float | None:
    waiting = waiting_since(heartbeat)
    return None if waiting is None else waiting + STALE_AFTER


def _reached(moment: float | None, heartbeat: Heartbeat, now: float) -> bool:
    """Whether no sync had come by then. Of an object that could not be read since, nobody knows what came later."""
    known_until = min((one.read_at for one in heartbeat.objects if one.read_at is not None), default=now)
    return moment is not None and moment <= min(now, known_until)
