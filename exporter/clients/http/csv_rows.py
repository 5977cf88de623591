"""CSV that arrives in pieces. Where a record ends is for the ``csv`` module to say, quoted newlines included.

What is held is one piece and the record that is being read. Plain calls, so that a reader may go on in a thread.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from exporter.errors import InvalidAnswer

MAX_LINE_BYTES = 128 * 1024
MAX_RECORD_LINES = 1_000
"""A quoted field that goes on for longer was never closed."""

_MARK = "\ufeff"


class _Hungry(Exception):
    """The record goes on in a line that has not arrived yet."""


class _Lines(Iterator[str]):
    """The lines that have arrived. A reader that ran out of them starts its record over once there are more."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._start = self._next = 0

    def add(self, lines: Iterable[str]) -> None:
        self._lines = [*self._lines[self._start :], *lines]
        self._start = self._next = 0

    @property
    def of_record(self) -> int:
        """Lines of the record that is being read."""
        return self._next - self._start

    def taken(self) -> None:
        """The record is whole."""
        self._start = self._next

    def __next__(self) -> str:
        if self._next == len(self._lines):
            # Not StopIteration: the csv module would take the end of what is here for the end of the record.
            raise _Hungry
        self._next += 1
        return self._lines[self._next - 1]


class CsvRows:
    """``feed`` gives the records that a piece completes, an empty list for an empty line, ``end`` the last one.

    Both raise ``InvalidAnswer`` for what is not CSV. A byte order mark in front is left out; a byte that is not UTF-8
    spoils its own character and nothing else.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._lines = _Lines()
        self._reader = csv.reader(self._lines, strict=True)
        self._rest = b""
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[list[str]]:
        complete, newline, rest = piece.rpartition(b"\n")
        if not newline:
            self._rest += piece
        else:
            self._add(self._rest + complete)
            self._rest = rest
        if len(self._rest) > MAX_LINE_BYTES:
            raise InvalidAnswer(f"{self._where}: a line of more than {MAX_LINE_BYTES} bytes")
        yield from self._rows()

    def end(self) -> Iterator[list[str]]:
        if self._rest:
            self._add(self._rest)
        yield from self._rows()
        if self._lines.of_record:
            raise InvalidAnswer(f"{self._where}: ends inside a quoted field")

    @property
    def whole(self) -> bool:
        """Whether the last line that arrived has its newline."""
        return not self._rest

    def _add(self, text: bytes) -> None:
        decoded = text.decode(errors="replace")
        if not self._begun:
            decoded, self._begun = decoded.removeprefix(_MARK), True
        self._lines.add([line + "\n" for line in decoded.split("\n")])

    def _rows(self) -> Iterator[list[str]]:
        while True:
            try:
                row = next(self._reader)
            except _Hungry:
                self._bound()
                return
            except csv.Error as error:
                raise InvalidAnswer(f"{self._where}: not CSV ({error})") from error
            self._bound()
            self._lines.taken()
            yield row

    def _bound(self) -> None:
        if self._lines.of_record > MAX_RECORD_LINES:
            raise InvalidAnswer(f"{self._where}: a record of more than {MAX_RECORD_LINES} lines")
