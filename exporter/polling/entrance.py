"""Where the first polls of a process pass: begun all at once, thousands of them would run into their own deadline.

What bounds them is this process alone, as each asks another org; so one gives its place up once it has had it for a
while: it waits for its API then. Each source has places of its own, so that an API that hangs keeps none of another API
waiting. Later rounds need no such place: they are as far apart as the first ones were.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PLACES = 16
"""Of each source."""
HELD_FOR = 2.0
"""Seconds. With a deadline of thirty no more than fifteen times as many polls of a source are ever under way as it has
places: they end in time at an API that answers ten a second, and, of several sources, on a tenth of a processor."""

_SLOW = "slow by nature"
"""What all such sources have in common."""


class Entrance:
    """Whoever comes first goes first among those of its ``source``; those that are slow by nature go when no other
    waits."""

    def __init__(self, places: int = PLACES, held_for: float = HELD_FOR) -> None:
        self.free: defaultdict[str, int] = defaultdict(lambda: places)
        """Places that nobody has, of each source that has asked for one."""
        self._held_for = held_for
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    @asynccontextmanager
    async def place(self, source: str, *, slow: bool = False) -> AsyncIterator[None]:
        """One of the places, until the end or until it has been held for long enough."""
        queue = _SLOW if slow else source
        await self._enter(queue)
        held = True

        def give_up() -> None:
            nonlocal held
            if held:
                held = False
                self._leave(queue)

        timer = asyncio.get_running_loop().call_later(self._held_for, give_up)
        try:
            yield
        finally:
            timer.cancel()
            give_up()

    async def _enter(self, queue: str) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting[queue].append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._leave(queue)
            raise

    def _leave(self, queue: str) -> None:
        self.free[queue] += 1
        self._let_in()

    def _let_in(self) -> None:
        """Whoever there is a place for."""
        for queue in [one for one in self._waiting if one != _SLOW]:
            self._fill(queue)
        if self._waiting.keys() <= {_SLOW}:
            self._fill(_SLOW)

    def _fill(self, queue: str) -> None:
        waiting = self._waiting[queue]
        while waiting and (self.free[queue] or waiting[0].done()):
            place = waiting.popleft()
            if not place.done():
                self.free[queue] -= 1
                place.set_result(None)
        if not waiting:
            del self._waiting[queue]
