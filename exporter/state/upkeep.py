"""What the exporter itself lacks, as whoever runs it has to know: a store that takes writes, the configuration as the
files have it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from exporter.self_metrics import SelfMetrics

PAUSE_SECONDS = 10.0
"""Between two looks at the store, so that every scrape shows a new one. Not at the scrape, which must not wait for a
store that hangs."""


class Upkeep:
    """``look_at_store`` says why the store takes no writes, ``None`` if it does: what ``/-/ready`` asks.

    Both begin as good: a process whose store or configuration cannot be used does not come so far.
    """

    def __init__(self, look_at_store: Callable[[], Awaitable[str | None]], metrics: SelfMetrics) -> None:
        self._look_at_store = look_at_store
        self._metrics = metrics
        self.store_problem: str | None = None
        self.is_reloaded = True

    def reloaded(self, successful: bool) -> None:
        """Whether the last reload of the configuration was applied."""
        self.is_reloaded = successful
        self._metrics.reloaded(successful)

    async def look(self) -> None:
        """At the store, once."""
        self.store_problem = await self._look_at_store()
        self._metrics.store_up(self.store_problem is None)

    async def watch(self, pause: float = PAUSE_SECONDS) -> None:
        """Looks until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(pause)
