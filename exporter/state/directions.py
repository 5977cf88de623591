"""Which direction of the sync goes on, and which stands still. Pure.

HubSpot's *Last Salesforce Sync Time* moves with syncs in either direction; what its user writes in Salesforce tells of
HubSpot → Salesforce alone. Both together tell which direction stands:

- Sync times move, writes do not, and records that changed in HubSpot wait: HubSpot → Salesforce stands. As ever one
  change proves nothing, since nobody knows whether what changed is mapped, so there must be as many as
  ``exporter.state.standstill`` asks for. A quiet HubSpot changes nothing, writes nothing and is healthy.
- Writes go on and sync times do not, while changes wait: Salesforce → HubSpot stands.
- Neither moves while changes wait: HubSpot → Salesforce stands, and nothing comes from Salesforce either. Whether
  anything changed there nobody asks, so that may be a stop or not.

A sync after the newest write came from Salesforce, as nobody wrote.

This is shown, and no alert goes by it alone: in an account that takes everything from Salesforce what people change in
HubSpot is mapped nowhere, and never written. Who wants to know for sure has a canary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from exporter.model import Heartbeat, LastWrites
from exporter.sources.waiting_changes import SLACK
from exporter.state.snapshot import Snapshot
from exporter.state.standstill import STALE_AFTER, newest_sync_of, told_from, waiting_in
from exporter.state.statement import P, sources_of

TO_SALESFORCE, TO_HUBSPOT = "HubSpot → Salesforce", "Salesforce → HubSpot"

SAME_SYNC = 300.0
"""Seconds by which a write and the sync time noted for it may be apart, clocks and transactions included."""


class Course(Enum):
    """What is known of a direction. ``QUIET``: nothing has gone that way for an hour, nor is anything known to wait."""

    GOES_ON = "goes_on"
    QUIET = "quiet"
    STANDS = "stands_still"
    UNKNOWN = "unknown"


_WORDS = {Course.GOES_ON: "goes on", Course.QUIET: "is quiet", Course.STANDS: "stands still"}


@dataclass(frozen=True, slots=True)
class Direction:
    """``since`` is when one that stands had something to do and did not; ``last`` when something went that way last, as
    far as is known."""

    course: Course
    since: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True)
class Directions:
    """Both of an integration."""

    to_salesforce: Direction
    to_hubspot: Direction


@dataclass(frozen=True, slots=True)
class _Signs:
    """What both sides show: newest write and sync, each known up to a time; ``waits_since``: changes wait from then on
    that no sync has followed, too many for chance, ``left_since``: none of their own records'."""

    written: float
    writes_known_until: float
    synced: float
    waits_since: float | None
    left_since: float | None


def directions_of(snapshot: Snapshot, now: float) -> Directions:
    """As far as they are known at a time."""
    signs = _signs(snapshot, now)
    if signs is None:
        return Directions(Direction(Course.UNKNOWN), Direction(Course.UNKNOWN))
    return Directions(_to_salesforce(signs, now), _to_hubspot(signs, now))


def told(directions: Directions) -> str:
    """What is known of both, in words; empty if nothing is."""
    courses = {TO_SALESFORCE: directions.to_salesforce.course, TO_HUBSPOT: directions.to_hubspot.course}
    return "; ".join(f"{name} {_WORDS[course]}" for name, course in courses.items() if course in _WORDS)


def _to_salesforce(signs: _Signs, now: float) -> Direction:
    since = _earliest(signs.waits_since, signs.left_since)
    if since is not None and signs.written < since:
        return Direction(Course.STANDS, since, signs.written)
    return Direction(_seen(signs.written, now), last=signs.written)


def _to_hubspot(signs: _Signs, now: float) -> Direction:
    came = signs.synced if _came_from_salesforce(signs) else None
    if signs.waits_since is not None:
        # No sync since. Where writes go on all the same, what is missing is the way back.
        stands = signs.written >= signs.waits_since
        return Direction(Course.STANDS if stands else Course.QUIET, signs.waits_since if stands else None, came)
    return Direction(Course.UNKNOWN) if came is None else Direction(_seen(came, now), last=came)


def _came_from_salesforce(signs: _Signs) -> bool:
    """Whether nobody wrote at the time of the newest sync. A newer write may hide one of that time."""
    return signs.written + SAME_SYNC < signs.synced <= signs.writes_known_until - SAME_SYNC


def _seen(moment: float, now: float) -> Course:
    return Course.GOES_ON if now - moment <= STALE_AFTER else Course.QUIET


def _signs(snapshot: Snapshot, now: float) -> _Signs | None:
    """``None`` where either side cannot be seen, or not the whole of it: what is missing might be what moves."""
    writes, heartbeat = _only(snapshot, now, LastWrites), _only(snapshot, now, Heartbeat)
    if writes is None or heartbeat is None or any(one.is_missing for one in writes.objects):
        return None
    written = max((one.at for one in writes.objects if one.at is not None), default=None)
    until = min((one.read_at for one in writes.objects if one.read_at is not None), default=None)
    synced = newest_sync_of(heartbeat)
    if written is None or until is None or not synced:
        return None
    known = min((until, *(one.read_at for one in heartbeat.objects if one.read_at is not None)))
    return _Signs(
        written,
        until,
        synced,
        waits_since=_since(waiting_in(heartbeat), known),
        left_since=_since(_left(heartbeat, written), known),
    )


def _only(snapshot: Snapshot, now: float, kind: type[P]) -> P | None:
    return next((part for part, _source in sources_of(snapshot, now, kind)), None)


def _left(heartbeat: Heartbeat, written: float) -> Iterator[tuple[float, str]]:
    """Changes that nobody has written to Salesforce since: whatever changed before the newest write may be in it."""
    return ((at, one.object) for one in heartbeat.objects for at in one.left_behind if at > written + SLACK)


def _since(changes: Iterable[tuple[float, str]], known_until: float) -> float | None:
    """Since when they wait, once that tells of a stop."""
    waiting = tuple(changes)
    stands = told_from(waiting)
    if stands is None or stands > known_until:
        return None
    return min(at for at, _object in waiting)


def _earliest(*moments: float | None) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)
