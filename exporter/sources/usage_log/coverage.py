"""Which files make up the 24 hours that are counted, and what is lacking of them. Pure.

Never a wrong number, and not a day without one for the sake of a bad hour. Of the windows of 24 hours this one counts:

1. the newest of which every file was read, up to ``MOST_LATE`` older than the newest file, or a day where there are
   daily files alone. Its end is what ``as_of`` says. An hour whose own file is bad is taken from the day's, if there is
   one;
2. else the newest that ends with a file that was read and lacks at most ``MOST_UNREAD`` of its calls. Its sum is a
   lower bound, of every app. About so many calls (``usage_log/unread.py``) are ``unread``, and each may be the
   integration's: what must not be exceeded is held against both together;
3. else none: what was found is no count, and with what is ``unread`` a warning to the remediation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from exporter.sources.usage_log.app_calls import AppCalls
from exporter.sources.usage_log.log_file import DAY, HOUR, LogFile
from exporter.sources.usage_log.unread import Density

MOST_LATE = 6 * HOUR
"""As late as hourly files may come anyway."""

MOST_UNREAD = 1 / 8
"""Of all calls of the 24 hours: three hours of an even day, or the busiest of a working day."""


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

    def counted(self, files: Iterable[LogFile]) -> Iterator[tuple[AppCalls, int]]:
        """The calls of every app that was read, file by file."""
        for file in files:
            hours = set(self.hours(file))
            for app in file.calls or ():
                yield app, sum(calls for hour, calls in app.hours.items() if hour in hours)


@dataclass(frozen=True, slots=True)
class Window:
    """The 24 hours that are counted, as far as they were read: all but about ``unread`` calls, ``None`` where nobody
    can say how many. ``is_count``: so few that the sum passes for the calls of 24 hours."""

    coverage: Coverage
    unread: int | None
    as_of: float
    is_count: bool


def known_files(kept: Iterable[LogFile], listed: Iterable[LogFile]) -> list[LogFile]:
    """What may count, newest first: what was ``kept``, read or not, and what is offered instead or beside it."""
    newest = {file.place: file for file in kept}
    offered = {file.place: file for file in sorted(listed, key=lambda file: file.age)}
    for place, file in offered.items():
        other = newest.get(place)
        if other is None or file.replaces(other):
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


def counted_window(files: Collection[LogFile]) -> Window:
    """``files`` must not be empty."""
    whole = _newest(files, lambda file: file.calls is not None)
    if whole is not None:
        return Window(whole, 0, whole.end, is_count=True)
    density = Density.of(files)
    lacking = [_lacking(files, coverage, density) for coverage in _windows(files)]
    return next((window for window in lacking if window.is_count), lacking[0])


def _lacking(files: Collection[LogFile], coverage: Coverage, density: Density) -> Window:
    needed = coverage.files(files)
    parts = [density.calls(file, sum(1 for _ in coverage.hours(file))) for file in needed if file.calls is None]
    known = [calls for calls in parts if calls is not None]
    unread = sum(known) if len(known) == len(parts) else None
    found = sum(calls for _app, calls in coverage.counted(files))
    is_count = (
        bool(needed) and needed[0].calls is not None and unread is not None and unread <= MOST_UNREAD * (found + unread)
    )
    read_until = max((file.end for file in needed if file.calls is not None), default=coverage.end - DAY)
    return Window(coverage, unread, min(read_until, coverage.end), is_count)


def _newest(files: Collection[LogFile], good: Callable[[LogFile], bool]) -> Coverage | None:
    for window in _windows(files):
        counted = window.files(files)
        if counted and all(good(file) for file in counted):
            return window
    return None


def _windows(files: Collection[LogFile]) -> Iterator[Coverage]:
    """Newest first. A day older is one only where no hourly file is missed by it: those are not kept for so long."""
    newest = Coverage.of(files)
    for end in range(newest.end, newest.end - MOST_LATE - 1, -HOUR):
        yield Coverage(end, newest.hourly)
    if all(file.interval == "Daily" for file in files):
        yield Coverage(newest.end - DAY, newest.hourly)
