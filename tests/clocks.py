"""Clocks that stand still until a test moves them, or somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class ManualClock:
    """Implements ``exporter.clock.Clock``; ``sleep`` ends when ``advance`` has passed its moment."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, asyncio.Future[float]]] = []
        self._alarms: list[asyncio.Future[float]] = []

    def time(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self._woken_in(seconds)

    def alarm(self, seconds: float) -> asyncio.Future[float]:
        alarm = self._woken_in(seconds)
        self._alarms.append(alarm)
        return alarm

    def _woken_in(self, seconds: float) -> asyncio.Future[float]:
        waiting: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + max(0.0, seconds), waiting))
        if seconds <= 0:
            waiting.set_result(0.0)
        return waiting

    def advance(self, seconds: float) -> None:
        """Moves time and wakes who has slept long enough."""
        self._now += seconds
        for moment, waiting in self._sleepers:
            if moment <= self._now and not waiting.done():
                waiting.set_result(0.0)
        self._forget_woken()

    def set_by(self, seconds: float) -> None:
        """Somebody sets the clock: no time passes, who sleeps sleeps on, and every alarm rings."""
        self._now += seconds
        self._sleepers = [(moment + seconds, waiting) for moment, waiting in self._sleepers]
        for alarm in self._alarms:
            if not alarm.done():
                alarm.set_result(seconds)
        self._forget_woken()

    def _forget_woken(self) -> None:
        self._sleepers = [(moment, waiting) for moment, waiting in self._sleepers if not waiting.done()]
        self._alarms = [alarm for alarm in self._alarms if not alarm.done()]

    async def pass_during(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``; whenever somebody sleeps, time moves on to the moment that wakes the first."""
        task = asyncio.ensure_future(work)
        while not task.done():
            self.advance_to_next()
            await asyncio.sleep(0)
        return task.result()

    def advance_to_next(self) -> None:
        """Time moves on to the moment that wakes the first sleeper, if anybody sleeps."""
        if self._sleepers:
            self.advance(min(moment for moment, _ in self._sleepers) - self._now)


class LoneClock(ManualClock):
    """Moves on by itself when somebody sleeps: nobody else is there who could have work to do meanwhile."""

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
