"""A process that is cut off at a step: from then on it asks neither the store nor the other side for anything."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from exporter.store.batches import BatchStore
from exporter.store.database import Database
from exporter.store.jobs import JobStore


class Scissors:
    """Once armed, notes every step, and does nothing any more from a certain one on."""

    def __init__(self, number: int | None = None) -> None:
        self.armed = False
        self.steps: list[str] = []
        self._number = number

    def cut_after(self, steps: int) -> None:
        """So many steps are still taken."""
        self._number = len(self.steps) + steps

    def spare(self) -> None:
        """Nothing is cut off any more."""
        self._number = None

    @property
    def has_cut(self) -> bool:
        return self._number is not None and len(self.steps) > self._number

    def around(self, name: str, step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(step)
        async def watched(*arguments: Any, **named: Any) -> Any:
            done = functools.partial(step, *arguments, **named)
            return await self.perform(name, done) if self.armed else await done()

        return watched

    async def perform(self, name: str, step: Callable[[], Awaitable[Any]]) -> Any:
        self.steps.append(name)
        if self._number is not None and len(self.steps) > self._number:
            raise asyncio.CancelledError
        return await step()


class Cut:
    """Something real, each of its steps within reach of the scissors."""

    _scissors: Scissors

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        step = inspect.iscoroutinefunction(found) and not name.startswith("_")
        return self._scissors.around(name, found) if step else found


class CutJobs(Cut, JobStore):
    def __init__(self, database: Database, scissors: Scissors) -> None:
        super().__init__(database)
        self._scissors = scissors


class CutBatches(Cut, BatchStore):
    def __init__(self, database: Database, scissors: Scissors) -> None:
        super().__init__(database)
        self._scissors = scissors
