"""Keeps the ledger from growing for ever."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from exporter.clock import Clock
from exporter.config.settings import Remediation
from exporter.errors import StoreError
from exporter.store.database import Database
from exporter.store.retention import forget_before

LEDGER_PAUSE = 3600.0
"""Seconds between looks."""

log = structlog.get_logger(__name__)


class Ledger:
    """Forgets what is older than the configured retention."""

    def __init__(self, database: Database, settings: Callable[[], Remediation], clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

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
