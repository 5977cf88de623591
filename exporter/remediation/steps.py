"""The steps of a job. Each is in the store before the next begins, so a kill between any two loses nothing.

A job runs *list → mark → send → record → mark → send → record → … → finish*. Killed before the list is stored, it lists
again. Killed between *mark* and *record*, it asks which of the errors that were marked are still there and sends only
these again, never the job from the start; a request that the other side knows again it just sends again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exporter.clock import Clock
from exporter.remediation.actions import Action
from exporter.remediation.choice import choose
from exporter.remediation.journal import Journal
from exporter.remediation.lanes import Lanes
from exporter.remediation.order import order_of
from exporter.remediation.refusal import Refusal
from exporter.remediation.waiting import Waiting
from exporter.store.batches import FAILED, PENDING, SUCCEEDED, BatchStore
from exporter.store.job import Job


class Steps:
    """Takes a job through its steps; raises ``UpstreamError`` and ``StoreError``."""

    def __init__(self, batches: BatchStore, journal: Journal, waiting: Waiting, clock: Clock) -> None:
        self._batches = batches
        self._journal = journal
        self._waiting = waiting
        self._clock = clock

    async def take(self, job: Job, action: Action) -> None:
        """To the end of the job, or until it has to wait."""
        if not await self._waiting.may_go_on(job):
            return
        job = replace(job, refused_for="")  # what is refused from here on is news
        if not job.listed and not await self._list(job, action):
            return
        await self._settle_doubts(job, action)
        if await self._send_all(job, action):
            await self._journal.finish(job, "done", "")

    async def _list(self, job: Job, action: Action) -> bool:
        """Fixes the records of the job; ``False`` if there is none to resync, which ends the job."""
        errors = await action.find(job.errors)
        now = self._clock.time()
        attempts = await self._batches.attempts(job.integration, {error.record for error in errors}, now)
        choice = choose(errors, order_of(job), attempts, now)
        for reason, count in choice.refused.items():
            await self._journal.refuse(job, Refusal(reason, f"{count} of {len(errors)} records"))
        if not choice.errors:
            if not errors:
                await self._journal.refuse(job, Refusal("no_records", "no such error is left"))
            await self._journal.finish(job, "done", "nothing to resync")
            return False
        await self._batches.list_records(job, [(error.id, error.record) for error in choice.errors], now)
        return True

    async def _settle_doubts(self, job: Job, action: Action) -> None:
        """A request whose answer nobody recorded: an error that is gone was resynced, one still there is sent again."""
        doubtful = await self._batches.in_doubt(job)
        if not doubtful:
            return
        if action.repeatable:
            await self._send(job, action, doubtful)
            return
        still_there = {error.id for error in await action.find(job.errors)}
        await self._journal.record(
            job,
            {
                error_id: (PENDING, "") if error_id in still_there else (SUCCEEDED, "gone after the request")
                for error_id in doubtful
            },
        )

    async def _send_all(self, job: Job, action: Action) -> bool:
        """Batch after batch, as many at once as the action has lanes; ``False`` if the job has to wait meanwhile."""
        async with Lanes(action.lanes) as lanes:
            while await self._batches.pending(job):
                if not await self._waiting.may_go_on(job):
                    return False
                error_ids = await self._batches.begin_batch(job, action.batch_size)
                await lanes.run(self._send(job, action, error_ids))
        return True

    async def _send(self, job: Job, action: Action, error_ids: Sequence[str]) -> None:
        """One request, and what is recorded of it."""
        refused_ids = await action.resync(error_ids, job)
        outcomes = {
            error_id: (SUCCEEDED, "") if why is None else (FAILED, why) for error_id, why in refused_ids.items()
        }
        await self._journal.record(job, outcomes)
