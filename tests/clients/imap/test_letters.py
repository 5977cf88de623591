"""Which messages are read, and which of them together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.clients.imap.letters import (
    FIRST_PORTION,
    LARGEST,
    LARGEST_PORTION,
    MOST_TOGETHER,
    Start,
    portions,
    wanted,
)


@given(st.lists(st.integers(0, 30_000_000), max_size=300))
def test_every_message_is_in_one_portion_of_bounded_size(sizes: list[int]) -> None:
    """In their order; of a large one the beginning counts, and one alone is a portion however large it is."""
    found = list(portions(sizes))
    assert [place for portion in found for place in portion] == list(range(len(sizes)))
    for portion in found:
        fetched = [min(sizes[place], LARGEST) for place in portion if sizes[place]]
        assert len(fetched) <= MOST_TOGETHER
        assert sum(fetched) <= LARGEST_PORTION or len(fetched) == 1


def test_portions_grow() -> None:
    """A slow line gets somewhere, a fast one is not kept waiting."""
    volumes = [len(portion) * 25_000 for portion in portions([25_000] * 200)]
    assert volumes[0] <= FIRST_PORTION < volumes[1] < volumes[2]


def test_what_was_read_is_not_read_again() -> None:
    """A server answers ``7:*`` with the last message, also if its UID is 5; nor is its order to be relied on."""
    assert wanted([5], Start(7)) == []
    assert wanted([9, 7, 8, 7], Start(7)) == [7, 8, 9]
    assert wanted([1, 2, 3], Start(at_most=2)) == [2, 3]
    assert wanted([1, 2, 3], Start(at_most=0)) == []
