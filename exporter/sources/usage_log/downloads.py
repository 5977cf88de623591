"""The downloads of one poll: file after file, each a part that fails alone.

A poll ends early and keeps what it has read, so that a restart costs the file at hand and no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exporter.clients.salesforce.client import SalesforceClient
from exporter.clock import Clock
from exporter.errors import BudgetExceeded, InvalidAnswer, RateLimited, UpstreamError
from exporter.sources.usage_log.app_calls import AppCalls
from exporter.sources.usage_log.call_log import CallLog
from exporter.sources.usage_log.coverage import window_to_read
from exporter.sources.usage_log.log_file import LogFile, Trouble
from exporter.sources.usage_log.payload import Memory

MAX_DOWNLOADS = 30
"""Files read in one poll, newest first: 24 hours and some late arrivals. More would be a run on the org's API calls
after every gap; the rest is read by the next polls, and until then the count is not known."""

READING_SECONDS = 120.0
"""No download is begun later than this in a poll, so that what was read is kept soon."""

GO_ON_AFTER = 300.0
"""Seconds until the next poll where there is more to read."""

TRY_AGAIN_AFTER = 60.0
"""The same after trouble that may pass, twice as long each time."""

MOST_DOUBLINGS = 10


class Downloads:
    """``files`` are all that may count, replaced as they are read. ``stopped_by`` is why Salesforce gave no more."""

    def __init__(self, salesforce: SalesforceClient, clock: Clock, memory: Memory, files: Sequence[LogFile]) -> None:
        self.files = list(files)
        self.stopped_by: UpstreamError | None = None
        self._salesforce = salesforce
        self._clock = clock
        self._memory = memory
        self._began = clock.time()
        self._tried: set[str] = set()
        self._errors: dict[str, UpstreamError] = {}

    async def read(self) -> None:
        """Newest first, until all are read that can be, or it is enough for one poll."""
        broken_off = 0
        while (file := self._next()) is not None and self._may_go_on():
            self._tried.add(file.id)
            try:
                self._replace(file, calls=await self._download(file), trouble=None)
                broken_off = 0
            except InvalidAnswer as error:
                self._note(file, error, passing=False)
            except UpstreamError as error:
                broken_off += 1
                self._note(file, error, passing=True)
                # One file may break off by itself; the second in a row says that it is not the file.
                if isinstance(error, RateLimited | BudgetExceeded) or broken_off > 1:
                    self.stopped_by = error
                    return

    def parts(self) -> Mapping[str, UpstreamError | None]:
        """By interval, the error of the newest file that could not be read; raises it where nothing at all was."""
        intervals = dict.fromkeys(file.interval for file in window_to_read(self.files, self._hopeless))
        broken = {interval: self._broken(interval) for interval in ("Hourly", "Daily")}
        failed = [files[0] for files in broken.values() if files]
        if failed and all(file.calls is None for file in self.files):
            raise self._error(failed[:1])
        named = [interval for interval in ("Hourly", "Daily") if interval in intervals or broken[interval]]
        return {name.lower(): self._error(broken[name]) if broken[name] else None for name in named}

    def more_in(self) -> float | None:
        """Seconds until it is worth going on before the next interval, ``None`` where it is not."""
        if isinstance(self.stopped_by, BudgetExceeded):
            return None
        if self.stopped_by is not None:
            return max(_doubled(self._memory.pauses), self.stopped_by.retry_after or 0.0)
        if self._next() is not None:
            return GO_ON_AFTER
        passing = [file.trouble.tries for file in self.files if file.trouble and file.trouble.over(self._began)]
        return _doubled(max(passing) - 1) if passing else None

    def _may_go_on(self) -> bool:
        return len(self._tried) < MAX_DOWNLOADS and self._clock.time() < self._began + READING_SECONDS

    def _next(self) -> LogFile | None:
        wanted = window_to_read(self.files, self._hopeless)
        return next((file for file in wanted if file.calls is None and not self._hopeless(file)), None)

    def _hopeless(self, file: LogFile) -> bool:
        """Not to be read in this poll."""
        return file.id in self._tried or (file.trouble is not None and not file.trouble.over(self._began))

    async def _download(self, file: LogFile) -> tuple[AppCalls, ...]:
        log = CallLog(file, self._memory.identity, self._memory.user, f"log file {file.id}")
        async with self._salesforce.stream(f"sobjects/EventLogFile/{file.id}/LogFile") as pieces:
            async for piece in pieces:
                # In a thread, for the other sources' sake: a day's log is minutes of work.
                await asyncio.to_thread(log.feed, piece)
        return await asyncio.to_thread(log.end)

    def _replace(self, file: LogFile, **changes: Any) -> None:
        self.files[self.files.index(file)] = replace(file, **changes)

    def _note(self, file: LogFile, error: UpstreamError, *, passing: bool) -> None:
        self._errors[file.id] = error
        tries = file.trouble.tries + 1 if file.trouble else 1
        self._replace(file, trouble=Trouble(str(error), self._clock.time(), tries, passing))

    def _broken(self, interval: str) -> list[LogFile]:
        return [file for file in self.files if file.interval == interval and file.trouble is not None]

    def _error(self, broken: Sequence[LogFile]) -> UpstreamError:
        """The newest file's, as it came or as it is remembered; how many more there are is said with it."""
        file = broken[0]
        came = self._errors.get(file.id)
        error = came or InvalidAnswer(file.trouble.message if file.trouble else "")
        if len(broken) == 1:
            return error
        kind = InvalidAnswer if isinstance(error, InvalidAnswer) else type(error)
        return kind(f"{error} (and {len(broken) - 1} more)", code=error.code)


def _doubled(times: int) -> float:
    return TRY_AGAIN_AFTER * 2.0 ** min(times, MOST_DOUBLINGS)
