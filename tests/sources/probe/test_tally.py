"""What rounds leave behind."""

from __future__ import annotations

import pytest

from exporter.sources.probe.tally import FAILED, LATE, SYNCED, Latencies, Tally, bounds_for, tally_of

BOUNDS = bounds_for(3600.0)


def test_the_deadline_is_a_bound() -> None:
    """So the share of rounds that were in time is read off the histogram."""
    assert BOUNDS[-1] == 3600.0
    assert bounds_for(1000.0)[-2:] == (900.0, 1000.0)
    assert bounds_for(3.0) == (3.0,)


@pytest.mark.parametrize(("seconds", "place"), [(0.0, 0), (5.0, 0), (5.1, 1), (3600.0, len(BOUNDS) - 1)])
def test_a_latency_counts_up_to_its_bound(seconds: float, place: int) -> None:
    """As Prometheus has it, the bound is inside."""
    counts = Latencies.none(BOUNDS).with_one(seconds, arrived=True).counts
    assert counts.index(1) == place


def test_what_was_late_is_beyond_every_bound() -> None:
    """When it would have arrived nobody knows."""
    latencies = Tally(Latencies.none(BOUNDS)).after(LATE, 3600.0, 1.0).latencies
    assert (latencies.counts[-1], sum(latencies.counts), latencies.total) == (1, 1, 3600.0)


def test_a_failed_round_says_nothing_of_the_sync() -> None:
    """It counts, and that the one before was in time does not hold any more."""
    tally = Tally(Latencies.none(BOUNDS)).after(SYNCED, 1.0, 1.0).after(FAILED, None, 2.0)
    assert (tally.success, tally.ended_at, dict(tally.rounds)) == (None, 2.0, {"synced": 1, "late": 0, "failed": 1})
    assert sum(tally.latencies.counts) == 1


def test_a_late_round_stands_until_one_says_otherwise() -> None:
    """That nobody can look any more ends no outage."""
    late = Tally(Latencies.none(BOUNDS)).after(LATE, 3600.0, 1.0).after(FAILED, None, 2.0).after(FAILED, None, 3.0)
    assert (late.success, late.ended_at, late.rounds[LATE]) == (False, 3.0, 1)
    assert late.after(SYNCED, 1.0, 4.0).success is True


def test_it_comes_back_from_the_store_as_it_was() -> None:
    """Also after many rounds."""
    tally = Tally(Latencies.none(BOUNDS)).after(SYNCED, 77.0, 1.0).after(LATE, 3600.0, 2.0)
    assert tally_of(tally.told(), BOUNDS) == tally


def test_other_bounds_begin_anew() -> None:
    """The rounds are counted on."""
    told = Tally(Latencies.none(BOUNDS)).after(SYNCED, 77.0, 1.0).told()
    assert tally_of(told, (1.0,)).latencies == Latencies.none((1.0,))
    assert tally_of(told, (1.0,)).rounds["synced"] == 1
    spoiled = {**told, "counts": [1]}
    assert tally_of(spoiled, BOUNDS).latencies == Latencies.none(BOUNDS)
