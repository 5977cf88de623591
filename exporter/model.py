"""Frozen value objects: what one integration looked like at one time.

Times are seconds since the Unix epoch, counts are calls or records, sizes are bytes. ``None`` means unknown and
becomes an absent sample; a known zero is 0.
"""

from __future__ import annotations

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


Part = OrgLimits | SyncHealth
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

    def with_reading(self, reading: Reading) -> Snapshot:
        """A new Snapshot in which ``reading`` replaces the older one of its source."""
        others = tuple(old for old in self.readings if old.source != reading.source)
        return Snapshot(self.integration, self.notify, self.configured_allocation, (*others, reading))
