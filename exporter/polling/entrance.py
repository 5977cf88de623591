"""Where the first polls of a process pass: begun all at once, thousands of them would run into their own deadline.

What bounds them is this process alone, as each asks another org; so one gives its place up once it has had it for a
while: it waits for its API then, and one API that hangs does not keep the others' polls waiting. Later rounds need no
such place: they are as far apart as the first ones were.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PLACES = 32
HELD_FOR = 5.0
"""Seconds. With a deadline of thirty no more than six times as many polls are ever under way as there are places: they
end in time on a tenth of a processor too, or at an API that answers ten a second."""


class Entrance:
    """Whoever comes first goes first, but for those that are slow by nature: they go when no other waits."""

    def __init__(self, places: int = PLACES, held_for: float = HELD_FOR) -> None:
        self.free = places
        """Places that nobody has."""
        self._held_for = held_for
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    @asynccontextmanager
    async def place(self, *, slow: bool = False) -> AsyncIterator[None]:
        """One of the places, until the end or until it has been held for long enough."""
        await self._enter(slow)
        held = True

        def give_up() -> None:
            nonlocal held
            if held:
                held = False
                self._leave()

        timer = asyncio.get_running_loop().call_later(self._held_for, give_up)
        try:
            yield
        finally:
            timer.cancel()
            give_up()

    async def _enter(self, slow: bool) -> None:
        if self.free:
            self.free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (slow, next(self._numbers), place))
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            place = heapq.heappop(self._waiting)[2]
            if not place.done():
                place.set_result(None)
                return
        self.free += 1
