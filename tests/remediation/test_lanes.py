"""Work side by side: how much at once, and what a failure or the end of all does to it."""

from __future__ import annotations

import asyncio

import pytest

from exporter.remediation.lanes import Lanes


class Work:
    """Pieces that end when they are let go; ``most`` is how many were under way at once."""

    def __init__(self) -> None:
        self.go: dict[int, asyncio.Event] = {}
        self.ended: list[int] = []
        self.cancelled: list[int] = []
        self.most = 0

    async def piece(self, number: int, error: Exception | None = None) -> None:
        self.go[number] = asyncio.Event()
        self.most = max(self.most, len(self.go) - len(self.ended))
        try:
            await self.go[number].wait()
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        self.ended.append(number)
        if error is not None:
            raise error


async def turns() -> None:
    """Everybody who has something to do does it."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_at_once_than_there_are_lanes() -> None:
    """The next begins as soon as one ends, whichever; at the end all have."""
    work = Work()

    async def all_of_it() -> None:
        async with Lanes(3) as lanes:
            for number in range(7):
                await lanes.run(work.piece(number))

    task = asyncio.create_task(all_of_it())
    for number in (1, 0, 2, 4, 3, 6, 5):
        await turns()
        work.go[number].set()
    await task
    assert (work.most, work.ended) == (3, [1, 0, 2, 4, 3, 6, 5])


async def test_after_a_failure_no_more_begins_and_what_is_under_way_ends() -> None:
    """Then it is raised."""
    work = Work()

    async def all_of_it() -> None:
        async with Lanes(2) as lanes:
            for number in range(9):
                await lanes.run(work.piece(number, ValueError("first") if number == 0 else None))

    task = asyncio.create_task(all_of_it())
    await turns()
    work.go[0].set()
    await turns()
    assert not task.done()
    work.go[1].set()
    with pytest.raises(ValueError, match="first"):
        await task
    assert work.ended == [0, 1]


async def test_a_failure_of_the_last_is_raised_at_the_end() -> None:
    """It is not lost because nothing is begun after it."""
    work = Work()

    async def all_of_it() -> None:
        async with Lanes(5) as lanes:
            await lanes.run(work.piece(0, ValueError("last")))

    task = asyncio.create_task(all_of_it())
    await turns()
    work.go[0].set()
    with pytest.raises(ValueError, match="last"):
        await task


async def test_cancelled_all_work_is() -> None:
    """A process that stops waits for nothing."""
    work = Work()

    async def all_of_it() -> None:
        async with Lanes(2) as lanes:
            for number in range(3):
                await lanes.run(work.piece(number))

    task = asyncio.create_task(all_of_it())
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(work.cancelled) == [0, 1]
