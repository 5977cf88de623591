"""Pieces of text packed with gzip: by ISA-L, which takes a tenth of the time, else by the standard library.

Every piece is packed by itself, and once: a page of which nothing has changed is joined from what is packed already.
That takes a fifth of the time that packing the page would, and a twentieth more bytes. RFC 1951 lets packed pieces
stand one behind the other where each ends at a byte and looks back at no other, as after a full flush; RFC 1952 wants
a header before them, and their checksum and length behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

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
_BEGIN = 8 * 1024
"""To begin with a text takes as long as so many bytes of it."""
_ZEROS = memoryview(bytes(1 << 15))


class Packed(NamedTuple):
    """A text deflated, to stand behind others and before others. Of the text itself nothing is needed any more.

    ``length`` is the text's, in bytes; ``mark`` its checksum, but for what as many zeros have. A CRC-32 is linear: that
    of two texts is the one of the first and as many zeros as the second is long, changed by the mark of the second.
    """

    data: bytes
    length: int
    mark: int


def pack(text: bytes) -> Packed:
    packer = zlib.compressobj(FASTEST, zlib.DEFLATED, _RAW)
    data = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
    return Packed(data, len(text), zlib.crc32(text) ^ _with_zeros(0, len(text)))


class Packable(Protocol):
    """A text that knows what it comes to, packed; ``kept`` is ``None`` until somebody has asked for that."""

    @property
    def text(self) -> bytes: ...

    @property
    def effort(self) -> int:
        """How many bytes can be gone through in the time that it takes for the text to be there."""

    @property
    def kept(self) -> Packed | None: ...

    def packed(self) -> Packed: ...

    def __bool__(self) -> bool:
        """Whether there is any text."""


class Piece:
    """A text, and the same packed as soon as somebody has asked for that. Neither changes."""

    __slots__ = ("kept", "text")

    effort = 0

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.kept: Packed | None = None

    def packed(self) -> Packed:
        if self.kept is None:
            self.kept = pack(self.text)
        return self.kept

    def __bool__(self) -> bool:
        return bool(self.text)


def gzipped(pieces: Iterable[Packable]) -> Iterator[tuple[bytes, int]]:
    """The pieces as one gzip file, a part for each, and two around them; beside each part how many bytes were gone
    through for it."""
    yield _HEADER, 0
    checksum = size = 0
    for piece in pieces:
        kept = piece.kept
        data, length, mark = kept or piece.packed()
        checksum = _with_zeros(checksum, length) ^ mark
        size += length
        yield data, len(data) if kept else piece.effort + _BEGIN + length
    yield _LAST + struct.pack("<II", checksum, size % (1 << 32)), 0


def _with_zeros(checksum: int, count: int) -> int:
    """The checksum of the same with so many zeros behind it. They stay in the processor's cache."""
    for _ in range(count // len(_ZEROS)):
        checksum = zlib.crc32(_ZEROS, checksum)
    return int(zlib.crc32(_ZEROS[: count % len(_ZEROS)], checksum))
