"""What one source last said, and for how long that holds: for every source alike. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.model import Failure, OrgUsage, Part, PartState, SyncHealth, UsageLog

INTERVALS_VISIBLE = 3
"""When a source fails, its last values stay visible until this many of its intervals have passed."""

OLD_AFTER = 1800.0
"""Seconds after which what a source says is old, and the alert DataStale comes, but for these."""

OLD_AFTER_OF: Mapping[str, float] = {
    "salesforce_access": 4 * 3600.0,
    "salesforce_heartbeat": 5400.0,
    "salesforce_limits": 5400.0,
    "salesforce_usage_log": 48 * 3600.0,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest poll of one source, and the newest good part if the last polls failed.

    ``header_usage`` is what the answers of this source said of the org's API calls on the side. ``parts`` are those of
    the newest poll, for a source that is made of several: it is up while one of them could be read. ``failing_since``
    is when the polls began to fail as the newest did, one after the other, as far as this process has seen it.
    """

    source: str
    interval: float
    attempted_at: float
    failure: Failure | None = None
    part: Part | None = None
    succeeded_at: float | None = None
    header_usage: OrgUsage | None = None
    parts: tuple[PartState, ...] = ()
    failing_since: float | None = None

    @property
    def up(self) -> bool:
        return self.failure is None

    @property
    def missing_parts(self) -> tuple[PartState, ...]:
        """The parts that the newest poll could not read."""
        return tuple(part for part in self.parts if part.failure is not None)

    @property
    def expires_at(self) -> float | None:
        """When the part counts as too old to be shown."""
        return None if self.succeeded_at is None else self.succeeded_at + INTERVALS_VISIBLE * self.interval

    def visible_part(self, now: float) -> Part | None:
        return self.part if self.expires_at is not None and now < self.expires_at else None

    @property
    def as_of(self) -> float | None:
        """Of when the part says that it is; ``None`` if it does not say, and so is of when it was read."""
        return self.part.as_of if isinstance(self.part, SyncHealth | UsageLog) else None

    @property
    def true_at(self) -> float | None:
        """When what the source said was true. A bridge that repeats yesterday's page was read just now all the same."""
        if self.succeeded_at is None or self.as_of is None:
            return self.succeeded_at
        return min(self.as_of, self.succeeded_at)

    def is_old(self, now: float) -> bool:
        """Whether nobody should take it for the present. Who reads more seldom than the rules expect is advised to
        allow three intervals there, and gets them here."""
        allowed = max(OLD_AFTER_OF.get(self.source, OLD_AFTER), INTERVALS_VISIBLE * self.interval)
        return self.true_at is not None and now - self.true_at > allowed

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
