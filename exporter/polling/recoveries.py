"""Keeps what has ended a suspension, so that it has ended it for good: HubSpot may be out of reach a minute later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from exporter.clock import Clock
from exporter.errors import StoreError
from exporter.model import Recovery
from exporter.state.facts import facts_of
from exporter.state.recovery import kept_recovery
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots
from exporter.store.recoveries import RecoveryStore

STORE_PAUSE = 30.0
"""Seconds until it is tried again to store it."""

log = structlog.get_logger(__name__)


class Recoveries:
    """Looks at every new snapshot. Each replica keeps what it sees; they see the same."""

    def __init__(self, store: RecoveryStore, snapshots: Snapshots, clock: Clock) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._new: dict[str, Recovery] = {}
        self._woken = asyncio.Event()
        snapshots.watch(self._look, self._forget)

    async def read(self) -> Mapping[str, Recovery]:
        """All that are kept; raises ``StoreError``."""
        return await self._store.all()

    def show(self, kept: Mapping[str, Recovery]) -> None:
        """Shows each whose integration is configured."""
        for integration, recovery in kept.items():
            if integration in self._snapshots:
                self._snapshots.recovered(integration, recovery)

    async def run(self) -> None:
        """Keeps what is seen until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            if not await self.keep():
                await self._clock.sleep(STORE_PAUSE)
                self._woken.set()

    async def keep(self) -> bool:
        """Keeps what was seen since; ``False`` if something could not be stored."""
        for integration, recovery in tuple(self._new.items()):
            if integration in self._snapshots and kept_recovery(self._snapshots[integration]) != recovery:
                self._snapshots.recovered(integration, recovery)
                log.info("suspension ended by evidence", integration=integration, seen=recovery.detail)
            try:
                await self._store.put(integration, recovery)
            except StoreError as error:
                log.debug("end of a suspension not stored", integration=integration, error=str(error))
                return False
            if self._new.get(integration) == recovery:
                del self._new[integration]
        return True

    def _look(self, snapshot: Snapshot) -> None:
        recovery = facts_of(snapshot, self._clock.time()).recovery
        if recovery is None or recovery == kept_recovery(snapshot) or snapshot.integration in self._new:
            return
        self._new[snapshot.integration] = recovery
        self._woken.set()

    def _forget(self, integration: str) -> None:
        self._new.pop(integration, None)
