"""Since when the newest suspension lasts or lasted, as it was stated, whoever is silent by now. Pure.

An alert begins when the exporter is asked, and anew when it was silent for a while: the suspension began before.
"""

from __future__ import annotations

from exporter.model import LastSuspension
from exporter.state.recovery import kept_of
from exporter.state.snapshot import Snapshot
from exporter.state.statement import newest, suspension_in


def last_suspension(snapshot: Snapshot) -> LastSuspension | None:
    """What is known of it by the readings of a snapshot, and what was known before."""
    known, stated = snapshot.last_suspension, newest(filter(None, map(suspension_in, snapshot.readings)))
    if stated is None:
        return known
    at, seen = stated.at or 0.0, kept_of(snapshot, stated)
    if not stated.value.suspended:
        return known.ended(at) if known is not None else None
    if known is not None and known.ended_at is not None and at <= known.ended_at:
        return known  # what has said that it is over is not read any more
    since = min(at, at if stated.value.since is None else stated.value.since)
    if known is not None and known.ended_at is None:
        since = min(since, known.since)
    return LastSuspension(since, None if seen is None else seen.first)
