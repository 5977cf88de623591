"""Where the first polls of a process pass: begun all at once, thousands of them would run into their own deadline.

What bounds them is this process alone, as each asks another org; so one gives its place up once it has had it for a
while: it waits for its API then, and one API that hangs does not keep the others' polls waiting. Later rounds need no
such place: they are as far apart as the first ones were.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PLACES = 32
HELD_FOR = 1.0
"""Seconds."""


class Entrance:
    """Whoever comes first goes first."""

    def __init__(self, places: int = PLACES, held_for: float = HELD_FOR) -> None:
        self._places = asyncio.Semaphore(places)
        self._held_for = held_for

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of the places, until the end or until it has been held for long enough."""
        await self._places.acquire()
        held = True

        def give_up() -> None:
            nonlocal held
            if held:
                held = False
                self._places.release()

        timer = asyncio.get_running_loop().call_later(self._held_for, give_up)
        try:
            yield
        finally:
            timer.cancel()
            give_up()
