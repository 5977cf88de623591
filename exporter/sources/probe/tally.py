"""What the rounds of one direction have shown so far: how the last one ended, how many ended how, how long they took.

Pure. It lives in the payload, so it goes on over restarts and is the same on every replica.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

SYNCED, LATE, FAILED = "synced", "late", "failed"
OUTCOMES = (SYNCED, LATE, FAILED)
"""``synced`` within the deadline; ``late``: not; ``failed``: the round could not be carried out, so that it says
nothing of the sync."""

_BOUNDS = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0)
"""Seconds: a sync takes from moments to several of HubSpot's rounds of 15 minutes."""


def bounds_for(deadline: float) -> tuple[float, ...]:
    """The upper bounds of the latencies' buckets. The deadline is one, so that the share within it can be read off."""
    return tuple(sorted({*(bound for bound in _BOUNDS if bound < deadline), deadline}))


@dataclass(frozen=True, slots=True)
class Latencies:
    """How many rounds took up to each bound, and not up to the one before; the last count is of those that took longer
    than all."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float = 0.0

    @classmethod
    def none(cls, bounds: Sequence[float]) -> Latencies:
        return cls(tuple(bounds), (0,) * (len(bounds) + 1))

    def with_one(self, seconds: float, arrived: bool) -> Latencies:
        """One that has not ``arrived`` in time took longer than anybody can say, so it is beyond every bound."""
        beyond = len(self.bounds)
        place = next((at for at, bound in enumerate(self.bounds) if seconds <= bound), beyond) if arrived else beyond
        counts = tuple(count + (at == place) for at, count in enumerate(self.counts))
        return Latencies(self.bounds, counts, self.total + seconds)


@dataclass(frozen=True, slots=True)
class Tally:
    """``success`` is what is known of the sync: of the last round, or, where that failed, of the one before if it was
    late, as nothing says that this is over; else ``None``. ``ended_at`` is when the last one ended."""

    latencies: Latencies
    rounds: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    success: bool | None = None
    ended_at: float | None = None

    def after(self, outcome: str, seconds: float | None, now: float) -> Tally:
        """``seconds`` from writing to arrival, or to when nobody waited any more."""
        latencies = self.latencies
        if outcome != FAILED and seconds is not None:
            latencies = latencies.with_one(seconds, outcome == SYNCED)
        failed = False if self.success is False else None
        success = failed if outcome == FAILED else outcome == SYNCED
        rounds = {**self.rounds, outcome: self.rounds[outcome] + 1}
        return replace(self, latencies=latencies, rounds=rounds, success=success, ended_at=now)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "rounds": dict(self.rounds),
            "success": self.success,
            "ended_at": self.ended_at,
            "bounds": list(self.latencies.bounds),
            "counts": list(self.latencies.counts),
            "total": self.latencies.total,
        }


def tally_of(told: Mapping[str, Any] | None, bounds: Sequence[float]) -> Tally:
    """What was told; with other bounds than now the latencies begin anew, which Prometheus takes for a restart."""
    if told is None:
        return Tally(Latencies.none(bounds))
    latencies = Latencies(tuple(told["bounds"]), tuple(told["counts"]), told["total"])
    if latencies.bounds != tuple(bounds) or len(latencies.counts) != len(latencies.bounds) + 1:
        latencies = Latencies.none(bounds)
    rounds = {outcome: int(told["rounds"].get(outcome, 0)) for outcome in OUTCOMES}
    return Tally(latencies, rounds, told["success"], told["ended_at"])
