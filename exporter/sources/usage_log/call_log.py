"""The CSV of an event log file, counted while it arrives. Plain calls on plain values: it is read in a thread.

Facts: Salesforce Object Reference, *API Total Usage Event Type*. A row is a call. ``COUNTS_AGAINST_API_LIMIT`` is seen
as ``1`` and as a Boolean, columns come in any order, and which there are depends on the version of the API.
``LogFileLength`` is the length in bytes, unpacked: no report of another was found, and there are programs that refuse a
download which differs. So a shorter one was cut off on the way, though it end with a row; a longer one has grown since
it was listed. That what HTTP itself announces has arrived is for its client to see to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from exporter.clients.http.csv_rows import CsvRows
from exporter.clock import parse_timestamp
from exporter.errors import ConnectError, InvalidAnswer
from exporter.sources.usage_log.app_calls import LONGEST_NAME, MINE, THEIRS, UNKNOWN, AppCalls, Tally
from exporter.sources.usage_log.identity import Identity
from exporter.sources.usage_log.log_file import LogFile

NAME, ID, USER, COUNTS = "CONNECTED_APP_NAME", "CONNECTED_APP_ID", "USER_NAME", "COUNTS_AGAINST_API_LIMIT"
TIME, RAW_TIME = "TIMESTAMP_DERIVED", "TIMESTAMP"

_TRUE = frozenset({"1", "true", "1.0", "yes", "t", "y"})
_ROWS_AT_ONCE = 4_096
_LONGEST = 4 * LONGEST_NAME
_SLACK = 3
"""Bytes that may be lacking: a byte order mark, or the last newline. No row is so short."""

_HOUR_LENGTH = len("2027-01-15T08")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row the fields stand, -1 for one that is not there."""

    name: int
    id: int
    user: int
    counts: int
    time: int
    raw_time: bool
    width: int

    @classmethod
    def of(cls, header: list[str], file: LogFile, where: str) -> Columns:
        """Raises ``InvalidAnswer`` where nothing can be counted without a column that is missing."""
        names = [name.strip().upper() for name in header]

        def at(name: str) -> int:
            return names.index(name) if name in names else -1

        time = at(TIME) if TIME in names else at(RAW_TIME)
        for name, place in ((COUNTS, at(COUNTS)), (TIME, time if file.interval == "Daily" else 0)):
            if place < 0:
                raise InvalidAnswer(f"{where}: no column {name}")
        return cls(at(NAME), at(ID), at(USER), at(COUNTS), time, TIME not in names, len(names))


class CallLog:
    """``feed`` it the pieces of one file, then ``end`` it: calls that count against the org's limit, by app and hour.

    A row that cannot be read counts as a call of nobody known; a file of which most rows cannot is none.
    """

    def __init__(self, file: LogFile, identity: Identity, user: str | None, where: str) -> None:
        self._file = file
        self._user = (user or "").strip().casefold()
        self._where = where
        self._rows = CsvRows(where)
        self._columns: Columns | None = None
        self._tally = Tally(identity.merged)
        self._counted: Counter[tuple[int, str, str, str]] = Counter()
        self._hours: dict[str, int] = {}
        self._read = self._unreadable = self._bytes = 0

    def feed(self, piece: bytes) -> None:
        """Raises ``InvalidAnswer``."""
        self._bytes += len(piece)
        self._take(self._rows.feed(piece))

    def end(self) -> tuple[AppCalls, ...]:
        """What was counted; raises ``ConnectError`` for a file that is shorter than it should be, ``InvalidAnswer`` for
        one that is empty, ends in the middle, or is no usage log."""
        stated = self._file.length or 0
        # What does not even begin as a log is told as what it is.
        if self._columns is not None and self._bytes < stated - _SLACK:
            raise ConnectError(f"{self._where}: cut off, {self._bytes} of {stated:.0f} bytes")
        unreadable = self._unreadable
        self._take(self._rows.end())
        if self._columns is None:
            raise InvalidAnswer(f"{self._where}: is empty")
        # A last line without newline is no cut by itself; that it has too few fields says so.
        if not self._rows.whole and self._unreadable > unreadable:
            raise InvalidAnswer(f"{self._where}: ends in the middle of a row")
        if self._unreadable > self._read:
            raise InvalidAnswer(f"{self._where}: {self._unreadable} rows with other fields than the header")
        self._store()
        if self._unreadable:
            self._tally.add(self._file.start, "", "", UNKNOWN, self._unreadable)
        return self._tally.apps()

    def _take(self, rows: Iterable[list[str]]) -> None:
        for row in rows:
            if not row:
                continue
            columns = self._columns
            if columns is None:
                self._columns = Columns.of(row, self._file, self._where)
            elif len(row) < columns.width or any(row[columns.width :]):
                self._unreadable += 1
            else:
                self._read += 1
                if row[columns.counts].strip().lower() in _TRUE:
                    self._count(row, columns)

    def _count(self, row: list[str], columns: Columns) -> None:
        name = row[columns.name][:_LONGEST] if columns.name >= 0 else ""
        app = row[columns.id][:_LONGEST] if columns.id >= 0 else ""
        user = row[columns.user].strip().casefold() if columns.user >= 0 else ""
        whose = UNKNOWN if not user or not self._user else MINE if user == self._user else THEIRS
        hour = self._hour(row[columns.time], columns.raw_time) if columns.time >= 0 else self._file.start
        self._counted[hour, name, app, whose] += 1
        if len(self._counted) >= _ROWS_AT_ONCE:
            self._store()

    def _store(self) -> None:
        for (hour, name, app, user), calls in self._counted.items():
            self._tally.add(hour, name, app, user, calls)
        self._counted.clear()

    def _hour(self, text: str, raw: bool) -> int:
        """Looked up, as a file has millions of rows and a day of hours."""
        known = text[:_HOUR_LENGTH] if raw or text.endswith("Z") else text
        hour = self._hours.get(known)
        if hour is None:
            if len(self._hours) > _ROWS_AT_ONCE:
                self._hours.clear()
            hour = self._hours[known] = self._file.hour_of(_seconds(text, raw))
        return hour


def _seconds(text: str, raw: bool) -> float | None:
    """``2027-01-15T08:00:00.000Z`` or, raw, ``20270115080000.000``, which is UTC; ``None`` for anything else."""
    text = text.strip()
    if raw and len(text) >= len("20270115080000") and text[:14].isdecimal():
        text = f"{text[:8]}T{text[8:14]}Z"
    try:
        return parse_timestamp(text)
    except ValueError:
        return None
