"""Time that moves on only while nobody has anything to do, so that the store's own time is none.

``ManualClock.pass_during`` moves it at every turn of the loop: a job that waits for the store would lose hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from exporter.store.batches import BatchStore
from exporter.store.database import Database
from tests.clocks import ManualClock

T = TypeVar("T")

TURNS = 30
"""Of the loop, without anybody at the store: by then all who had something to do have done it."""


class Watched(BatchStore):
    """Says when nobody waits for it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._at_work = 0
        self.rests = asyncio.Event()
        self.rests.set()

    def __getattribute__(self, name: str) -> Any:
        step = super().__getattribute__(name)
        if name.startswith("_") or not asyncio.iscoroutinefunction(step):
            return step

        async def counted(*arguments: Any) -> Any:
            self._at_work += 1
            self.rests.clear()
            try:
                return await step(*arguments)
            finally:
                self._at_work -= 1
                if not self._at_work:
                    self.rests.set()

        return counted


async def pass_when_idle(work: Coroutine[Any, Any, T], clock: ManualClock, batches: BatchStore) -> T:
    """Moves time on only when nobody has anything to do at this moment."""
    task = asyncio.ensure_future(work)
    assert isinstance(batches, Watched)
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
        if not batches.rests.is_set():
            await batches.rests.wait()
            turns = 0
        elif turns > TURNS:
            clock.advance_to_next()
            turns = 0
    return task.result()
