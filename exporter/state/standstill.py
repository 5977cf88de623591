"""Changes that wait for a sync: since when, and from when on that is a sync that stands still. Pure.

One change that waits proves nothing: where a property is not mapped, its changes are followed by no sync, ever, and on
a quiet weekend nothing else happens. So there must be a second sign: changes at as many moments as chance does not
bring. A burst is one moment however many records it touches, and what changes in crowds, as a job does it, is left out
before (``exporter.sources.waiting_changes``): a nightly run over thousands of records is no sign at all.

What cannot be told from a stop, while nothing else syncs for an hour: a job that goes slowly (fewer than five records a
minute) for more than an hour, or for twenty minutes on more than one object; single unmapped changes, one an hour or
more often, for five hours. What is not told as a stop: one of an account where records change in crowds alone. Both
raise SyncStale, which compares the newest change with the newest sync.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exporter.model import Heartbeat
from exporter.sources.waiting_changes import MOMENT
from exporter.state.evidence import Channel, Evidence
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of

STALE_AFTER = 3600.0
"""Four of HubSpot's 15-minute rounds: a change that waits longer is not just waiting for its turn."""

SEVERAL = 5
"""Moments of change that must wait together. A call that is logged touches a contact, its company and its deal, all at
one moment; a sync that has stopped leaves behind whatever changes, in working hours dozens of records an hour."""

TOGETHER = 6 * 3600.0
"""Seconds within which they must lie: a change every few hours all through a weekend is no stop."""

ONE_OBJECT = 3600.0
"""Seconds over which they must be spread where all are of one object, as a job's are: few jobs run for so long, and
people at work change more than contacts."""

SURE_AFTER = 1800.0
"""Two rounds, which each of them must have waited: a record that has just changed says nothing."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Records of these objects changed ``at`` this time, or within ``MOMENT`` of it."""

    at: float
    objects: frozenset[str]


def waiting_since(heartbeat: Heartbeat) -> float | None:
    """The oldest change that no sync of any object has followed."""
    newest_sync = newest_sync_of(heartbeat)
    waiting = [one.waiting_since for one in heartbeat.objects if one.waiting_since is not None]
    return min((moment for moment in waiting if moment > newest_sync), default=None)


def stands_from(heartbeat: Heartbeat) -> float | None:
    """From when on what waits tells of a sync that stands still, if none comes until then; ``None``: too little waits.

    Changes at several moments, the first of them ``STALE_AFTER`` ago, the last ``SURE_AFTER``.
    """
    return told_from(waiting_in(heartbeat))


def waiting_in(heartbeat: Heartbeat) -> Iterator[tuple[float, str]]:
    """The changes that no sync of any object has followed, each with its object."""
    newest_sync = newest_sync_of(heartbeat)
    return ((at, one.object) for one in heartbeat.objects for at in one.waiting if at > newest_sync)


def told_from(changes: Iterable[tuple[float, str]]) -> float | None:
    """From when on changes that wait, each with its object, tell of a stop; ``None``: too few do."""
    moments = _moments(changes)
    told = (_told_from(moments[number:]) for number in range(len(moments)))
    return min((moment for moment in told if moment is not None), default=None)


def _moments(changes: Iterable[tuple[float, str]]) -> Sequence[Moment]:
    """When something changed that waits; what follows within ``MOMENT`` is the same event."""
    moments: list[Moment] = []
    for at, name in sorted(changes):
        if moments and at < moments[-1].at + MOMENT:
            moments[-1] = Moment(moments[-1].at, moments[-1].objects | {name})
        else:
            moments.append(Moment(at, frozenset({name})))
    return moments


def _told_from(moments: Sequence[Moment]) -> float | None:
    """From when on these moments, beginning with the first, tell of a stop."""
    first = moments[0].at
    objects: frozenset[str] = frozenset()
    for number, moment in enumerate(moments, start=1):
        if moment.at > first + TOGETHER:
            break
        objects |= moment.objects
        if number >= SEVERAL and (len(objects) > 1 or moment.at >= first + ONE_OBJECT):
            return max(first + STALE_AFTER, moment.at + SURE_AFTER)
    return None


def waiting_too_long(explanation: str, directions: str) -> Channel:
    """Several changes wait for more than an hour and nothing known explains it. A quiet weekend is healthy.

    ``directions`` says what is known of each direction, empty if nothing is.
    """

    def channel(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
        for part, source in sources_of(snapshot, now, Heartbeat):
            stands = _reached(stands_from(part), part, now)
            detail = "records sync, or none has changed"
            if stands:
                detail = "changes wait for more than an hour" + (f"; {directions}" if directions else "")
                detail += f"; explained: {explanation}" if explanation else ""
            elif _reached(_late_from(part), part, now):
                detail = (
                    "a change waits for more than an hour, too little beside it to tell of a stop: it may never sync"
                )
            yield Evidence(snapshot.read_at(source), stands and not explanation, source, detail)

    return channel


def stale_from(snapshot: Snapshot, now: float) -> Iterable[float]:
    """The moments to come from which on what waits now will tell of a sync that stands still."""
    for part, _source in sources_of(snapshot, now, Heartbeat):
        stands = stands_from(part)
        if stands is not None and stands > now:
            yield stands


def newest_sync_of(heartbeat: Heartbeat) -> float:
    """The newest sync of any record, 0 if none is known."""
    return max((one.last_sync for one in heartbeat.objects if one.last_sync is not None), default=0.0)


def late_since(heartbeat: Heartbeat, now: float) -> float | None:
    """The oldest change that has waited for more than ``STALE_AFTER``, ``None`` if none has."""
    return waiting_since(heartbeat) if _reached(_late_from(heartbeat), heartbeat, now) else None


def _late_from(heartbeat: Heartbeat) -> float | None:
    waiting = waiting_since(heartbeat)
    return None if waiting is None else waiting + STALE_AFTER


def _reached(moment: float | None, heartbeat: Heartbeat, now: float) -> bool:
    """Whether no sync had come by then. Of an object that could not be read since, nobody knows what came later."""
    known_until = min((one.read_at for one in heartbeat.objects if one.read_at is not None), default=now)
    return moment is not None and moment <= min(now, known_until)
