"""The blackbox probe."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CanaryDirection:
    """What the rounds in one direction (``to_salesforce``, ``to_hubspot``) have shown.

    ``success`` is of the last round: its time arrived within the deadline, or did not; ``None`` where that is not
    known. ``rounds`` are counts by outcome, ``latencies`` the counts of rounds that took up to so many seconds, those
    that took less among them; the last bound is infinite.
    """

    direction: str
    success: bool | None
    ended_at: float | None
    rounds: tuple[tuple[str, int], ...]
    latencies: tuple[tuple[float, int], ...]
    latency_sum: float


@dataclass(frozen=True, slots=True)
class CanaryRounds:
    """What the blackbox probe has shown. ``objective`` is the share of time in which it should succeed;
    ``salesforce_answered_at`` is when the org last answered it, for many of its polls do not ask the org."""

    directions: tuple[CanaryDirection, ...]
    objective: float
    deadline: float
    under_way_since: float | None = None
    salesforce_answered_at: float | None = None
