"""Many small transactions of one process in one commit of SQLite, which waits for the disk at every commit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from exporter.errors import StoreError
from exporter.store.health import NoAnswer
from exporter.store.sqlite import File
from exporter.store.turns import Turns

GATHER = 0.025
"""Seconds that a batch waits for others where several are under way at once, if all in it can wait."""
ENOUGH = 8
"""Works that wait are a batch without further ado: what is shared by so many costs each an eighth."""

T = TypeVar("T")

Work = Callable[[sa.Connection], T]
"""Reads and writes of one caller. It may be run again from the start, so it does nothing else."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A work and who waits for it."""

    work: Work[Any]
    done: asyncio.Future[Any]

    def succeed(self, result: Any) -> None:
        # Who was cancelled does not wait any more.
        if not self.done.done():
            self.done.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class GroupCommit:
    """Carries out works in the order in which they come; those that come during a commit share the next one.

    All of it happens in the file's thread, a batch at a time: the event loop goes on meanwhile. A batch has its turn,
    so that nobody else in this process is in the middle of a transaction.

    Who is alone waits for nobody; where a batch was shared, the next one is worth waiting for as well: a commit takes
    six times the CPU of what is done in it.
    """

    def __init__(self, file: File, turns: Turns, gather: float = GATHER) -> None:
        self._file = file
        self._turns = turns
        self._gather = gather
        self._waiting: list[_Waiting] = []
        self._shared = False
        self._go = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run(self, work: Work[T], *, patient: bool = False) -> T:
        """What ``work`` returned, once it is committed; raises what it raised, once it is rolled back. One that is
        ``patient`` may wait for others."""
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if not patient or len(self._waiting) >= ENOUGH:
            self._go.set()
        if self._task is None:
            self._task = asyncio.create_task(self._carry_out_all())
        result: T = await waiting.done
        return result

    async def close(self) -> None:
        """What has been asked for is carried out first."""
        self._go.set()
        if self._task is not None:
            await self._task

    async def _carry_out_all(self) -> None:
        while self._waiting:
            await self._gathered()
            try:
                async with self._turns.one():
                    batch = self._taken()
                    self._shared = len(batch) > 1
                    await self._carry_out(batch)
            except StoreError as error:
                for each in self._taken():
                    each.fail(error)
        self._task = None

    async def _gathered(self) -> None:
        """Returns when it is time for the next batch."""
        if self._shared:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._gather):
                    await self._go.wait()
        self._go.clear()

    def _taken(self) -> list[_Waiting]:
        """All who wait still."""
        batch, self._waiting = self._waiting, []
        return [each for each in batch if not each.done.done()]

    async def _carry_out(self, batch: Sequence[_Waiting]) -> None:
        """All of them in one transaction; each in its own if one spoils that of the others."""
        try:
            results = await self._file.committed(lambda connection: [each.work(connection) for each in batch])
        except Exception as error:  # noqa: BLE001  it goes to those who wait
            # A store that is away is away for everybody.
            if len(batch) == 1 or isinstance(error, OperationalError | OSError | NoAnswer):
                for each in batch:
                    each.fail(error)
            else:
                for each in batch:
                    await self._carry_out([each])
        else:
            for each, result in zip(batch, results, strict=True):
                each.succeed(result)
