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
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.alarm(seconds)

    def alarm(self, seconds: float) -> asyncio.Future[None]:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + max(0.0, seconds), waiting))
        if seconds <= 0:
            waiting.set_result(None)
        return waiting

    def advance(self, seconds: float) -> None:
        """Moves time and wakes who has slept long enough."""
        self._now += seconds
        for moment, waiting in self._sleepers:
            if moment <= self._now and not waiting.done():
                waiting.set_result(None)
        self._sleepers = [(moment, waiting) for moment, waiting in self._sleepers if not waiting.done()]

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
