"""Which files make up the 24 hours that are counted. Pure.

Never a wrong number: a window counts only if every file that belongs to it was read. The newest window is the one that
ends with the newest file; while a file of it cannot be read, or has not been so far, an older window that is whole
stands in for it, up to ``MOST_LATE`` hours older (its end is what ``as_of`` says). Without such a one the count is
unknown, and what was found is only a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from exporter.sources.usage_log.log_file import DAY, HOUR, LogFile

MOST_LATE = 6 * HOUR
"""As late as hourly files may come anyway."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which hours of which files make up the 24 hours before ``end``; every hour is counted once."""

    end: int
    hourly: frozenset[int]

    @classmethod
    def of(cls, files: Collection[LogFile], end: int | None = None) -> Coverage:
        """Up to the newest file unless an ``end`` is given; ``files`` must not be empty.

        An hour whose hourly files cannot all be read is taken from the day's file, if there is one.
        """
        hourly = frozenset(file.start for file in files if file.interval == "Hourly")
        broken = {file.start for file in files if file.interval == "Hourly" and file.broken}
        days = {file.start for file in files if file.interval == "Daily" and not file.broken}
        filled = {hour for hour in broken if hour // DAY * DAY in days}
        return cls(max(file.end for file in files) if end is None else end, hourly - filled)

    def hours(self, file: LogFile) -> Iterator[int]:
        """The hours that count in this file: in a daily one only those of which there is no hourly file."""
        if file.interval == "Hourly" and file.start not in self.hourly:
            return
        for hour in range(max(file.start, self.end - DAY), min(file.end, self.end), HOUR):
            if file.interval == "Hourly" or hour not in self.hourly:
                yield hour

    def files(self, files: Iterable[LogFile]) -> list[LogFile]:
        """Those that count, newest first."""
        needed = [file for file in files if any(True for _hour in self.hours(file))]
        return sorted(needed, key=lambda file: (file.end, file.sequence), reverse=True)


def known_files(kept: Iterable[LogFile], listed: Iterable[LogFile]) -> list[LogFile]:
    """What may count, newest first: what was ``kept``, read or not, and what is offered instead or beside it."""
    newest = {file.place: file for file in kept}
    offered = {file.place: file for file in sorted(listed, key=lambda file: file.age)}
    for place, file in offered.items():
        other = newest.get(place)
        if other is None or (file != other and file.created >= other.created):
            newest[place] = file
    if not newest:
        return []
    end = max(file.end for file in newest.values())
    within = [file for file in newest.values() if file.end > end - DAY - MOST_LATE]
    return sorted(within, key=lambda file: (file.end, file.sequence), reverse=True)


def window_to_read(files: Collection[LogFile], hopeless: Callable[[LogFile], bool]) -> list[LogFile]:
    """The files of the newest window without a ``hopeless`` one, if there is such a window; else of the newest."""
    if not files:
        return []
    window = _newest(files, lambda file: file.calls is not None or not hopeless(file)) or Coverage.of(files)
    return window.files(files)


def whole_window(files: Collection[LogFile]) -> Coverage | None:
    """The newest window of which every file was read."""
    return _newest(files, lambda file: file.calls is not None)


def _newest(files: Collection[LogFile], good: Callable[[LogFile], bool]) -> Coverage | None:
    newest = Coverage.of(files)
    for end in range(newest.end, newest.end - MOST_LATE - 1, -HOUR):
        window = Coverage(end, newest.hourly)
        counted = window.files(files)
        if counted and all(good(file) for file in counted):
            return window
    return None
