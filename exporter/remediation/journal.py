"""What becomes of a job: written into the store first, then counted and logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import structlog

from exporter.clock import Clock, format_timestamp
from exporter.remediation.lease import LEASE
from exporter.remediation.refusal import Refusal
from exporter.self_metrics import OUTCOMES, SelfMetrics
from exporter.store.batches import FAILED, BatchStore
from exporter.store.job import Job
from exporter.store.jobs import JobStore
from exporter.store.refusals import RefusalRow, RefusalStore

log = structlog.get_logger(__name__)


class Journal:
    """Raises ``StoreError``; what is not in the store is not counted either."""

    def __init__(
        self, jobs: JobStore, batches: BatchStore, refusals: RefusalStore, metrics: SelfMetrics, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._refusals = refusals
        self._metrics = metrics
        self._clock = clock

    async def record(self, job: Job, outcomes: Mapping[str, tuple[str, str]]) -> None:
        """Outcome and reason of each error id of a request."""
        await self._batches.record(job, outcomes, self._clock.time(), LEASE)
        for outcome, count in Counter(outcome for outcome, _ in outcomes.values()).items():
            if outcome in OUTCOMES:
                self._metrics.records(job.integration, job.action, outcome, count)

    async def refuse(self, job: Job, refusal: Refusal) -> None:
        """What was not done, and why."""
        now = self._clock.time()
        await self._refusals.refuse(RefusalRow(now, job.integration, job.alert, refusal.reason, refusal.detail))
        self._metrics.refusal(job.integration, refusal.reason)

    async def finish(self, job: Job, state: str, message: str) -> None:
        """The job ends as ``done`` or ``failed``."""
        now = self._clock.time()
        lost = await self._jobs.finish(job, state, message, now)
        if lost:
            self._metrics.records(job.integration, job.action, FAILED, lost)
        log.info(
            "resync job ended",
            integration=job.integration,
            job=job.id,
            alert=job.alert,
            state=state,
            message=message,
            accepted_at=format_timestamp(job.created_at),
        )
