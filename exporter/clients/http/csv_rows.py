"""CSV that arrives line by line. Where a record ends is for the ``csv`` module to say, quoted newlines included."""

from __future__ import annotations

import csv
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from exporter.errors import InvalidAnswer

MAX_RECORD_LINES = 1_000
"""A quoted field that goes on for longer was never closed."""


class _Hungry(Exception):
    """The record goes on in a line that has not arrived yet."""


class _Record(Iterator[str]):
    """The lines of the record that is being read. A reader that ran out of them starts over once there is one more."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: str) -> None:
        self._lines.append(line)
        self._next = 0

    def clear(self) -> None:
        self._lines.clear()

    def __next__(self) -> str:
        if self._next == len(self._lines):
            # Not StopIteration: the csv module would take the end of what is here for the end of the record.
            raise _Hungry
        self._next += 1
        return self._lines[self._next - 1]


async def csv_rows(lines: AsyncIterator[str], where: str) -> AsyncGenerator[list[str], None]:
    """Record after record, an empty list for an empty line; raises ``InvalidAnswer`` for what is not CSV."""
    record = _Record()
    reader = csv.reader(record, strict=True)
    async for line in lines:
        record.add(line)
        try:
            row = next(reader)
        except _Hungry:
            if len(record) >= MAX_RECORD_LINES:
                raise InvalidAnswer(f"{where}: a record of more than {MAX_RECORD_LINES} lines") from None
            continue
        except csv.Error as error:
            raise InvalidAnswer(f"{where}: not CSV ({error})") from error
        record.clear()
        yield row
    if len(record):
        raise InvalidAnswer(f"{where}: ends inside a quoted field")
