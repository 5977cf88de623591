"""PNG pictures made small: 256 colours are plenty for flat drawings, and a text says what they were drawn from."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLORS = 256
SOURCE = b"Source"
"""Keyword of the text that names what a picture was drawn from."""

Pixel = tuple[int, int, int]


def small(picture: bytes, source: str) -> bytes:
    """The picture of a browser with a palette of its most frequent colours, the others replaced by the nearest."""
    width, height, channels, rows = _read(picture)
    pixels = [[(row[x], row[x + 1], row[x + 2]) for x in range(0, len(row), channels)] for row in rows]
    counted = Counter(pixel for row in pixels for pixel in row)
    palette = [pixel for pixel, _ in counted.most_common(COLORS)]
    index = {pixel: _nearest(pixel, palette) for pixel in counted}
    data = b"".join(b"\0" + bytes(map(index.__getitem__, row)) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"tEXt", SOURCE + b"\0" + source.encode("latin-1")),
        (b"PLTE", b"".join(bytes(pixel) for pixel in palette)),
        (b"IDAT", zlib.compress(data, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def source_of(picture: bytes) -> str | None:
    """What a picture says it was drawn from."""
    for kind, body in _chunks(picture):
        if kind == b"tEXt" and body.startswith(SOURCE + b"\0"):
            return body[len(SOURCE) + 1 :].decode("latin-1")
    return None


def _nearest(pixel: Pixel, palette: list[Pixel]) -> int:
    red, green, blue = pixel
    distances = ((r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2 for r, g, b in palette)
    return min(enumerate(distances), key=lambda entry: entry[1])[0]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert picture.startswith(SIGNATURE)
    at = len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _read(picture: bytes) -> tuple[int, int, int, list[bytes]]:
    """Width, height, bytes a pixel, and the rows of an eight-bit colour picture without interlacing."""
    chunks = list(_chunks(picture))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (depth, interlaced) == (8, 0)
    channels = {2: 3, 6: 4}[kind]
    data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    rows: list[bytes] = []
    above = bytes(width * channels)
    for top in range(0, len(data), width * channels + 1):
        above = _unfiltered(data[top], data[top + 1 : top + 1 + width * channels], above, channels)
        rows.append(above)
    return width, height, channels, rows


def _unfiltered(kind: int, line: bytes, above: bytes, channels: int) -> bytes:
    """A row without its filter (PNG, section 9): none, left, above, average, Paeth."""
    if kind == 0:
        return line
    row = bytearray(line)
    for x in range(len(row)):
        left = row[x - channels] if x >= channels else 0
        corner = above[x - channels] if x >= channels else 0
        guess = (left, above[x], (left + above[x]) // 2, _paeth(left, above[x], corner))[kind - 1]
        row[x] = (row[x] + guess) & 0xFF
    return bytes(row)


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))
