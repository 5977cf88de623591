"""``make soak``, for a moment: that it runs, and finds what grows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.soak import READ_EVERY, Weight, grown, soak, summary

FLAT = [Weight(READ_EVERY * number, 100.0 + number % 3, 20, 7, 1.0) for number in range(40)]


def test_what_stays_as_it_is_has_not_grown() -> None:
    """What the start costs does not count, nor what comes and goes."""
    curve = [replace(FLAT[0], resident_mib=60.0), *FLAT[1:20], replace(FLAT[20], descriptors=90), *FLAT[21:]]
    assert grown(curve) == []
    assert summary(curve)[0] == "resident_mib: start 60, after 10% 101, max 102, end 100"


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("resident_mib", replace(FLAT[-1], resident_mib=160.0)),
        ("descriptors", replace(FLAT[-1], descriptors=90)),
        ("threads", replace(FLAT[-1], threads=20)),
        ("store_mib", replace(FLAT[-1], store_mib=90.0)),
    ],
)
def test_what_is_more_at_the_end_has_grown(name: str, end: Weight) -> None:
    """Beyond its bound, after everything has happened."""
    assert grown([*FLAT[:-1], end]) == [name]


@pytest.mark.faults
async def test_half_a_minute_of_everything(tmp_path: Path) -> None:
    """Everything happens, and nobody answers 5xx."""
    curve, happened = await soak(tmp_path, 30, lambda _weight: None)
    assert all(happened[name] for name in ("scrape", "look", "errors_and_notification", "fault", "rotation", "reload"))
    assert len(curve) > 5
