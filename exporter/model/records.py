"""What the records on both sides show of the sync."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectHeartbeat:
    """Newest sync and newest change of linked records of one HubSpot object; ``waiting_since`` is the oldest change
    known to have been followed by no sync, ``None`` if there is none.

    ``waiting`` holds the changes that no sync of any object has followed, one a record, as far as they are known;
    ``left_behind`` those that no sync of their own record is known to have followed, of the last hours;
    ``syncs`` when records were synced, one a record: the newest, and some of the hours before.
    ``read_at`` is set where the newest poll could not read the object: then all this was so at that time.
    """

    object: str
    last_sync: float | None
    last_change: float | None
    waiting_since: float | None
    waiting: tuple[float, ...] = ()
    read_at: float | None = None
    left_behind: tuple[float, ...] = ()
    syncs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The signs of life HubSpot shows on its records."""

    objects: tuple[ObjectHeartbeat, ...]


@dataclass(frozen=True, slots=True)
class UnsyncedObject:
    """Records of one HubSpot object that have not reached Salesforce: ``stale`` ones changed since their last sync,
    the others were ``never_synced``."""

    object: str
    stale: int | None
    never_synced: int | None


@dataclass(frozen=True, slots=True)
class Unsynced:
    """What was found by searching HubSpot for them: an upper bound, as not every change is one that syncs."""

    objects: tuple[UnsyncedObject, ...]


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The newest write of the integration user to one Salesforce object, ``None`` if none is known; ``read_at`` is when
    that was asked for last and answered. ``is_missing``: the newest try was refused."""

    object: str
    at: float | None
    read_at: float | None = None
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class LastWrites:
    """What HubSpot's user has written to Salesforce: the direction HubSpot → Salesforce, seen from its far end."""

    objects: tuple[LastWrite, ...]
