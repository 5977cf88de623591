"""The body of a large answer: unpacked, bounded, given up when it gets nowhere."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterable

import pytest

from exporter.clients.http.pieces import PIECE_BYTES, PROGRESS_BYTES, PROGRESS_SECONDS, pieces
from exporter.errors import InvalidAnswer, UpstreamTimeout
from tests.clocks import ManualClock

WHERE = "GET /log"


async def arriving(chunks: Iterable[bytes], clock: ManualClock, pause: float = 0.0) -> AsyncIterator[bytes]:
    for chunk in chunks:
        clock.advance(pause)
        yield chunk


async def test_small_chunks_become_pieces_of_a_useful_size(clock: ManualClock) -> None:
    """Nothing is lost at their edges."""
    text = bytes(range(256)) * 4_000
    chunks = [text[at : at + 1_000] for at in range(0, len(text), 1_000)]
    got = [piece async for piece in pieces(arriving(chunks, clock), False, WHERE, clock)]
    assert b"".join(got) == text
    assert all(len(piece) >= PIECE_BYTES for piece in got[:-1])


async def test_what_unpacks_to_a_lot_comes_in_pieces(clock: ManualClock) -> None:
    """A thousand times the size: never in memory as a whole."""
    packed = gzip.compress(b"\0" * (40 * PIECE_BYTES))
    got = [len(piece) async for piece in pieces(arriving([packed], clock), True, WHERE, clock)]
    assert sum(got) == 40 * PIECE_BYTES
    assert max(got) <= 2 * PIECE_BYTES


@pytest.mark.parametrize("packed", [True, False])
async def test_nothing_is_an_empty_body(clock: ManualClock, packed: bool) -> None:
    """No piece at all."""
    assert [piece async for piece in pieces(arriving([], clock), packed, WHERE, clock)] == []


async def test_a_body_without_end_is_refused(clock: ManualClock) -> None:
    """What counts is what has arrived, not what a header promised."""
    with pytest.raises(InvalidAnswer, match="more than 10 bytes"):
        async for _piece in pieces(arriving([b"12345"] * 3, clock), False, WHERE, clock, max_bytes=10):
            pass


class TestProgress:
    async def test_a_body_that_flows_may_take_hours(self, clock: ManualClock) -> None:
        """No total time is counted."""
        chunks = [b"x" * PROGRESS_BYTES] * 500
        got = [len(piece) async for piece in pieces(arriving(chunks, clock, 30.0), False, WHERE, clock)]
        assert sum(got) == 500 * PROGRESS_BYTES

    async def test_a_body_that_trickles_is_given_up(self, clock: ManualClock) -> None:
        """After a minute, not at the end of the day."""
        began = clock.time()
        with pytest.raises(UpstreamTimeout, match=f"only [0-9]+ bytes in {PROGRESS_SECONDS:.0f} s"):
            async for _piece in pieces(arriving([b"x"] * 10_000, clock, 5.0), False, WHERE, clock):
                pass
        assert clock.time() - began <= PROGRESS_SECONDS

    async def test_a_slow_reader_is_not_a_slow_body(self, clock: ManualClock) -> None:
        """What is done with the pieces takes its own time."""
        chunks = [b"x" * PIECE_BYTES] * 5
        async for _piece in pieces(arriving(chunks, clock), False, WHERE, clock):
            clock.advance(10 * PROGRESS_SECONDS)
