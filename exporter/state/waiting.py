"""Changes that wait for a sync: since when, and from when on that is too long. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.model import Heartbeat
from exporter.state.evidence import Channel, Evidence
from exporter.state.facts import sources_of
from exporter.state.snapshot import Snapshot

STALE_AFTER = 3600.0
"""Four of HubSpot's 15-minute rounds: a change that waits longer is not just waiting for its turn."""


def waiting_since(heartbeat: Heartbeat) -> float | None:
    """The oldest change that no sync of any object has followed."""
    newest_sync = max((one.last_sync for one in heartbeat.objects if one.last_sync is not None), default=0.0)
    waiting = [one.waiting_since for one in heartbeat.objects if one.waiting_since is not None]
    return min((moment for moment in waiting if moment > newest_sync), default=None)


def waiting_too_long(explanation: str) -> Channel:
    """Changes wait for more than an hour and nothing known explains it. A quiet weekend is healthy."""

    def channel(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
        for part, source in sources_of(snapshot, now, Heartbeat):
            waiting = waiting_since(part)
            stale = waiting is not None and now >= waiting + STALE_AFTER
            detail = "records sync, or none has changed"
            if stale:
                detail = "changes wait for more than an hour" + (f"; explained: {explanation}" if explanation else "")
            yield Evidence(snapshot.read_at(source), stale and not explanation, source, detail)

    return channel


def stale_from(snapshot: Snapshot, now: float) -> Iterable[float]:
    """The moments to come from which a change that waits now will have waited too long."""
    for part, _source in sources_of(snapshot, now, Heartbeat):
        waiting = waiting_since(part)
        if waiting is not None and waiting + STALE_AFTER > now:
            yield waiting + STALE_AFTER
