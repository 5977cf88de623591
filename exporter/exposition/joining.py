"""Small parts joined to chunks, each of which is made in a fraction of a millisecond. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CHUNK, MOST_PARTS = 256 * 1024, 128
"""Bytes that are gone through, and parts that are joined, in one go: what else waits for its turn gets it in
between."""
WHOLE = 128 * 1024
"""A part of so many bytes is a chunk of its own."""


def joined(parts: Iterable[tuple[bytes, int]]) -> Iterator[bytes]:
    """Chunks, made as they are asked for, of parts and of how many bytes are gone through for each."""
    some: list[bytes] = []
    work = 0
    for part, cost in parts:
        if len(part) >= WHOLE and some:
            # It goes on as it is: half of a page is never copied.
            yield b"".join(some)
            some, work = [], 0
        some.append(part)
        work += cost
        if work >= CHUNK or len(some) >= MOST_PARTS or len(part) >= WHOLE:
            yield b"".join(some)
            some, work = [], 0
    if some:
        yield b"".join(some)
