"""How one reading of a target ended, and what that means for its row and for what is shown. Pure.

What a failure means: it leaves the last good payload and part as they are, for as long as a reading holds
(``exporter.state.reading``), unless the source wants another one kept all the same (``Fetched``); it is stored and
shown with its kind, the API's own code and a sentence; and where the API asked for a pause, the next poll waits for it.
One that passes by itself brings the next poll closer, and after a quota that is used up it is never further away than
an hour (``Again``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exporter.errors import Again, UpstreamError
from exporter.model import Failure, OrgUsage, Part, PartState
from exporter.polling import schedule
from exporter.polling.target import Target
from exporter.state.reading import Reading
from exporter.store.polls import PollRow

_WHOLE = ""
"""Among the names of parts: the source as a whole."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Payload and part of a reading that worked, the error of one that failed, or all three; ``missing`` are the errors
    of its parts by name, ``None`` for one that was read; ``more_in`` are the seconds after which it is worth going
    on."""

    payload: str | None = None
    part: Part | None = None
    error: UpstreamError | None = None
    missing: Mapping[str, UpstreamError | None] = field(default_factory=dict)
    more_in: float | None = None


def row_after(row: PollRow, outcome: Outcome, usage: OrgUsage | None, now: float) -> PollRow:
    """The row of a poll that began with ``row`` and ended ``now``; ``usage`` is what was said on the side."""
    row = replace(row, attempted_at=now, usage=usage or row.usage)
    error = outcome.error
    if error is None:
        parts = tuple(PartState(name, _failure(missed) if missed else None) for name, missed in outcome.missing.items())
        if outcome.more_in is not None:
            row = replace(row, due_at=min(row.due_at, now + outcome.more_in))
        failures, due_at = _next_try(row, {name: error for name, error in outcome.missing.items() if error}, now)
        read = replace(row, failure=None, payload=outcome.payload, succeeded_at=now, parts=parts)
        return replace(read, failures=failures, due_at=due_at)
    # Of a source that failed as a whole its own failure says all there is to say.
    failures, due_at = _next_try(row, {_WHOLE: error}, now)
    row = replace(row, payload=outcome.payload or row.payload)
    return replace(row, failure=_failure(error), parts=(), failures=failures, due_at=due_at)


def _next_try(row: PollRow, errors: Mapping[str, UpstreamError], now: float) -> tuple[int, float]:
    """How many polls in a row have failed in a way that may pass, and when the next one is due. ``errors`` are by part.

    What takes a person does not count: a permission that is missing for good must not make a hiccup wait as long as the
    hundredth of its kind. Nor does what failed before: a part that fails now for the first time is tried again at once.
    """
    failures, due_at = 0, row.due_at
    passing = {name for name, error in errors.items() if _passes(error)}
    if passing:
        failures = row.failures + 1 if passing <= _failed_before(row) else 1
        due_at = schedule.retried_due(due_at, now, failures)
    if any(error.again is Again.HOURLY for error in errors.values()):
        due_at = schedule.hourly_due(due_at, now)
    postponed = schedule.postponed_due(
        due_at, now, max((error.retry_after or 0.0 for error in errors.values()), default=0.0)
    )
    # What one part was asked to wait for keeps nobody from reading the others when they are due.
    return failures, postponed if _WHOLE in errors else min(postponed, max(due_at, row.due_at))


def _passes(error: UpstreamError) -> bool:
    """By itself, soon. Who says when to come again says so too; a quota that is used up gives no such promise."""
    if error.again is Again.LATER:
        return error.retry_after is not None
    return error.again is not Again.HOURLY


def _failed_before(row: PollRow) -> set[str]:
    return {part.name for part in row.parts if part.failure} | ({_WHOLE} if row.failure else set())


def _failure(error: UpstreamError) -> Failure:
    return Failure(error.kind, error.code, str(error))


def reading_of(target: Target, row: PollRow, part: Part | None, shown: Reading | None) -> Reading | None:
    """What a row says to whoever looks: with its own ``part``, or else the one that is ``shown`` already.

    ``None`` as long as nobody has tried.
    """
    if row.attempted_at is None:
        return None
    return Reading(
        source=target.source.name,
        interval=target.longest_interval,
        attempted_at=row.attempted_at,
        failure=row.failure,
        part=part or (shown.part if shown else None),
        succeeded_at=row.succeeded_at,
        header_usage=row.usage,
        parts=row.parts,
        failing_since=_failing_since(row.failure, row.attempted_at, shown),
    )


def _failing_since(failure: Failure | None, attempted_at: float, shown: Reading | None) -> float | None:
    if failure is None:
        return None
    before = shown.failure if shown else None
    same = before is not None and (before.kind, before.code) == (failure.kind, failure.code)
    return shown.failing_since if shown and same else attempted_at
