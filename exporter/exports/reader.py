"""Reads a file of exported errors, a batch of rows at a time, so that a million rows need no more memory than a few."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.catalog.titles import Titles
from exporter.clock import is_plausible, parse_timestamp
from exporter.errors import BadExport
from exporter.exports.columns import columns_of
from exporter.exports.dialect import Survey, delimiter_of, survey
from exporter.exports.row import Reading, error_of
from exporter.model import SyncError

MAX_BYTES = 512 * 1024 * 1024
"""Of one file, as it is after unpacking."""
MAX_ROWS = 2_000_000
BATCH = 1_000
"""Rows at a time."""
MOST_TOLD = 5
"""Odd rows that are told of, each with its line."""
LONGEST_LINE = 128 * 1024
"""Characters of a line of headings, and of one cell, as the csv module has it by default."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to read the files of one integration: its own headings, titles of catalogue entries."""

    mapping: Mapping[str, str]
    titles: Titles


class ExportReader:
    """One file. ``opened`` opens it anew each time; ``category`` is what its name, or who brings it, says it is of.

    ``odd`` counts the rows that could not be read, ``told`` says of the first of them why; ``as_of`` is when it was
    exported, as far as a column says so; ``unknown`` are the first titles of error types that
    are none of the catalogue's.
    """

    def __init__(
        self,
        opened: Callable[[], BinaryIO],
        manner: Manner,
        category: str | None = None,
        *,
        strict: bool = False,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._opened = opened
        self._manner = manner
        self._category = category
        self._strict = strict
        self._max_rows = max_rows
        self.found: Survey | None = None
        self.delimiter = ""
        self.ignored: tuple[str, ...] = ()
        self.rows = self.odd = 0
        self.told: list[str] = []
        self.unknown: list[str] = []
        self.as_of: float | None = None

    def batches(self) -> Iterator[list[SyncError]]:
        """The errors of the file, at most ``BATCH`` at a time; some batches may be empty. Raises ``BadExport`` where
        the file turns out not to be whole, so nothing of it holds before the end is reached."""
        self.found = survey(self._opened, MAX_BYTES)
        with io.TextIOWrapper(self._opened(), self.found.encoding, errors="replace", newline="") as text:
            rows = _Rows(self._headed(text))
            reading = self._reading(rows)
            yield from self._batches(rows, reading)

    def _headed(self, text: io.TextIOWrapper) -> Iterator[str]:
        """The lines, once the delimiter is known."""
        lines = iter(lambda: text.readline(LONGEST_LINE), "")
        first = next((line for line in lines if line.strip()), "")
        if first.lower().startswith("sep=") and len(first.strip()) <= len("sep=;"):
            first = next(lines, "")  # what Excel writes to itself
        self.delimiter = delimiter_of(first, self._manner.mapping)
        yield first
        yield from lines

    def _reading(self, rows: _Rows) -> Reading:
        header = rows.header(lambda: self.delimiter)
        columns = columns_of([heading.lstrip("\ufeff") for heading in header], self._manner.mapping)
        if "error_type" not in columns.places:
            got = "".join(letter if letter.isprintable() else "\ufffd" for letter in ", ".join(header)[:80])
            change = "name it in sync_health.mapping"
            raise no_table(header) or BadExport(f"no heading tells the error type: got {got!r}", line=1, change=change)
        self.ignored = columns.ignored
        return Reading(columns, self._manner.titles, self._category, self._strict)

    def _batches(self, rows: _Rows, reading: Reading) -> Iterator[list[SyncError]]:
        batch: list[SyncError] = []
        for line, cells, trouble in rows.cells(reading.columns.width):
            self.rows += 1
            if self.rows > self._max_rows:
                raise BadExport(f"has more than {self._max_rows} rows", line=line)
            error = trouble or error_of(cells, self.rows, reading)
            if isinstance(error, str):
                self._odd(line, error)
            else:
                self._date(cells, reading)
                self._note_title(error.error_type)
                batch.append(error)
            if len(batch) >= BATCH or self.rows % (4 * BATCH) == 0:
                yield batch
                batch = []
        yield batch
        if rows.cut_at is not None:
            raise BadExport(f"the file is cut off: {rows.cut}", line=rows.cut_at, column=rows.cut_column)
        if self.odd > self.rows / 2:
            misfit = "row of 1 that is" if self.rows == 1 else f"rows of {self.rows} that are"
            raise BadExport(f"has {self.odd} {misfit} not as the headings say: {'; '.join(self.told)}")

    def _odd(self, line: int, why: str) -> None:
        self.odd += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(f"line {line} {why}")

    def _note_title(self, title: str | None) -> None:
        if title is None or title == UNKNOWN or title in CATALOG.error_types or len(self.unknown) >= MOST_TOLD:
            return
        if title not in self.unknown:
            self.unknown.append(title)

    def _date(self, cells: list[str], reading: Reading) -> None:
        place = reading.columns.places.get("as_of")
        if place is None or self.as_of is not None:
            return
        try:
            moment = parse_timestamp(cells[place].strip())
        except ValueError:
            return
        self.as_of = moment if is_plausible(moment) else None


class _Rows:
    """The rows of some lines, each with its line; a row that is none costs itself alone, unless it is the last."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._last = ""
        self._reader = csv.reader([])
        self.cut_at: int | None = None
        self.cut_column: int | None = None
        self.cut = ""

    def header(self, delimiter: Callable[[], str]) -> list[str]:
        first = next(self._lines, "")
        self._reader = csv.reader(self._kept(first), delimiter=delimiter(), strict=True)
        try:
            return next(self._reader, [])
        except csv.Error as error:
            raise BadExport(f"no line of headings: {error}", line=1) from error

    def _kept(self, first: str) -> Iterator[str]:
        yield first
        for line in self._lines:
            self._last = line
            yield line

    def cells(self, width: int) -> Iterator[tuple[int, list[str], str]]:
        """Line, cells and what is wrong with them, if anything is; empty rows are left out."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    self._was_cut(line, None, "a quoted cell has no end")
                    return
                yield line, [], f"is no CSV ({error})"
                continue
            if cells is None:
                return
            if not any(map(str.strip, cells)):
                continue
            trouble = _misfit(cells, width)
            if trouble and len(cells) < width and not self._last.endswith(("\n", "\r")):
                self._was_cut(line, len(cells), f"the last row has {len(cells)} of {width} cells")
                return
            yield line, cells, trouble

    def _was_cut(self, line: int, column: int | None, why: str) -> None:
        self.cut_at, self.cut_column, self.cut = line, column, why


def no_table(header: list[str]) -> BadExport | None:
    """What else a file is, by the beginning of its first line; ``None`` for what may be a table after all."""
    beginning = "".join(header).lstrip("\ufeff \t").lower()
    if beginning.startswith(("<!doctype html", "<html", "<head", "<?xml")):
        return BadExport("is a web page", change="download the CSV itself, logged in to HubSpot")
    if beginning.startswith(("{", "[")):
        return BadExport("is JSON", change="export the errors as CSV")
    return None


def _misfit(cells: list[str], width: int) -> str:
    if len(cells) < width:
        return f"has {len(cells)} of {width} cells"
    if any(map(str.strip, cells[width:])):
        return f"has {len(cells)} cells for {width} headings"
    return ""
