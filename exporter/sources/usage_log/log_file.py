"""An event log file: which period it covers, which of several files count. Pure.

Facts: Salesforce Object Reference, *EventLogFile*, and REST guide, *Differences Between Hourly and 24-Hour Event Logs*.
An hourly file covers the hour that starts at ``LogDate``, a daily one the UTC day. Events that arrive late come in a
further hourly file with the next ``Sequence``, which holds only the new ones; a daily file has sequence 0. A file
generated anew has a later ``CreatedDate`` and holds everything again. Hourly files need Event Monitoring; without it
there is a daily one, kept for a day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.clock import parse_timestamp
from exporter.errors import InvalidAnswer

HOUR = 3_600
DAY = 86_400
_PERIODS = {"Hourly": HOUR, "Daily": DAY}


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file, times in epoch seconds; ``hours`` are calls by the start of their hour, ``None`` before it is read."""

    id: str
    interval: str
    start: int
    sequence: int
    created: float
    length: float | None
    hours: Mapping[int, int] | None = field(default=None, compare=False)

    @property
    def end(self) -> int:
        return self.start + _PERIODS[self.interval]

    @property
    def place(self) -> tuple[str, int, int]:
        """What it is the log of: of two files with the same place one replaces the other."""
        return self.interval, self.start, self.sequence

    @property
    def age(self) -> tuple[float, float, str]:
        """The greater, the newer; the same order whatever order the files are listed in."""
        return self.created, self.length or 0.0, self.id

    def hour_of(self, text: str) -> int:
        """The hour a line counts for. One whose time lies outside the file's period, or cannot be read, counts for the
        nearest hour inside: it is in this file and in no other, so it must be counted here or nowhere."""
        if self.interval == "Hourly":
            return self.start
        try:
            hour = int(parse_timestamp(text)) // HOUR * HOUR
        except ValueError:
            return self.start
        return min(max(hour, self.start), self.end - HOUR)


def log_file(row: Mapping[str, Any]) -> LogFile | None:
    """A record of EventLogFile, ``None`` for an interval this version does not know."""
    period = _PERIODS.get(row["Interval"] or "")
    if period is None:
        return None
    return LogFile(
        id=row["Id"],
        interval=row["Interval"],
        start=int(_time(row["LogDate"])) // period * period,
        sequence=int(row.get("Sequence") or 0),
        created=_time(row["CreatedDate"]),
        length=row.get("LogFileLength"),
    )


def _time(text: str) -> float:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise InvalidAnswer("EventLogFile: a date that is not an ISO 8601 time with a zone") from error


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which hours of which files make up the 24 hours that end with the newest file; every hour is counted once."""

    end: int
    hourly: frozenset[int]

    @classmethod
    def of(cls, files: Collection[LogFile]) -> Coverage:
        """``files`` must not be empty."""
        hourly = frozenset(file.start for file in files if file.interval == "Hourly")
        return cls(max(file.end for file in files), hourly)

    def hours(self, file: LogFile) -> Iterator[int]:
        """The hours that count in this file: in a daily one only those of which there is no hourly file."""
        for hour in range(max(file.start, self.end - DAY), file.end, HOUR):
            if file.interval == "Hourly" or hour not in self.hourly:
                yield hour


def needed_files(kept: Iterable[LogFile], listed: Iterable[LogFile]) -> list[LogFile]:
    """What the newest 24 hours are made of, newest first. A file that was ``kept`` comes with its hours."""
    newest = {file.place: file for file in kept}
    offered = {file.place: file for file in sorted(listed, key=lambda file: file.age)}
    for place, file in offered.items():
        other = newest.get(place)
        if other is None or (file != other and file.created >= other.created):
            newest[place] = file
    if not newest:
        return []
    coverage = Coverage.of(newest.values())
    needed = [file for file in newest.values() if any(True for _hour in coverage.hours(file))]
    return sorted(needed, key=lambda file: (file.end, file.sequence), reverse=True)
