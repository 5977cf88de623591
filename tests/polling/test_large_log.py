"""A large event log, read over loopback by the real poller while another integration is polled."""

from __future__ import annotations

from tests.large_log import watch

MEGABYTE = 1_000_000


async def test_a_large_log_is_counted_with_flat_memory_and_undisturbed_neighbours() -> None:
    """20 MB here; ``make large-log`` reads 600 in the same way and prints the figures."""
    shown = await watch(20)
    assert shown.size > 19 * MEGABYTE
    assert shown.counted == shown.there > 0
    assert shown.peak - shown.before < 15 * MEGABYTE
    # On a busy machine everything takes longer; a loop that is blocked by a file would be late by all of its time.
    assert shown.polls
    assert shown.late < max(0.5, shown.seconds / 4)
