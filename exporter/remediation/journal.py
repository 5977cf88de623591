"""What becomes of a job: written into the store first, then counted and logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import structlog

from exporter.clock import Clock, format_timestamp
from exporter.config.settings import Remediation
from exporter.remediation.lease import LEASE
from exporter.remediation.refusal import Refusal
from exporter.self_metrics import OUTCOMES, SelfMetrics
from exporter.store.batches import FAILED, BatchStore, Listed, Outcome
from exporter.store.job import CANCELLED, Job
from exporter.store.jobs import JobStore
from exporter.store.refusals import RefusalRow, RefusalStore

log = structlog.get_logger(__name__)


class Journal:
    """Raises ``StoreError`` and ``LeaseLost``; what is not in the store is not counted either."""

    def __init__(
        self,
        jobs: JobStore,
        batches: BatchStore,
        refusals: RefusalStore,
        metrics: SelfMetrics,
        settings: Callable[[], Remediation],
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._refusals = refusals
        self._metrics = metrics
        self._settings = settings
        self._clock = clock

    async def record(self, job: Job, number: int, outcomes: Mapping[str, Outcome], fault: str = "") -> None:
        """What became of a batch: the outcome of each error id."""
        await self._batches.record(job, number, outcomes, self._clock.time(), LEASE, fault)
        counts = Counter(each.outcome for each in outcomes.values())
        for outcome, count in counts.items():
            if outcome in OUTCOMES:
                self._metrics.records(job.integration, job.action, outcome, count)
        log.info("resync request ended", integration=job.integration, job=job.id, batch=number, **counts)

    async def list_records(self, job: Job, records: Sequence[Listed], calls: int, refusals: Sequence[Refusal]) -> None:
        """What the job is to resync, and what not: all of it in one step, which is not taken twice."""
        now = self._clock.time()
        await self._batches.list_records(job, records, calls, now, self._rows(job, refusals))
        self._count(job, refusals)

    async def refuse(self, job: Job, refusal: Refusal) -> None:
        """What was not done, and why."""
        (row,) = self._rows(job, [refusal])
        await self._refusals.refuse(row)
        self._count(job, [refusal])

    def _rows(self, job: Job, refusals: Sequence[Refusal]) -> list[RefusalRow]:
        now = self._clock.time()
        return [RefusalRow(now, job.integration, job.alert, one.reason, one.detail, job.id) for one in refusals]

    def _count(self, job: Job, refusals: Sequence[Refusal]) -> None:
        for refusal in refusals:
            self._metrics.refusal(job.integration, refusal.reason)

    async def finish(self, job: Job, state: str, message: str, refusals: Sequence[Refusal] = ()) -> None:
        """The job ends in one of the states ``ENDED``, maybe because of refusals; some time later it is looked what it
        has cured."""
        now = self._clock.time()
        look_at = now + self._settings().verify_after
        lost = await self._jobs.finish(job, state, message, now, look_at, self._rows(job, refusals))
        self._count(job, refusals)
        if lost and state != CANCELLED:  # those were never to be resynced, so it is no failure
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
