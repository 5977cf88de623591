"""A clock that the story moves."""

from __future__ import annotations

import asyncio

from tests.clocks import ManualClock

SHORT = 1.0


class StoryClock(ManualClock):
    """A pause of less than a second passes at once; a longer one ends when the story has come that far."""

    async def sleep(self, seconds: float) -> None:
        if 0 < seconds < SHORT:
            self.advance(seconds)
            await asyncio.sleep(0)
        else:
            await super().sleep(seconds)

    def move_to(self, moment: float) -> None:
        self.advance(max(0.0, moment - self.time()))
