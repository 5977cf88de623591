"""Pieces of text packed with gzip: by ISA-L, which takes a tenth of the time, else by the standard library.

Every piece is packed by itself, and once: a page of which nothing has changed is joined from what is packed already.
That takes a fifth of the time that packing the page would, and a twentieth more bytes. RFC 1951 lets packed pieces
stand one behind the other where each ends at a byte and looks back at no other, as after a full flush; RFC 1952 wants
a header before them, and their checksum and length behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

try:
    from isal import isal_zlib as zlib
except ImportError:  # there is no wheel for every machine
    import zlib  # type: ignore[no-redef]

FASTEST = 1
_RAW = -15
"""The window of 32 KiB, without header and trailer."""
_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF))
"""Deflated; no name, no time, no system."""
_LAST = b"\x03\x00"
"""An empty block that says that it is the last."""


class Piece:
    """A text, and the same packed as soon as somebody has asked for that. Neither changes."""

    __slots__ = ("_packed", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """Deflated, to stand behind others and before others."""
        if self._packed is None:
            packer = zlib.compressobj(FASTEST, zlib.DEFLATED, _RAW)
            self._packed = packer.compress(self.text) + packer.flush(zlib.Z_FULL_FLUSH)
        return self._packed


def gzipped(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """The pieces as one gzip file, a part for each, and two around them."""
    yield _HEADER
    checksum = size = 0
    for piece in pieces:
        checksum = zlib.crc32(piece.text, checksum)
        size += len(piece.text)
        yield piece.packed
    yield _LAST + struct.pack("<II", checksum, size % (1 << 32))
