"""What an answer means for each record of a batch, and for a job at its end. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exporter.remediation.actions import Final
from exporter.store import job as states
from exporter.store.batches import FAILED, PENDING, SUCCEEDED, Batch, Outcome

FIRST_AGAIN, LONGEST_AGAIN = 60.0, 3600.0
"""Seconds until a record that was refused is asked for again, doubled every time."""


def outcomes_of(batch: Batch, refused: Mapping[str, str | None], most_attempts: int, now: float) -> dict[str, Outcome]:
    """``refused`` says of each error id why it was not taken, ``None`` if it was. One that was not is asked for again,
    later and later, up to its maximum, unless the reason is final."""
    return {error_id: _outcome(why, batch.attempts[error_id], most_attempts, now) for error_id, why in refused.items()}


def _outcome(why: str | None, attempts: int, most_attempts: int, now: float) -> Outcome:
    if why is None:
        return Outcome(SUCCEEDED)
    if isinstance(why, Final) or attempts >= most_attempts:
        return Outcome(FAILED, why)
    return Outcome(PENDING, why, now + min(FIRST_AGAIN * 2 ** (attempts - 1), LONGEST_AGAIN))


def settled(batch: Batch, still_there: Collection[str]) -> dict[str, Outcome]:
    """The same of a request whose answer nobody recorded: an error that is gone was resynced, one that is still there
    was not, as far as anybody can tell."""
    return {
        error_id: Outcome(PENDING, counted=False)
        if error_id in still_there
        else Outcome(SUCCEEDED, "gone after the request")
        for error_id in batch.error_ids
    }


def ended(counts: Mapping[str, int]) -> tuple[str, str]:
    """State and message of a job whose records, by outcome, all have one."""
    failed, total = counts.get(FAILED, 0), sum(counts.values())
    if not failed:
        return states.DONE, ""
    message = f"{failed} of {total} records failed"
    return (states.FAILED if failed == total else states.PARTLY_FAILED), message
