"""Who uses the store now, and who waits for a turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from exporter.errors import StoreError

TURN_SECONDS = 30.0


class Turns:
    """As many at once as are good for the store; the others wait, first come, first served.

    ``check`` raises ``StoreError`` while the store hangs: who has been waiting then is told so, rather than wait
    another time for the same.
    """

    def __init__(self, at_once: int, check: Callable[[], None]) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._check = check

    @asynccontextmanager
    async def one(self, *, unchecked: bool = False) -> AsyncIterator[None]:
        """``unchecked`` for who wants to know whether the store still hangs."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise StoreError(f"store: others have been using it for {TURN_SECONDS:g} s") from None
        try:
            if not unchecked:
                self._check()
            yield
        finally:
            self._free.release()
