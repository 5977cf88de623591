"""What the pages say of the canary, direction by direction. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from exporter.model import CanaryDirection, CanaryRounds
from exporter.state.directions import TO_HUBSPOT, TO_SALESFORCE
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of
from exporter.web.pages.source_lines import age, span

_TITLES = {"to_salesforce": TO_SALESFORCE, "to_hubspot": TO_HUBSPOT}


@dataclass(frozen=True, slots=True)
class CanaryLine:
    """One direction: how its last round ended, and how all did since they are counted."""

    title: str
    good: bool
    text: str
    rounds: str


@dataclass(frozen=True, slots=True)
class CanaryLines:
    """All of one canary; ``objective`` is what it is measured by, and whether a round is under way."""

    lines: tuple[CanaryLine, ...]
    objective: str


def canary_lines(snapshot: Snapshot, now: float) -> CanaryLines | None:
    """``None`` where there is no canary, or nothing is known of it any more."""
    for canary in _canaries(snapshot, now):
        lines = (
            CanaryLine(_title(one), one.success is not False, _last(one, canary, now), _rounds(one))
            for one in canary.directions
        )
        objective = f"objective: {canary.objective * 100:g} % of 30 days within {span(canary.deadline)}"
        since = canary.under_way_since
        return CanaryLines(
            tuple(lines), objective + (f"; a round began {age(now - since)}" if since is not None else "")
        )
    return None


def late_directions(snapshot: Snapshot, now: float) -> tuple[str, ...]:
    """Those in which the last round did not arrive in time."""
    return tuple(
        _title(one) for canary in _canaries(snapshot, now) for one in canary.directions if one.success is False
    )


def arrives(snapshot: Snapshot, now: float, within: float, direction: str = TO_SALESFORCE) -> bool:
    """Whether the last round did, and ended in the last ``within`` seconds."""
    return any(
        one.success is True and one.ended_at is not None and now - one.ended_at <= within
        for canary in _canaries(snapshot, now)
        for one in canary.directions
        if _title(one) == direction
    )


def half_within(one: CanaryDirection) -> float | None:
    """Seconds within which half of the rounds arrived: a bound of the histogram. ``None``: there is none, or half of
    them were late."""
    rounds = one.latencies[-1][1] if one.latencies else 0
    bound = next((bound for bound, count in one.latencies if rounds and 2 * count >= rounds), inf)
    return None if bound == inf else bound


def _canaries(snapshot: Snapshot, now: float) -> Iterator[CanaryRounds]:
    return (canary for canary, _source in sources_of(snapshot, now, CanaryRounds))


def _title(one: CanaryDirection) -> str:
    return _TITLES.get(one.direction, one.direction)


def _last(one: CanaryDirection, canary: CanaryRounds, now: float) -> str:
    if one.ended_at is None:
        return "no round has ended yet"
    if one.success is None:
        return f"the last round could not be carried out, {age(now - one.ended_at)}"
    if one.success:
        return f"arrived, {age(now - one.ended_at)}"
    return f"LATE: not there within {span(canary.deadline)}, {age(now - one.ended_at)}"


def _rounds(one: CanaryDirection) -> str:
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in one.rounds)
    half = half_within(one)
    return told + (f"; half of them within {span(half)}" if half is not None else "")
