"""The lines of all integrations by family, in blocks: one copy of the text, cheap to change and cheap to join.

A block is the text that some integrations have of one family, one behind the other. It is never changed but replaced,
so whoever has taken the blocks reads on undisturbed what stood there when he took them. That is why it is no single
piece for each integration (a page of thousands would be hundreds of thousands of pieces) and no single text for each
family (which would be copied whole for every change).
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain, count, groupby

from exporter.exposition.cuts import AllCells, Cell, Cut
from exporter.exposition.packing import Piece
from exporter.exposition.selection import Shard, digest

SIZE = 128
"""Integrations in a block."""


class Block(Piece):
    """The text of ``SIZE`` neighbours of one family, and how many bytes of it are whose."""

    __slots__ = ("lengths",)

    def __init__(self, text: bytes, lengths: array[int]) -> None:
        super().__init__(text)
        self.lengths = lengths

    def holds(self, place: int, piece: bytes) -> bool:
        """Whether ``piece`` is what stands there."""
        return self.lengths[place] == len(piece) and self.text.startswith(piece, sum(self.lengths[:place]))

    def with_piece(self, place: int, piece: bytes) -> Block:
        """A new block with another piece in this place."""
        begin = sum(self.lengths[:place])
        text = memoryview(self.text)
        lengths = self.lengths[:]
        lengths[place] = len(piece)
        return Block(b"".join((text[:begin], piece, text[begin + self.lengths[place] :])), lengths)

    def pieces(self, places: Iterable[int]) -> Iterator[bytes]:
        """What stands in these places."""
        ends = list(accumulate(self.lengths, initial=0))
        return (self.text[ends[place] : ends[place + 1]] for place in places)


EMPTY = Block(b"", array("I", [0] * SIZE))


class Blocks:
    """Pieces of text by family and integration. An integration keeps its place; one that is forgotten leaves it to the
    next that comes."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._free: list[int] = []
        # Of whoever has, or had, each place.
        self._digests = array("I")
        self._by_family: dict[str, list[Block]] = {}
        self._sizes: dict[str, int] = {}
        self._cells = AllCells()

    def put(self, integration: str, family: str, piece: bytes) -> None:
        """Replaces what an integration has of a family; empty: it has nothing."""
        if not piece and integration not in self._places:
            return
        whole = self._place(integration)
        number, place = divmod(whole, SIZE)
        blocks = self._by_family.setdefault(family, [])
        if number >= len(blocks):
            if not piece:
                return
            blocks += [EMPTY] * (number + 1 - len(blocks))
        before = blocks[number]
        if not before.holds(place, piece):
            blocks[number] = before.with_piece(place, piece)
            self._sizes[family] = self._sizes.get(family, 0) + len(piece) - before.lengths[place]
            self._cells.changed(family, self._digests[whole], number)

    def forget(self, integration: str) -> None:
        """Drops all that an integration has."""
        for family in self._by_family:
            self.put(integration, family, b"")
        if integration in self._places:
            heapq.heappush(self._free, self._places.pop(integration))

    def taken(self) -> Mapping[str, Sequence[Block]]:
        """What stands there now, by family; no later change reaches it."""
        return {family: tuple(blocks) for family, blocks in self._by_family.items()}

    def sizes(self) -> Mapping[str, int]:
        """How many bytes all have now, by family."""
        return dict(self._sizes)

    def of_shard(self, shard: Shard, now: float) -> Mapping[str, Iterable[Cut]]:
        """What the integrations of a shard have now, by family, cut out as it is read; no later change reaches it."""
        kept, digests = self._cells.asked(shard.of, now), self._digests[:]

        @cache
        def places(number: int) -> Sequence[int]:
            return shard.among(digests[number * SIZE : (number + 1) * SIZE])

        def cuts(blocks: Sequence[Block], cells: Iterable[Cell]) -> Iterator[Cut]:
            for begin, cell in zip(count(step=shard.of), cells):
                some = blocks[begin : begin + shard.of]
                found = ((block, places(number)) for number, block in enumerate(some, begin))
                yield Cut(_pieces(found), len(some), cell)

        return {
            family: cuts(blocks, kept.taken(family, shard.remainder, len(blocks)))
            for family, blocks in self.taken().items()
        }

    def of_integrations(self, integrations: Iterable[str]) -> Mapping[str, Iterable[Cut]]:
        """The same of these; those that are not known have nothing."""
        places = sorted({self._places[name] for name in integrations if name in self._places})

        def cuts(blocks: Sequence[Block]) -> Iterator[Cut]:
            for begin in range(0, len(places), SIZE):
                some = places[begin : begin + SIZE]
                found = (
                    (blocks[number], [place % SIZE for place in places])
                    for number, places in groupby(some, lambda place: place // SIZE)
                    if number < len(blocks)
                )
                yield Cut(_pieces(found), len(some), Cell())

        return {family: cuts(blocks) for family, blocks in self.taken().items()}

    def __iter__(self) -> Iterator[str]:
        """The integrations that have a place."""
        return iter(self._places)

    def _place(self, integration: str) -> int:
        if integration not in self._places:
            place = heapq.heappop(self._free) if self._free else len(self._places)
            self._digests[place : place + 1] = array("I", [digest(integration)])
            self._places[integration] = place
        return self._places[integration]


def _pieces(found: Iterable[tuple[Block, Iterable[int]]]) -> Iterator[bytes]:
    return chain.from_iterable(block.pieces(places) for block, places in found)
