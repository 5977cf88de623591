"""HubSpot lets an account search five times a second; here searches wait for their turn.

Not a library: those at hand are leaky or token buckets (aiolimiter and its like), which let a burst through after a
pause, so that ten searches may fall into one second; they also read the loop's own clock, which tests could not move.
What is wanted is less: searches of one account leave one after the other, evenly.
"""

from __future__ import annotations

import asyncio

from exporter.clients.hubspot.shared_turns import SharedTurns
from exporter.clock import Clock

SEARCHES_PER_SECOND = 5
"""HubSpot's limit, per account, shared with every other program that searches there."""

SPACING = 1.1 / SEARCHES_PER_SECOND
"""Seconds between two searches: a tenth more than needed, so that the network cannot push a sixth into a second."""


LATE = (SPACING * SEARCHES_PER_SECOND - 1.0) / 2
"""Seconds by which one search may leave late without a sixth in the second after it; as much is left to the network."""

ALONE = 2.0
"""A replica that cannot ask the store which turns are taken takes only every second: another one may do the same."""


class SearchPace:
    """The turns of one account, shared with other replicas or not."""

    def __init__(self, clock: Clock, shared: SharedTurns | None = None) -> None:
        self._clock = clock
        self._shared = shared
        self._turn = asyncio.Lock()
        self._free_at = 0.0

    async def wait(self) -> None:
        """Returns when it is this search's turn; who asked first goes first."""
        spacing = SPACING
        if self._shared is not None:
            if await self._shared.wait(SPACING, LATE):
                return
            spacing *= ALONE
        async with self._turn:
            # A clock that was set back must not stop the searches: the wait is never longer than the spacing.
            await self._clock.sleep(min(spacing, self._free_at - self._clock.time()))
            self._free_at = self._clock.time() + spacing
