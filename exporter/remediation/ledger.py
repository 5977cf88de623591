"""Keeps the ledger from growing for ever, and its times in step with the clock."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from exporter.clock import Clock, ClockSteps
from exporter.config.settings import Remediation
from exporter.errors import StoreError
from exporter.store.database import Database
from exporter.store.retention import forget_before
from exporter.store.set_back import bring_nearer

LEDGER_PAUSE = 3600.0
"""Seconds between looks."""

log = structlog.get_logger(__name__)


class Ledger:
    """Forgets what is older than the configured retention."""

    def __init__(self, database: Database, settings: Callable[[], Remediation], clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._steps = ClockSteps(clock)

    async def follow_clock(self) -> None:
        """Where the clock was set back since the last time, nothing waits longer for it. Who shares the store has
        another clock. Raises ``StoreError``."""
        step = self._steps.since_last()
        if step < 0 and self._database.single_process:
            await bring_nearer(self._database, -step, self._clock.time())

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            try:
                forgotten = await forget_before(self._database, self._clock.time() - self._settings().retention)
            except StoreError as error:
                log.debug("ledger not shortened", error=str(error))
            else:
                if forgotten:
                    log.info("ledger shortened", jobs=forgotten)
            await self._clock.sleep(LEDGER_PAUSE)
