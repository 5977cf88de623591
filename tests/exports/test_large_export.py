"""A large export, read by the real exporter as a process."""

from __future__ import annotations

import pytest

from tests.large_export import watch


@pytest.mark.faults
@pytest.mark.parametrize("upload", [False, True], ids=["dropped", "uploaded"])
async def test_a_million_rows_need_little_memory_and_keep_nobody_waiting(upload: bool) -> None:
    """Under 150 MB; scrapes and what has to be stored at once are answered meanwhile."""
    seen = await watch(1_000_000, upload=upload)
    assert seen.counted == 1_000_000
    assert seen.listed == 100
    assert seen.peak < 150_000
    assert max(seen.scrapes) < 2
    assert max(seen.reports) < 5
