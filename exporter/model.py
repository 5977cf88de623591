"""Frozen value objects: what one integration looked like at one time.

Times are seconds since the Unix epoch, counts are calls or records, sizes are bytes. ``None`` means unknown and
becomes an absent sample; a known zero is 0.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrgUsage:
    """Salesforce API calls of the whole org in the rolling 24 hours; ``used`` may exceed ``limit`` on paid orgs."""

    used: int
    limit: int
    observed_at: float


@dataclass(frozen=True, slots=True)
class Storage:
    """Storage of the org; ``kind`` is ``data`` or ``file``."""

    kind: str
    used_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class OrgLimits:
    """What Salesforce's ``/limits`` resource said."""

    usage: OrgUsage
    storage: tuple[Storage, ...]


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Current sync errors of one (category, error type) and the records they keep from syncing."""

    category: str
    error_type: str
    errors: int | None
    affected_records: int | None


@dataclass(frozen=True, slots=True)
class SyncError:
    """One current sync error; ``id`` is what its resync is asked for by, ``record`` names the HubSpot or Salesforce
    record it belongs to."""

    id: str
    category: str
    error_type: str | None
    record: str
    object_type: str | None = None
    hubspot_id: str | None = None
    salesforce_id: str | None = None
    affected_records: int | None = None
    last_seen: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True)
class Suspension:
    """What HubSpot reports: ``reason`` is a catalogue name, ``None`` when it is not known or not suspended."""

    suspended: bool
    reason: str | None
    since: float | None


@dataclass(frozen=True, slots=True)
class SyncHealth:
    """What HubSpot's Sync Health page showed at ``as_of``."""

    as_of: float
    api_calls_used: int | None
    api_calls_allocated: int | None
    limited_by_salesforce: int | None
    suspension: Suspension | None
    errors: tuple[ErrorCount, ...] | None


@dataclass(frozen=True, slots=True)
class Permission:
    """Read and edit on an object, or on one of its fields; ``None`` where Salesforce does not say."""

    object: str
    field: str | None
    read: bool | None
    edit: bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """What the integration user may do, and where the org lives."""

    user_active: bool
    api_enabled: bool
    permission_set_assigned: bool
    permissions: tuple[Permission, ...]
    instance: str | None
    sandbox: bool | None


@dataclass(frozen=True, slots=True)
class TrustStatus:
    """What status.salesforce.com says of the org's instance."""

    instance: str
    status: str


@dataclass(frozen=True, slots=True)
class UsageLog:
    """Calls of HubSpot's connected app in the 24 hours before ``as_of``, the end of what the event log covers; not
    ``complete``: some of its files are still to be read, so there were more."""

    calls: int
    as_of: float
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ObjectHeartbeat:
    """Newest sync and newest change of linked records of one HubSpot object; ``waiting_since`` is the oldest change
    known to have been followed by no sync, ``None`` if there is none."""

    object: str
    last_sync: float | None
    last_change: float | None
    waiting_since: float | None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The signs of life HubSpot shows on its records."""

    objects: tuple[ObjectHeartbeat, ...]


Part = OrgLimits | SyncHealth | Access | TrustStatus | UsageLog | Heartbeat
"""What one source contributes to a Snapshot."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a poll failed: a value of ``source_errors_total{kind}``, the API's own code, a sentence without secrets."""

    kind: str
    code: str | None
    message: str


INTERVALS_VISIBLE = 3
"""When a source fails, its last values stay visible until this many of its intervals have passed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest poll of one source, and the newest good part if the last polls failed.

    ``header_usage`` is what the answers of this source said of the org's API calls on the side.
    """

    source: str
    interval: float
    attempted_at: float
    failure: Failure | None = None
    part: Part | None = None
    succeeded_at: float | None = None
    header_usage: OrgUsage | None = None

    @property
    def up(self) -> bool:
        return self.failure is None

    @property
    def expires_at(self) -> float | None:
        """When the part counts as too old to be shown."""
        return None if self.succeeded_at is None else self.succeeded_at + INTERVALS_VISIBLE * self.interval

    def visible_part(self, now: float) -> Part | None:
        return self.part if self.expires_at is not None and now < self.expires_at else None

    @property
    def attempt_expires_at(self) -> float:
        """When the outcome of the newest poll, good or bad, no longer says how things are."""
        return self.attempted_at + INTERVALS_VISIBLE * self.interval

    @property
    def usage_expires_at(self) -> float | None:
        usage = self.header_usage
        return None if usage is None else usage.observed_at + INTERVALS_VISIBLE * self.interval

    def visible_usage(self, now: float) -> OrgUsage | None:
        return self.header_usage if self.usage_expires_at is not None and now < self.usage_expires_at else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of one integration: its settings that are facts, and the newest reading of each source."""

    integration: str
    notify: str
    configured_allocation: int | None
    readings: tuple[Reading, ...] = ()

    def reading(self, source: str) -> Reading | None:
        return next((reading for reading in self.readings if reading.source == source), None)

    def with_settings(self, notify: str, configured_allocation: int | None, sources: Collection[str]) -> Snapshot:
        """A new Snapshot after a change of the configuration; readings of other sources than these are dropped."""
        kept = tuple(reading for reading in self.readings if reading.source in sources)
        return Snapshot(self.integration, notify, configured_allocation, kept)

    def with_reading(self, reading: Reading) -> Snapshot:
        """A new Snapshot in which ``reading`` replaces the older one of its source."""
        others = tuple(old for old in self.readings if old.source != reading.source)
        return Snapshot(self.integration, self.notify, self.configured_allocation, (*others, reading))
