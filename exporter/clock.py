"""Time, injected wherever it is needed, so that tests own it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

import structlog

LOOK_EVERY = 5.0
"""Seconds after which it is known at the latest that the machine's clock was set."""

NOTICED = 2.0
"""Seconds by which it must have been set for that: less is what a clock that is slewed, or a late timer, comes to."""

_YEAR_3000 = 32_503_680_000.0

log = structlog.get_logger(__name__)


class Clock(Protocol):
    """What the product asks of time."""

    def time(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep(self, seconds: float) -> None:
        """Waits; returns at once for 0 or less."""

    def alarm(self, seconds: float) -> asyncio.Future[float]:
        """Done once so many seconds have passed, at once for 0 or less; also when the clock was set meanwhile: then
        its result is by how many seconds, else 0. Who sets it earlier wakes whoever waits for it. It weighs a fifth of
        a task that sleeps."""


class SystemClock:
    """The clock of this machine. It may be set, by hand or by NTP, and a machine that was suspended finds it further
    on than its timers are."""

    def __init__(self, look_every: float = LOOK_EVERY) -> None:
        self._look_every = look_every
        self._alarms: set[asyncio.Future[float]] = set()
        self._watch: asyncio.TimerHandle | None = None
        self._steps = ClockSteps(self)

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def alarm(self, seconds: float) -> asyncio.Future[float]:
        loop = asyncio.get_running_loop()
        alarm: asyncio.Future[float] = loop.create_future()
        timer = loop.call_later(max(0.0, seconds), _ring, alarm)
        self._alarms.add(alarm)
        if self._watch is None:
            self._steps.since_last()
            self._watch = loop.call_later(self._look_every, self._look, loop)

        def ended(_alarm: asyncio.Future[float]) -> None:
            timer.cancel()
            self._alarms.discard(alarm)
            if not self._alarms and self._watch is not None:
                self._watch.cancel()
                self._watch = None

        alarm.add_done_callback(ended)
        return alarm

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watch = loop.call_later(self._look_every, self._look, loop)
        step = self._steps.since_last()
        if step:
            log.warning("clock was set", seconds=round(step, 3))
            for alarm in tuple(self._alarms):
                _ring(alarm, step)


class ClockSteps:
    """Notices that a clock was set: it has not gone on as the event loop's own, which nobody can set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: float | None = None

    def since_last(self) -> float:
        """The seconds by which it was set since the last time; 0 at the first, and for less than ``NOTICED``."""
        ahead = self._clock.time() - asyncio.get_running_loop().time()
        step = 0.0 if self._ahead is None else ahead - self._ahead
        self._ahead = ahead
        return step if abs(step) > NOTICED else 0.0


def _ring(alarm: asyncio.Future[float], step: float = 0.0) -> None:
    if not alarm.done():
        alarm.set_result(step)


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
