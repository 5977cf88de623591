"""Pieces of work side by side, no more at once than there are lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Lanes:
    """``async with Lanes(3) as lanes: await lanes.run(work) …``; at the end all work has come to its end.

    After a failure no more work begins: it is raised by the next ``run``, or at the end, once what is under way has
    ended. Cancelled, all work is.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Begins the work, and returns when there is a lane for more."""
        self._under_way.add(asyncio.create_task(work))
        if len(self._under_way) >= self._count:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        ended = {task for task in self._under_way if task.done()}
        self._under_way -= ended
        await asyncio.gather(*ended)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, asyncio.CancelledError):
            for task in self._under_way:
                task.cancel()
        ended = await asyncio.gather(*self._under_way, return_exceptions=True)
        failures = [end for end in ended if isinstance(end, BaseException)]
        if error is None and failures:
            raise failures[0]
