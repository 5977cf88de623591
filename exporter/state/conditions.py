"""The causes of suspensions as the exporter sees them itself, before or without HubSpot's report. Pure.

A reason is judged over one or more channels (``exporter.state.channels``). Within a channel the newest evidence counts;
the condition holds if it holds in any channel. A reason for which no channel has evidence cannot be judged and is
absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.state.channels import CHANNELS
from exporter.state.directions import directions_of, told
from exporter.state.evidence import Channel, Evidence
from exporter.state.facts import facts_expire_at, facts_of
from exporter.state.snapshot import Snapshot
from exporter.state.standstill import stale_from, waiting_too_long

UNKNOWN_ERROR = "unknown_error"


@dataclass(frozen=True, slots=True)
class Condition:
    """A judged reason: the newest evidence for it and the newest against it."""

    reason: str
    holds: bool
    set_by: Evidence | None
    cleared_by: Evidence | None


def conditions_of(snapshot: Snapshot, now: float) -> tuple[Condition, ...]:
    """Every reason that can be judged from what is known now."""
    judged = [_judge(reason, channels, snapshot, now) for reason, channels in CHANNELS.items()]
    conditions = [condition for condition in judged if condition is not None]
    waiting = waiting_too_long(_explained(conditions, snapshot, now), told(directions_of(snapshot, now)))
    unknown = _judge(UNKNOWN_ERROR, (waiting,), snapshot, now)
    return tuple(conditions if unknown is None else [*conditions, unknown])


def _judge(reason: str, channels: Iterable[Channel], snapshot: Snapshot, now: float) -> Condition | None:
    seen = [sorted(channel(snapshot, now), key=_at) for channel in channels]
    evidence = [one for channel in seen for one in channel]
    if not evidence:
        return None
    standing = [channel[-1] for channel in seen if channel and channel[-1].holds]
    return Condition(
        reason=reason,
        holds=bool(standing),
        # What makes it hold now goes before what another channel has taken back, and HubSpot's user before our own.
        set_by=max(standing or (one for one in evidence if one.holds), key=_weight, default=None),
        cleared_by=max((one for one in evidence if not one.holds), key=_at, default=None),
    )


def _at(evidence: Evidence) -> float:
    return evidence.at


def _weight(evidence: Evidence) -> tuple[bool, float]:
    return not evidence.of_own_user, evidence.at


def _explained(conditions: Iterable[Condition], snapshot: Snapshot, now: float) -> str:
    """Why records may have stopped syncing, empty if no reason is known."""
    suspension = facts_of(snapshot, now).suspension
    if suspension is not None and suspension.suspended and suspension.reason not in (None, UNKNOWN_ERROR):
        return f"HubSpot reports {suspension.reason}"
    return ", ".join(condition.reason for condition in conditions if condition.holds)


def conditions_change_at(snapshot: Snapshot, now: float) -> float:
    """When the conditions of an unchanged snapshot change next: evidence expires, or a change has waited too long."""
    return min((facts_expire_at(snapshot, now), *stale_from(snapshot, now)))
