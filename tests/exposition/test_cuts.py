"""Parts of a fleet, cut out of its blocks and kept packed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.exposition.blocks import SIZE, Blocks
from exporter.exposition.cuts import FORGOTTEN_AFTER, MOST_SHARDS, NUMBERS, Cut
from exporter.exposition.packing import gzipped
from exporter.exposition.selection import Shard

FAMILIES = ("errors", "calls")
NAMES = [f"integration-{number}" for number in range(4 * SIZE)]
NOW = 1_800_000_000.0

changes = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from((*FAMILIES, "forget", "scrape")), st.binary(max_size=6)),
    max_size=200,
)


@pytest.fixture
def blocks() -> Blocks:
    """A piece of text for each integration and family."""
    blocks = Blocks()
    for name in NAMES:
        for family in FAMILIES:
            blocks.put(name, family, f"{family}/{name} 0\n".encode())
    return blocks


def cuts(blocks: Blocks, shard: Shard, now: float = NOW) -> list[Cut]:
    """Of all families."""
    return [cut for some in blocks.of_shard(shard, now).values() for cut in some]


def packed(cuts: Iterable[Cut]) -> bytes:
    """What they come to for who unpacks them."""
    return zlib.decompress(b"".join(part for part, _ in gzipped(cuts)), 31)


def packed_anew(cuts: Iterable[Cut]) -> int:
    """How many of them are not there yet."""
    return sum(cut.kept is None for cut in cuts)


@given(changes)
@settings(derandomize=True, deadline=None, max_examples=40)
def test_any_changes_between_scrapes_leave_the_parts_of_a_page(changes: list[tuple[str, str, bytes]]) -> None:
    """Whatever was kept of the scrapes before, packed or not: each integration's text stands in its shard, once."""
    blocks = Blocks()
    texts: dict[tuple[str, str], bytes] = {}
    shards = [Shard(number, of) for of in (1, 2, 3) for number in range(1, of + 1)]
    for name, what, piece in (*changes, ("", "scrape", b"")):
        if what == "scrape":
            for shard in shards:
                own = sorted(text for (owner, _), text in texts.items() if owner in shard)
                found = blocks.of_shard(shard, NOW)
                lines = [line for some in found.values() for line in packed(some).split(b"\n")[:-1]]
                assert sorted(line + b"\n" for line in lines) == own
        elif what == "forget":
            blocks.forget(name)
            texts = {key: text for key, text in texts.items() if key[0] != name}
        else:
            line = f"{name} {piece.hex()}\n".encode() if piece else b""
            blocks.put(name, what, line)
            texts |= {(name, what): line}
            texts = {key: text for key, text in texts.items() if text}


def test_together_they_are_as_many_as_the_blocks(blocks: Blocks) -> None:
    """What takes its time is each of them, whatever is in it."""
    whole = sum(len(some) for some in blocks.taken().values())
    assert sum(len(cuts(blocks, Shard(number, 4))) for number in range(1, 5)) == whole


def test_what_has_not_changed_stays_packed(blocks: Blocks) -> None:
    """Of an integration that has, one cut of one shard is packed again."""
    shards = [Shard(number, 2) for number in (1, 2)]
    for shard in shards:
        packed(cuts(blocks, shard))
    assert [packed_anew(cuts(blocks, shard)) for shard in shards] == [0, 0]
    name = next(name for name in NAMES if name in shards[1])
    blocks.put(name, "errors", b"1\n")
    assert [packed_anew(cuts(blocks, shard)) for shard in shards] == [0, 1]


def test_a_cut_is_of_the_moment_it_was_taken(blocks: Blocks) -> None:
    """Also if it is packed after a change; the next is of its own moment."""
    shard = Shard(1, 2)
    name = next(name for name in NAMES if name in shard)
    before = cuts(blocks, shard)
    blocks.put(name, "errors", b"new\n")
    assert b"new" not in packed(before)
    assert b"new" in packed(cuts(blocks, shard))


class TestForgetting:
    def test_a_number_that_nobody_asks_for_any_more(self, blocks: Blocks) -> None:
        """What was packed for it goes, while that of another stays."""
        for of in (2, 3):
            packed(cuts(blocks, Shard(1, of)))
        assert packed_anew(cuts(blocks, Shard(1, 3), NOW + FORGOTTEN_AFTER)) == 0
        assert packed_anew(cuts(blocks, Shard(1, 3), NOW + FORGOTTEN_AFTER + 1)) == 0
        assert packed_anew(cuts(blocks, Shard(1, 2), NOW + FORGOTTEN_AFTER + 1)) > 0

    def test_more_numbers_than_anybody_needs(self, blocks: Blocks) -> None:
        """The one that was asked for first makes room."""
        numbers = range(2, 2 + NUMBERS + 1)
        for of in numbers:
            packed(cuts(blocks, Shard(1, of)))
        assert all(packed_anew(cuts(blocks, Shard(1, of))) == 0 for of in numbers[1:])
        assert packed_anew(cuts(blocks, Shard(1, numbers[0]))) > 0

    def test_more_shards_than_anybody_needs(self, blocks: Blocks) -> None:
        """They are answered, and nothing is kept of them."""
        shard = Shard(1, MOST_SHARDS + 1)
        packed(cuts(blocks, shard))
        assert packed_anew(cuts(blocks, shard)) > 0
