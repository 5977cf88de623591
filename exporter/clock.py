"""Time, injected wherever it is needed, so that tests own it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

_YEAR_3000 = 32_503_680_000.0


class Clock(Protocol):
    """What the product asks of time."""

    def time(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep(self, seconds: float) -> None:
        """Waits; returns at once for 0 or less."""

    def alarm(self, seconds: float) -> asyncio.Future[None]:
        """Done once so many seconds have passed, at once for 0 or less. Who sets it earlier wakes whoever waits for
        it. It weighs a fifth of a task that sleeps."""


class SystemClock:
    """The clock of this machine."""

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def alarm(self, seconds: float) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        alarm: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(max(0.0, seconds), _ring, alarm)
        alarm.add_done_callback(lambda _: timer.cancel())
        return alarm


def _ring(alarm: asyncio.Future[None]) -> None:
    if not alarm.done():
        alarm.set_result(None)


def parse_timestamp(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time; raises ``ValueError``, also for a time without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.timestamp()


def is_plausible(seconds: float) -> bool:
    """Whether a time that somebody else states can be meant: from 1970 to 2999."""
    return 0 <= seconds < _YEAR_3000


def format_timestamp(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
