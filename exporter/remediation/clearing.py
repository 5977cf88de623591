"""Ends the suspension that a job was made for, before its errors are resynced."""

from __future__ import annotations

from exporter.clock import Clock
from exporter.remediation.actions import Action, ClearSuspension
from exporter.remediation.lease import Lease
from exporter.remediation.refusal import Refusal
from exporter.remediation.waiting import UNREAD_PAUSE, Waiting
from exporter.store.job import Job
from exporter.store.jobs import JobStore

CLEAR_AGAIN = 300.0
"""Seconds until the button is pressed again after HubSpot said that the cause still holds."""


class Clearing:
    """The first step of a job whose action clears suspensions; no step of any other."""

    def __init__(self, jobs: JobStore, waiting: Waiting, clock: Clock) -> None:
        self._jobs = jobs
        self._waiting = waiting
        self._clock = clock

    async def is_over(self, job: Job, action: Action, lease: Lease) -> bool:
        """Whether there is nothing to clear, any more; ``False`` if the job has to wait. Killed in the middle it clears
        again: HubSpot's button does nothing where no suspension is."""
        if job.cleared or not isinstance(action, ClearSuspension):
            return True
        if not await self._waiting.may_clear(job):
            return False
        if not self._waiting.is_suspended(job.integration):
            await self._jobs.note(job, cleared=True)
            return True
        async with lease.held():
            still = await action.clear()
        if still is not None:
            return await self._waiting.refused(job, Refusal("waiting_for_cause", f"not cleared: {still}"), CLEAR_AGAIN)
        await self._jobs.note(job, cleared=True)
        self._waiting.hasten(job.integration)
        words = "the suspension is cleared; its errors are resynced once HubSpot shows that"
        await self._jobs.postpone(job, self._clock.time(), UNREAD_PAUSE, None, words, "suspended")
        return False
