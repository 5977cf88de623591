"""The queues of jobs as metrics show them."""

from __future__ import annotations

from collections import Counter

import structlog

from exporter.clock import Clock
from exporter.errors import StoreError
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.job import CANCELLED, DONE, FAILED, PARTLY_FAILED
from exporter.store.jobs import JobStore, Queue

QUEUE_LOOK = 15.0
"""Seconds after which the metrics of the queues are brought up to date: another replica may fill one, or empty it."""

_SHOWN_AS = {PARTLY_FAILED: FAILED, CANCELLED: DONE}
"""States that ``resync_jobs{state}`` has no value for: somebody has to look at the one, nobody at the other."""

log = structlog.get_logger(__name__)


class Queues:
    """The queue of every integration, shown as it stands in the store."""

    def __init__(self, jobs: JobStore, snapshots: Snapshots, metrics: SelfMetrics, clock: Clock) -> None:
        self._jobs = jobs
        self._snapshots = snapshots
        self._metrics = metrics
        self._clock = clock

    async def show(self, integration: str) -> None:
        """Brings the job metrics of an integration up to date."""
        queues = await self._jobs.queues(integration)
        self._show(integration, queues.get(integration, Queue()))

    async def show_all(self) -> None:
        """All of them, by one look at the store."""
        queues = await self._jobs.queues()
        for integration in self._snapshots.integrations:
            self._show(integration, queues.get(integration, Queue()))

    def _show(self, integration: str, queue: Queue) -> None:
        shown: Counter[str] = Counter()
        for state, count in queue.by_state.items():
            shown[_SHOWN_AS.get(state, state)] += count
        self._metrics.jobs(integration, shown, queue.oldest_queued_at, queue.needing_approval)

    async def watch(self) -> None:
        """Shows the queues as they are, whoever of the replicas fills them and works them off."""
        while True:
            await self._clock.sleep(QUEUE_LOOK)
            try:
                await self.show_all()
            except StoreError as error:
                log.debug("queues not seen", error=str(error))
