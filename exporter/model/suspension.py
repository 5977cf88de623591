"""That HubSpot has suspended an integration, since when, and what ended it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suspension:
    """What HubSpot reports: ``reason`` is a catalogue name, ``None`` when it is not known or not suspended."""

    suspended: bool
    reason: str | None
    since: float | None


@dataclass(frozen=True, slots=True)
class LastSuspension:
    """Since when the newest suspension lasts, and when it ended; ``None`` as long as nobody says that it has."""

    since: float
    ended_at: float | None = None

    def ended(self, at: float) -> LastSuspension:
        """The first that says so counts."""
        return self if self.ended_at is not None else LastSuspension(self.since, at)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was seen that ends a suspension: records that synced from ``first`` until ``at``, told in ``detail``."""

    first: float
    at: float
    detail: str
