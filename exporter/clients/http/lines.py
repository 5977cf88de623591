"""The lines of a text that arrives in pieces. What is held is one line and one piece, however long the text is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from exporter.errors import InvalidAnswer

MAX_STREAM_BYTES = 1024 * 1024 * 1024
"""A day of API calls of a very busy org stays below this; beyond it something else than a log is being sent."""

MAX_LINE_BYTES = 128 * 1024


async def lines_of(
    chunks: AsyncIterator[bytes], where: str, max_bytes: int = MAX_STREAM_BYTES
) -> AsyncGenerator[str, None]:
    """Lines of UTF-8, each with its newline, the last one as it is; raises ``InvalidAnswer`` for anything else.

    A byte order mark in front is left out.
    """
    rest, total, encoding = b"", 0, "utf-8-sig"
    async for chunk in chunks:
        total += len(chunk)
        if total > max_bytes:
            raise InvalidAnswer(f"{where}: an answer of more than {max_bytes} bytes")
        *complete, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            raise InvalidAnswer(f"{where}: a line of more than {MAX_LINE_BYTES} bytes")
        for line in complete:
            yield _text(line + b"\n", encoding, where)
            encoding = "utf-8"
    if rest:
        yield _text(rest, encoding, where)


def _text(line: bytes, encoding: str, where: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidAnswer(f"{where}: a line that is not UTF-8") from error
