"""The downloads of one poll: file after file, each a part that fails alone.

What a failure means is the poller's to say (``Again``): trouble of the connection, or of Salesforce, brings the next
poll closer. Trouble of a file does not, for there is nothing to be had until it has changed.

A poll ends early and keeps what it has read, so that a restart costs the file at hand and no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exporter.clients.http.answer import WEB_PAGE
from exporter.clients.salesforce.client import SalesforceClient
from exporter.clock import Clock
from exporter.errors import Again, BudgetExceeded, InvalidAnswer, RateLimited, UpstreamError
from exporter.sources.usage_log.app_calls import AppCalls
from exporter.sources.usage_log.call_log import CallLog
from exporter.sources.usage_log.coverage import window_to_read
from exporter.sources.usage_log.listing import NO_ACCESS
from exporter.sources.usage_log.log_file import PASSING_TRIES, LogFile, Trouble
from exporter.sources.usage_log.payload import Memory

MAX_DOWNLOADS = 30
"""Files read in one poll, newest first: 24 hours and some late arrivals. More would be a run on the org's API calls
after every gap; the rest is read by the next polls, and until then the count is not known."""

READING_SECONDS = 120.0
"""No download is begun later than this in a poll, so that what was read is kept soon."""

GO_ON_AFTER = 300.0
"""Seconds until the next poll where there is more to read."""

INTERVALS = ("Hourly", "Daily")


class Downloads:
    """``files`` are all that may count, replaced as they are read."""

    def __init__(self, salesforce: SalesforceClient, clock: Clock, memory: Memory, files: Sequence[LogFile]) -> None:
        self.files = list(files)
        self._salesforce = salesforce
        self._clock = clock
        self._memory = memory
        self._began = clock.time()
        self._tried: set[str] = set()
        self._errors: dict[str, UpstreamError] = {}
        self._stopped_by: dict[str, UpstreamError] = {}

    async def read(self) -> None:
        """Newest first, until all are read that can be, or it is enough for one poll."""
        broken_off = 0
        while (file := self._next()) is not None and self._may_go_on():
            self._tried.add(file.id)
            try:
                self._replace(file, calls=await self._download(file), trouble=None)
                broken_off = 0
            except InvalidAnswer as error:
                self._note(file, error, passing=error.code == WEB_PAGE)
            except (RateLimited, BudgetExceeded) as error:
                self._stopped_by[file.interval] = error
                return
            except UpstreamError as error:
                broken_off += 1
                self._note(file, error, passing=True)
                # One file may break off by itself; the second in a row says that it is not the file.
                if broken_off > 1:
                    return

    def parts(self) -> Mapping[str, UpstreamError | None]:
        """By interval, the error of the newest file that could not be read."""
        counted = {file.interval for file in window_to_read(self.files, self._hopeless)}
        errors = {interval: self._error(interval) for interval in INTERVALS}
        return {name.lower(): error for name, error in errors.items() if error is not None or name in counted}

    def newest_error(self) -> UpstreamError | None:
        """Of the hourly files, else of the daily ones."""
        return next((error for interval in INTERVALS if (error := self._error(interval)) is not None), None)

    def more_in(self) -> float | None:
        """Seconds until it is worth going on before the next interval, ``None`` where all is read that can be."""
        return GO_ON_AFTER if self._next() is not None and not self._stopped_by else None

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
        error = _explained(error)
        self._errors[file.id] = error
        tries = file.trouble.tries + 1 if file.trouble else 1
        self._replace(file, trouble=Trouble(str(error), self._clock.time(), tries, passing))

    def _error(self, interval: str) -> UpstreamError | None:
        """What ended the poll, else the newest file's, as it came or as it is remembered, and how many more there are.

        Where it is only files that are broken there is nothing to try again soon.
        """
        if interval in self._stopped_by:
            return self._stopped_by[interval]
        troubled = [(file, file.trouble) for file in self.files if file.interval == interval and file.trouble]
        if not troubled:
            return None
        file, trouble = troubled[0]
        more = f" (and {len(troubled) - 1} more)" if len(troubled) > 1 else ""
        came = self._errors.get(file.id)
        passing = any(one.passing and one.tries < PASSING_TRIES for _file, one in troubled)
        again = Again.SOON if passing else Again.LATER
        error: UpstreamError = InvalidAnswer(trouble.message) if came is None else came
        return error.retold(trouble.message + more, again=again)


def _explained(error: UpstreamError) -> UpstreamError:
    """The same, with what it means of a file that was listed a moment ago."""
    code = error.code or ""
    if code in ("NOT_FOUND", "HTTP_404"):
        return error.retold(f"{error}: Salesforce has replaced or removed the file since it was listed")
    if code.startswith(NO_ACCESS):
        return error.retold(f"{error}; to read log files it needs View Event Log Files")
    return error
