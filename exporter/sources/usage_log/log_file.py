"""An event log file: which period it covers, what it held, or why it could not be read. Pure.

Facts: Salesforce Object Reference, *EventLogFile*, and REST guide, *Differences Between Hourly and 24-Hour Event Logs*.
An hourly file covers the hour that starts at ``LogDate``, a daily one the UTC day. Events that arrive late come in a
further hourly file with the next ``Sequence``, which holds only the new ones; a daily file has sequence 0. A file
generated anew has a later ``CreatedDate`` and holds everything again. Hourly files need Event Monitoring; without it
there is a daily one, kept for a day, and there may be no columns ``Interval`` and ``Sequence`` to ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.clock import parse_timestamp
from exporter.errors import InvalidAnswer
from exporter.sources.usage_log.app_calls import AppCalls

HOUR = 3_600
DAY = 86_400
PERIODS = {"Hourly": HOUR, "Daily": DAY}

AGAIN_AFTER = 12 * HOUR
"""Seconds until a file that cannot be read is downloaded again although Salesforce says that it has not changed."""

BROKEN_OFF_AGAIN_AFTER = HOUR
"""The same for one whose download broke off too often: that may have been an outage."""

PASSING_TRIES = 3
"""So often in a row a download may break off before the file counts as one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a file could not be read, ``at`` the last of so many ``tries``. A ``passing`` one is that of the connection,
    so the next poll tries again; another one is that of the file."""

    message: str
    at: float
    tries: int = 1
    passing: bool = False

    def over(self, now: float) -> bool:
        """Whether the file may be tried again."""
        if self.passing:
            return self.tries < PASSING_TRIES or now >= self.at + BROKEN_OFF_AGAIN_AFTER
        return now >= self.at + AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file, times in epoch seconds; ``calls`` are ``None`` before it is read, and while it cannot be."""

    id: str
    interval: str
    start: int
    sequence: int
    created: float
    length: float | None
    calls: tuple[AppCalls, ...] | None = field(default=None, compare=False)
    trouble: Trouble | None = field(default=None, compare=False)

    @property
    def end(self) -> int:
        return self.start + PERIODS[self.interval]

    @property
    def place(self) -> tuple[str, int, int]:
        """What it is the log of: of two files with the same place one replaces the other."""
        return self.interval, self.start, self.sequence

    @property
    def age(self) -> tuple[float, float, str]:
        """The greater, the newer; the same order whatever order the files are listed in."""
        return self.created, self.length or 0.0, self.id

    def replaces(self, other: LogFile) -> bool:
        """Whether this is a newer version of the file. A log grows; one that is said to be shorter now is the same."""
        if (self.id, self.created) != (other.id, other.created):
            return self.created >= other.created
        return (self.length or 0.0) > (other.length or 0.0)

    @property
    def broken(self) -> bool:
        """Whether it is the file itself that cannot be read."""
        return self.trouble is not None and not self.trouble.passing

    def hour_of(self, seconds: float | None) -> int:
        """The hour a line counts for. One whose time lies outside the file's period, or cannot be read (``None``),
        counts for the nearest hour inside: it is in this file and in no other, so it must be counted here or
        nowhere."""
        if self.interval == "Hourly" or seconds is None:
            return self.start
        return min(max(int(seconds) // HOUR * HOUR, self.start), self.end - HOUR)


def log_file(row: Mapping[str, Any], without: Collection[str] = ()) -> LogFile | None:
    """A record of EventLogFile, asked for ``without`` some columns; ``None`` for an interval this version does not
    know."""
    start, sequence = int(_time(row["LogDate"])), int(row.get("Sequence") or 0)
    interval = row.get("Interval") or _interval(start, sequence, told="Interval" not in without)
    period = PERIODS.get(interval)
    if period is None:
        return None
    created = row["LogDate"] if "CreatedDate" in without else row.get("CreatedDate")
    if created is None:
        raise InvalidAnswer("query of EventLogFile: CreatedDate missing")
    return LogFile(
        id=row["Id"],
        interval=interval,
        start=start // period * period,
        sequence=sequence,
        created=_time(created),
        length=row.get("LogFileLength"),
    )


def _interval(start: int, sequence: int, *, told: bool) -> str:
    """Of a file that has none: one that begins at midnight and is the only one is a daily one. Where the column was
    asked for and is empty nothing more is guessed."""
    if not sequence and not start % DAY:
        return "Daily"
    return "" if told else "Hourly"


def _time(text: str) -> float:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise InvalidAnswer("EventLogFile: a date that is not an ISO 8601 time with a zone") from error
