"""What changed while nothing was synced, once that is over: *catch-up*. Pure.

HubSpot syncs by itself what has waited, about every 15 minutes: so it is left alone for its ``grace``, and what then
still waits is resynced, the oldest change first. Only what changed while the suspension lasted: before that the sync
ran.
"""

from __future__ import annotations

from exporter.catalog.catalog import UNSYNCED
from exporter.clock import parse_timestamp
from exporter.model import LastSuspension
from exporter.store.job import Job

ROUND = 900.0
"""Seconds by which what waits is older than its alert: the sync had a round every 15 minutes until it stopped, and an
alert begins some minutes after what it tells of."""

LONGEST = 14 * 86400.0
"""Seconds before the job that are looked at at most, however long the suspension lasted; and for which it waits, as a
suspension may last for longer than the day that other jobs wait."""

SETTLING = "settling"
"""What such a job waits for while HubSpot syncs by itself; it is no refusal."""

_SHUT = frozenset({"suspended", "waiting_for_cause"})
"""What a job was refused for as long as it was not over."""


def catches_up(job: Job) -> bool:
    """Whether the job is about what an alert has left behind, errors or not."""
    return job.status == "resolved" and any(category == UNSYNCED for category, _ in job.errors)


def began_before(starts_at: str, last: LastSuspension | None) -> float | None:
    """When the suspension began that an alert was about, by whoever told of it; ``None`` if that one was over before.

    The alert may be younger: the exporter was not there at first, or who tells of it was silent for a while, so that
    the alert resolved and fired anew."""
    began = _moment(starts_at)
    if last is None or began is None or (last.ended_at is not None and last.ended_at < began - ROUND):
        return None
    return last.since


def lasted_since(job: Job) -> float | None:
    """Since when changes count, in epoch seconds; ``None`` if no alert says so."""
    if not catches_up(job):
        return None
    known = [moment for moment in (_moment(job.starts_at), job.since) if moment is not None]
    return max(min(known) - ROUND, job.created_at - LONGEST) if known else None


def _moment(starts_at: str) -> float | None:
    try:
        return parse_timestamp(starts_at)
    except ValueError:
        return None


def looks_at(job: Job, grace: float, now: float) -> float:
    """When the job may look what still waits: once HubSpot has had its grace since it was over, as far as is known."""
    if not catches_up(job) or job.refused_for == SETTLING:
        return now
    return (now if job.refused_for in _SHUT else job.created_at) + grace
