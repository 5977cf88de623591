"""Two thousand records touched at the pace HubSpot allows, on simulated time; ten thousand: ``make touch-load``."""

from __future__ import annotations

from pathlib import Path

from tests.remediation.touch_load import ALLOWED, play


async def test_the_allowed_rate_is_used_and_never_exceeded(tmp_path: Path) -> None:
    """With records refused and locked, and whole requests locked, in between: nine tenths of it at least, no 429, and
    each record is written once or has failed with its reason."""
    # Of ten records, so that few records make more requests than one window of ten seconds lets through.
    seen = await play(2_000, 10, tmp_path)
    assert seen.requests > ALLOWED
    assert 0.9 <= seen.rate <= 1.0
    assert seen.most <= ALLOWED
    assert {207, 400, 423} <= set(seen.statuses)
    assert 429 not in seen.statuses
    assert seen.outcomes == {"pending": 0, "sending": 0, "succeeded": 2_000 - seen.refused, "failed": seen.refused}
    assert (seen.touched_twice, seen.left) == (0, seen.refused)
