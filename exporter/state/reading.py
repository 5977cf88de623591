"""What one source last said, and for how long that holds: for every source alike. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.model import Failure, OrgUsage, Part, PartState

INTERVALS_VISIBLE = 3
"""When a source fails, its last values stay visible until this many of its intervals have passed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest poll of one source, and the newest good part if the last polls failed.

    ``header_usage`` is what the answers of this source said of the org's API calls on the side. ``parts`` are those of
    the newest poll, for a source that is made of several: it is up while one of them could be read.
    """

    source: str
    interval: float
    attempted_at: float
    failure: Failure | None = None
    part: Part | None = None
    succeeded_at: float | None = None
    header_usage: OrgUsage | None = None
    parts: tuple[PartState, ...] = ()

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
    def attempt_expires_at(self) -> float:
        """When the outcome of the newest poll, good or bad, no longer says how things are."""
        return self.attempted_at + INTERVALS_VISIBLE * self.interval

    @property
    def usage_expires_at(self) -> float | None:
        usage = self.header_usage
        return None if usage is None else usage.observed_at + INTERVALS_VISIBLE * self.interval

    def visible_usage(self, now: float) -> OrgUsage | None:
        return self.header_usage if self.usage_expires_at is not None and now < self.usage_expires_at else None
