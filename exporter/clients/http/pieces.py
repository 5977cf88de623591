"""The body of an answer, piece by piece: unpacked, bounded, and given up when it no longer gets anywhere.

Salesforce offers no ranges, so a download that ends early begins anew; what protects it is that nothing counts its
total time. What is held is one piece, however much a few bytes unpack to.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Protocol

from exporter.clock import Clock
from exporter.errors import ConnectError, InvalidAnswer, UpstreamTimeout

MAX_STREAM_BYTES = 8 * 1024**3
"""A day of API calls of a very busy org stays below this; beyond it something else than a log is being sent."""

PIECE_BYTES = 256 * 1024
PROGRESS_SECONDS = 60.0
PROGRESS_BYTES = 256 * 1024
"""So much must arrive in every such while of waiting: a body that trickles is given up, one that flows is not."""

PACKED = "gzip"
"""What is asked for: it can be told from a stream of it whether it is whole."""

_GZIP = 16 + zlib.MAX_WBITS


async def pieces(
    chunks: AsyncIterator[bytes], packed: bool, where: str, clock: Clock, max_bytes: int = MAX_STREAM_BYTES
) -> AsyncGenerator[bytes, None]:
    """What the chunks hold, in pieces of a useful size; raises ``ConnectError``, ``InvalidAnswer`` and
    ``UpstreamTimeout``."""
    unpack = unpacker(packed, where)
    held, total = bytearray(), 0
    async for chunk in _flowing(chunks, where, clock):
        for piece in unpack.feed(chunk):
            held += piece
            total += len(piece)
            if total > max_bytes:
                raise InvalidAnswer(f"{where}: an answer of more than {max_bytes} bytes")
            if len(held) >= PIECE_BYTES:
                yield bytes(held)
                held.clear()
    unpack.end()
    if held:
        yield bytes(held)


async def _flowing(chunks: AsyncIterator[bytes], where: str, clock: Clock) -> AsyncIterator[bytes]:
    """The chunks, as long as they get on. Only waiting counts: what the reader does with them is its own time."""
    waited, arrived, since = 0.0, 0, clock.time()
    async for chunk in chunks:
        waited, arrived = waited + clock.time() - since, arrived + len(chunk)
        if waited >= PROGRESS_SECONDS:
            if arrived < PROGRESS_BYTES:
                raise UpstreamTimeout(f"{where}: only {arrived} bytes in {waited:.0f} s")
            waited, arrived = 0.0, 0
        yield chunk
        since = clock.time()


def unpacker(packed: bool, where: str) -> Unpacker:
    """For one body, chunk after chunk."""
    return _Gzip(where) if packed else _Plain()


class Unpacker(Protocol):
    """What chunks hold. Raises ``InvalidAnswer`` for broken ones, ``ConnectError`` at the ``end`` for a cut one."""

    def feed(self, chunk: bytes) -> Iterator[bytes]: ...

    def end(self) -> None: ...


class _Plain:
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def end(self) -> None:
        """Whether it is whole is for HTTP to say."""


class _Gzip:
    """One gzip stream after the other; what a chunk unpacks to comes in bounded pieces."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._stream = zlib.decompressobj(_GZIP)
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        piece = b""
        # What was unpacked may be more than one piece holds, also when nothing is left to unpack.
        while chunk or len(piece) == PIECE_BYTES:
            if self._stream.eof:
                # Zeros may follow a gzip stream; anything else is the next one.
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    return
                self._stream = zlib.decompressobj(_GZIP)
            self._begun = True
            try:
                piece = self._stream.decompress(chunk, PIECE_BYTES)
            except zlib.error as error:
                raise InvalidAnswer(f"{self._where}: broken gzip") from error
            chunk = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            yield piece

    def end(self) -> None:
        if self._begun and not self._stream.eof:
            raise ConnectError(f"{self._where}: gzip that ends early")
