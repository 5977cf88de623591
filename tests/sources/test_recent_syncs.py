"""Which syncs the heartbeat remembers."""

from __future__ import annotations

from exporter.sources.recent_syncs import MOMENTS, NEWEST_SYNCS, recent_syncs
from exporter.sources.waiting_changes import MOMENT

NOON = 1_800_000_000.0


def test_the_newest_come_first_and_a_record_counts_once() -> None:
    """Its newest sync."""
    assert list(recent_syncs({"1": NOON, "2": NOON - 5}, {"1": NOON - 900, "3": NOON - 1}).items()) == [
        ("1", NOON),
        ("3", NOON - 1),
        ("2", NOON - 5),
    ]


def test_where_many_sync_some_of_the_hours_before_stay() -> None:
    """A search finds the newest ten, of one second: that others synced minutes before must be known as well."""
    known: dict[str, float] = {}
    for minute in range(300):
        moment = NOON + 60 * minute
        known = recent_syncs({f"{minute}/{number}": moment for number in range(NEWEST_SYNCS)}, known)
    times = list(known.values())
    assert times[:NEWEST_SYNCS] == [NOON + 60 * 299] * NEWEST_SYNCS
    assert times[NEWEST_SYNCS:] == [NOON + MOMENT * number for number in range(59, 59 - MOMENTS, -1)]
