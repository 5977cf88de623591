"""The circuit breaker: a job of many batches shows with its first ones that it cures something, or it ends there.

Resyncing an error whose cause is still there only burns API calls, and a property that is not mapped cures nothing at
all, however often it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from exporter.clock import Clock
from exporter.config.settings import Remediation
from exporter.remediation.actions import Action
from exporter.remediation.journal import Journal
from exporter.remediation.prover import Prover
from exporter.remediation.refusal import Refusal
from exporter.store.batches import BatchStore
from exporter.store.job import FAILED, TRIAL_PASSED, TRIAL_SENT, Job
from exporter.store.jobs import JobStore
from exporter.store.proofs import CURED

TRIAL_BATCHES = 2
"""A job of no more is over before anything could be seen of it."""


class Trial:
    """Decides after the first batches of a job whether there are to be more."""

    def __init__(
        self,
        jobs: JobStore,
        batches: BatchStore,
        journal: Journal,
        prover: Prover,
        settings: Callable[[], Remediation],
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._journal = journal
        self._prover = prover
        self._settings = settings
        self._clock = clock

    async def is_due(self, job: Job, action: Action) -> bool:
        """Whether the first batches of the job are sent and nobody has looked what they did."""
        if job.trial or not action.on_trial or (job.planned or 0) <= TRIAL_BATCHES * action.batch_size:
            return False
        return await self._batches.sent(job) >= TRIAL_BATCHES

    async def begin(self, job: Job) -> None:
        """Puts the job off until it can be seen what its first batches did."""
        pause = self._settings().verify_after
        words = "the first batches are sent; it goes on once they have cured something"
        await self._jobs.postpone(job, self._clock.time(), pause, 0, words, "", trial=TRIAL_SENT)

    async def ended(self, job: Job, action: Action) -> Job | None:
        """The job as it goes on; ``None`` if its first batches have cured nothing, which ends it."""
        if job.trial != TRIAL_SENT:
            return job
        sent, proofs = await self._prover.seen(job, action)
        # Where nobody can see what was done, nothing speaks against going on.
        if CURED in proofs.values() or (sent and not proofs):
            await self._jobs.note(job, trial=TRIAL_PASSED)
            return replace(job, trial=TRIAL_PASSED)
        detail = f"none of the first {len(sent)} records is cured" if sent else "none of the first records was accepted"
        await self._journal.finish(job, FAILED, f"stopped: {detail}", [Refusal("circuit_open", detail)])
        return None
