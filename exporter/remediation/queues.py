"""The queues of jobs as metrics show them."""

from __future__ import annotations

import structlog

from exporter.clock import Clock
from exporter.errors import StoreError
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.jobs import JobStore

QUEUE_LOOK = 30.0
"""Seconds after which the metrics of a queue that is not empty are brought up to date: another replica may empty it."""

log = structlog.get_logger(__name__)


class Queues:
    """The queue of every integration, shown as it stands in the store."""

    def __init__(self, jobs: JobStore, snapshots: Snapshots, metrics: SelfMetrics, clock: Clock) -> None:
        self._jobs = jobs
        self._snapshots = snapshots
        self._metrics = metrics
        self._clock = clock
        self._filled: set[str] = set()

    async def show(self, integration: str) -> None:
        """Brings the job metrics of an integration up to date."""
        by_state, oldest_queued_at = await self._jobs.counts(integration)
        self._filled.discard(integration)
        if integration in self._snapshots:  # it may have been removed while its job ran
            self._metrics.jobs(integration, by_state, oldest_queued_at)
            if by_state.get("queued") or by_state.get("running"):
                self._filled.add(integration)

    async def show_all(self) -> None:
        for snapshot in self._snapshots:
            await self.show(snapshot.integration)

    async def watch(self) -> None:
        """Shows of the queues we know to be filled how they are, whoever of the replicas works them off."""
        while True:
            await self._clock.sleep(QUEUE_LOOK)
            try:
                for integration in tuple(self._filled):
                    await self.show(integration)
            except StoreError as error:
                log.error("queue not seen", error=str(error))
