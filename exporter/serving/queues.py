"""Who waits for something that is done for one at a time, sender after sender."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

EACH = 32
"""Who may wait of one sender: more than scrape by the same way at a time."""
ALL = 256
"""And of all together: half of the connections, so that those who wait keep nobody else out."""


class CrowdedError(Exception):
    """Too many wait already."""


class Queues:
    """One queue a sender: who sends a hundred at a time holds up nobody but himself."""

    def __init__(self, each: int = EACH, together: int = ALL) -> None:
        self._each = each
        self._together = together
        self._waiting: Counter[str] = Counter()
        self._first: dict[str, asyncio.Lock] = {}
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def first_of(self, sender: str) -> AsyncIterator[None]:
        """Until one is the first of this sender's queue; raises ``CrowdedError`` rather than wait behind too many."""
        if self._waiting[sender] >= self._each or self._waiting.total() >= self._together:
            raise CrowdedError
        self._waiting[sender] += 1
        try:
            async with self._first.setdefault(sender, asyncio.Lock()):
                yield
        finally:
            self._waiting[sender] -= 1
            if not self._waiting[sender]:
                del self._waiting[sender], self._first[sender]

    def turn(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Of one of those who are first, in the order in which they became it: sender after sender."""
        return self._turn
