"""Time that moves on only while nobody has anything to do, so that the store's own time is none.

``ManualClock.pass_during`` moves it at every turn of the loop: a job that waits for the store would lose hours.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Coroutine
from typing import Any, TypeVar

from exporter.store.batches import BatchStore
from exporter.store.jobs import JobStore
from tests.clocks import ManualClock
from tests.remediation.bench import open_bench

T = TypeVar("T")

TURNS = 30
"""Of the loop, without anybody at the store: by then all who had something to do have done it."""


class _Watch:
    """Says when nobody waits for it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._at_work = 0
        self.rests = asyncio.Event()
        self.rests.set()

    def __getattribute__(self, name: str) -> Any:
        step = super().__getattribute__(name)
        if name.startswith("_") or not asyncio.iscoroutinefunction(step):
            return step

        async def counted(*arguments: Any, **named: Any) -> Any:
            self._at_work += 1
            self.rests.clear()
            try:
                return await step(*arguments, **named)
            finally:
                self._at_work -= 1
                if not self._at_work:
                    self.rests.set()

        return counted


class WatchedBatches(_Watch, BatchStore):
    """The records of jobs, watched."""


class WatchedJobs(_Watch, JobStore):
    """The jobs, watched."""


open_watched = functools.partial(open_bench, make_jobs=WatchedJobs, make_batches=WatchedBatches)
"""A bench whose time can be passed while it is idle."""


async def pass_when_idle(work: Coroutine[Any, Any, T], clock: ManualClock, *stores: JobStore | BatchStore) -> T:
    """Moves time on only when nobody has anything to do at this moment, nor waits for one of the stores."""
    task = asyncio.ensure_future(work)
    watched = [store for store in stores if isinstance(store, _Watch)]
    assert len(watched) == len(stores)
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
        busy = next((store for store in watched if not store.rests.is_set()), None)
        if busy is not None:
            await busy.rests.wait()
            turns = 0
        elif turns > TURNS:
            clock.advance_to_next()
            turns = 0
    return task.result()
