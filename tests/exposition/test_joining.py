"""Parts joined to chunks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.exposition.joining import CHUNK, MOST_PARTS, WHOLE, joined

SIZES = st.lists(st.sampled_from((0, 1, 1_000, 70_000, WHOLE, CHUNK)), max_size=60)


@given(SIZES)
@settings(derandomize=True, deadline=None)
def test_chunks_are_the_parts_and_none_is_large(sizes: list[int]) -> None:
    """Beyond what a chunk should be it is longer by one part at most."""
    parts = [bytes(size) for size in sizes]
    chunks = list(joined((part, len(part)) for part in parts))
    assert b"".join(chunks) == b"".join(parts)
    assert all(len(chunk) < CHUNK + WHOLE or len(chunk) in sizes for chunk in chunks)


def test_what_was_gone_through_counts_and_not_what_it_came_to() -> None:
    """A text that is packed to nothing has taken its time."""
    assert len(list(joined((b"1", CHUNK) for _ in range(50)))) == 50


def test_many_small_parts_are_no_single_chunk() -> None:
    assert len(list(joined((b"1", 1) for _ in range(10 * MOST_PARTS)))) == 10


def test_a_large_part_is_not_copied() -> None:
    """It is the chunk."""
    large = bytes(WHOLE)
    assert any(chunk is large for chunk in joined((part, len(part)) for part in (b"1", large, b"2")))
