"""What stands in blocks of a shard only, and where it is kept packed.

Whoever scrapes in parts asks for all of them, again and again: together they cost what the page does if what has not
changed stays packed. The text of a cut is not kept, as it stands in the blocks; packed it is a twentieth of that.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.exposition.packing import Packed, pack

MOST_SHARDS = 64
"""Of how many at most the cuts are kept: more are asked for by nobody who has this few integrations to scrape."""
NUMBERS = 3
"""So many numbers of shards at a time: one server may have four of them while another goes from five to six."""
FORGOTTEN_AFTER = 900.0
"""Seconds after which a number of shards is forgotten that nobody asks for any more."""

A_BLOCK = 4 * 1024
"""As long as with so many bytes it takes to find in a block what is cut out of it."""


class Cell:
    """A place for what a cut is, packed."""

    __slots__ = ("packed",)

    def __init__(self) -> None:
        self.packed: Packed | None = None


class Cut:
    """A text that is put together from so many blocks where it is needed, once; packed it stays in its ``Cell``."""

    __slots__ = ("_cell", "_parts", "_text", "effort")

    def __init__(self, parts: Iterable[bytes], blocks: int, cell: Cell) -> None:
        self.effort = A_BLOCK * blocks
        self._parts = parts
        self._cell = cell
        self._text: bytes | None = None

    @property
    def text(self) -> bytes:
        if self._text is None:
            self._text = b"".join(self._parts)
        return self._text

    @property
    def kept(self) -> Packed | None:
        return self._cell.packed

    def packed(self) -> Packed:
        if self._cell.packed is None:
            self._cell.packed = pack(self.text)
        return self._cell.packed

    def __bool__(self) -> bool:
        return bool(self._cell.packed.length if self._cell.packed is not None else self.text)


class Cells:
    """Those of all cuts of a fleet in ``of`` shards. A cut goes over ``of`` blocks, so it is about as long as one."""

    def __init__(self, of: int, asked_at: float) -> None:
        self.of = of
        self.asked_at = asked_at
        self._cells: dict[tuple[str, int], list[Cell]] = {}

    def taken(self, family: str, remainder: int, blocks: int) -> tuple[Cell, ...]:
        """The cells for one shard over so many blocks, as they are now; no later change reaches them."""
        cells = self._cells.setdefault((family, remainder), [])
        cells += [Cell() for _ in range(-(-blocks // self.of) - len(cells))]
        return tuple(cells)

    def changed(self, family: str, digest: int, block: int) -> None:
        """What an integration has of a family in this block is another than before."""
        cells = self._cells.get((family, digest % self.of), [])
        if block // self.of < len(cells):
            cells[block // self.of] = Cell()


class AllCells:
    """Those for the numbers of shards that were asked for last."""

    def __init__(self) -> None:
        self._by_number: dict[int, Cells] = {}

    def asked(self, of: int, now: float) -> Cells:
        """The cells for so many shards. Those that nobody asks for any more are forgotten."""
        if of > MOST_SHARDS:
            return Cells(of, now)
        found = self._by_number.pop(of, None) or Cells(of, now)
        found.asked_at = now
        self._by_number[of] = found
        late = [cells.of for cells in self._by_number.values() if cells.asked_at < now - FORGOTTEN_AFTER]
        for number in (*late, *tuple(self._by_number)[:-NUMBERS]):
            self._by_number.pop(number, None)
        return found

    def changed(self, family: str, digest: int, block: int) -> None:
        for cells in self._by_number.values():
            cells.changed(family, digest, block)
