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
from itertools import accumulate

from exporter.exposition.packing import Piece

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

Places = Mapping[int, Sequence[int]]
"""Places by the number of their block, both in order."""


def cut(blocks: Sequence[Block], places: Places) -> Iterator[Piece]:
    """What stands in these places only, block by block."""
    for number, found in places.items():
        if number < len(blocks):
            yield Piece(b"".join(blocks[number].pieces(found)))


class Blocks:
    """Pieces of text by family and integration. An integration keeps its place; one that is forgotten leaves it to the
    next that comes."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._free: list[int] = []
        self._by_family: dict[str, list[Block]] = {}

    def put(self, integration: str, family: str, piece: bytes) -> None:
        """Replaces what an integration has of a family; empty: it has nothing."""
        if not piece and integration not in self._places:
            return
        number, place = divmod(self._place(integration), SIZE)
        blocks = self._by_family.setdefault(family, [])
        if number >= len(blocks):
            if not piece:
                return
            blocks += [EMPTY] * (number + 1 - len(blocks))
        if not blocks[number].holds(place, piece):
            blocks[number] = blocks[number].with_piece(place, piece)

    def forget(self, integration: str) -> None:
        """Drops all that an integration has."""
        for family in self._by_family:
            self.put(integration, family, b"")
        if integration in self._places:
            heapq.heappush(self._free, self._places.pop(integration))

    def taken(self) -> Mapping[str, Sequence[Block]]:
        """What stands there now, by family; no later change reaches it."""
        return {family: tuple(blocks) for family, blocks in self._by_family.items()}

    def places(self, integrations: Iterable[str]) -> Places:
        """In which blocks these integrations stand, and where in them. Those that are not known stand nowhere."""
        places: dict[int, list[int]] = {}
        for integration in integrations:
            if integration in self._places:
                number, place = divmod(self._places[integration], SIZE)
                places.setdefault(number, []).append(place)
        return {number: sorted(found) for number, found in sorted(places.items())}

    def __iter__(self) -> Iterator[str]:
        """The integrations that have a place."""
        return iter(self._places)

    def _place(self, integration: str) -> int:
        if integration not in self._places:
            self._places[integration] = heapq.heappop(self._free) if self._free else len(self._places)
        return self._places[integration]
