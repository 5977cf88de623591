"""The steps of a job. Each is in the store before the next begins, so a kill between any two loses nothing.

A job runs *list → mark → send → record → mark → send → record → … → finish*. Killed before the list is stored, it lists
again. Killed between *mark* and *record*, it asks which of the errors that were marked are still there and sends only
these again, never the job from the start; a request that the other side knows again it just sends again.

After its first batches a job stops once, until it can be seen whether they have cured anything: see ``trial``.
"""

from __future__ import annotations

from dataclasses import replace

from exporter.catalog.catalog import UNSYNCED
from exporter.clock import Clock
from exporter.model import SyncError, WaitingRecord
from exporter.remediation.actions import Action, backlog_of
from exporter.remediation.catching_up import SETTLING, lasted_since, looks_at
from exporter.remediation.clearing import Clearing
from exporter.remediation.journal import Journal
from exporter.remediation.lanes import Lanes
from exporter.remediation.lease import LEASE, Lease
from exporter.remediation.order import order_of
from exporter.remediation.outcomes import ended, outcomes_of, settled
from exporter.remediation.plan import CURED_ALREADY, Plan, pair_of
from exporter.remediation.planner import Planner
from exporter.remediation.refusal import Refusal
from exporter.remediation.trial import Trial
from exporter.remediation.waiting import Waiting
from exporter.store.batches import PENDING, SENDING, Batch, BatchStore, Listed
from exporter.store.job import DONE, Job
from exporter.store.jobs import JobStore


class Steps:
    """Takes a job through its steps; raises ``UpstreamError``, ``StoreError`` and ``LeaseLost``."""

    def __init__(
        self,
        jobs: JobStore,
        batches: BatchStore,
        journal: Journal,
        waiting: Waiting,
        planner: Planner,
        trial: Trial,
        clearing: Clearing,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._journal = journal
        self._waiting = waiting
        self._planner = planner
        self._trial = trial
        self._clearing = clearing
        self._clock = clock

    async def take(self, job: Job, action: Action, lease: Lease) -> None:
        """To the end of the job, or until it has to wait."""
        if job.listed and not await self._has_work(job):
            await self._end(job)  # it was cut off just before, and there is nothing left to wait for
            return
        if not await self._clearing.is_over(job, action, lease):
            return
        if not await self._waiting.may_go_on(job, await self._records_left(job)):
            return
        if not job.listed:
            if not await self._is_settled(job, action):
                return
            planned = await self._list(job, action)
            # What it comes to is known only now.
            if not planned or not await self._waiting.may_go_on(job, planned):
                return
            job = replace(job, planned=planned)
        job = replace(job, refused_for="")  # what is refused from here on is news
        await self._settle_doubts(job, action, lease)
        tried = await self._trial.ended(job, action)
        if tried is not None and await self._send_all(tried, action, lease):
            await self._end(tried)

    async def _is_settled(self, job: Job, action: Action) -> bool:
        """Whether HubSpot has had its time to sync by itself what an alert has left behind; else the job waits."""
        backlog, now = backlog_of(action), self._clock.time()
        at = now if backlog is None else looks_at(job, backlog.grace, now)
        if at > now:
            words = "HubSpot syncs by itself what has waited; what is left of it is resynced then"
            await self._jobs.postpone(job, now, at - now, None, words, SETTLING)
        return at <= now

    async def _has_work(self, job: Job) -> bool:
        """Whether a record of it has no outcome yet."""
        return not {PENDING, SENDING}.isdisjoint(await self._batches.by_outcome(job))

    async def _records_left(self, job: Job) -> int:
        return (await self._batches.left(job, self._clock.time())).total if job.listed else 0

    async def _list(self, job: Job, action: Action) -> int:
        """Fixes the records of the job, and returns how many; 0 if there is none to resync, which ends the job."""
        guards = self._waiting.guards(job.integration)
        plan, found = await self._planner.plan(job.integration, order_of(job), action, guards, job.id)
        refusals = [_left_out(reason, count, found) for reason, count in plan.refused.items()]
        if not plan.errors:
            nothing = [] if found else [Refusal("no_records", _none_left(job))]
            await self._journal.finish(job, DONE, "nothing to resync", refusals + nothing)
            return 0
        await self._journal.list_records(job, _listed(plan), plan.calls, refusals)
        return len(plan.errors)

    async def _settle_doubts(self, job: Job, action: Action, lease: Lease) -> None:
        """A request whose answer nobody recorded: an error that is gone was resynced, one still there is sent again."""
        doubtful = await self._batches.in_doubt(job)
        if not doubtful:
            return
        if action.repeatable:
            for batch in doubtful:
                await self._send(job, action, batch, lease)
            return
        still_there = {error.id for error in await action.find(job.errors, since=lasted_since(job))}
        for batch in doubtful:
            await self._journal.record(job, batch.number, settled(batch, still_there), "the answer was lost")

    async def _send_all(self, job: Job, action: Action, lease: Lease) -> bool:
        """Batch after batch to the end; ``False`` if the job has to wait meanwhile."""
        while True:
            now = self._clock.time()
            left = await self._batches.left(job, now)
            if not left.total:
                return True
            if left.pause is not None and not left.now:
                words = f"{left.later} records were refused and are asked for again"
                await self._jobs.postpone(job, now, left.pause, None, words, "")
                return False
            if await self._trial.is_due(job, action):
                await self._trial.begin(job)
                return False
            if not await self._waiting.may_go_on(job, min(left.now, action.batch_size)):
                return False
            await self._send_some(job, action, lease)

    async def _send_some(self, job: Job, action: Action, lease: Lease) -> None:
        """As many batches at once as the action has lanes, while nothing stands against the next."""
        async with Lanes(action.lanes) as lanes:
            while not await self._trial.is_due(job, action):
                left = await self._batches.left(job, self._clock.time())
                if not left.now or not await self._waiting.is_open(job, min(left.now, action.batch_size)):
                    return
                batch = await self._batches.begin_batch(job, action.batch_size, self._clock.time(), LEASE)
                if batch is None:
                    return
                await lanes.run(self._send(job, action, batch, lease))

    async def _send(self, job: Job, action: Action, batch: Batch, lease: Lease) -> None:
        """One request, and what is recorded of it."""
        async with lease.held():
            refused = await action.resync(batch.error_ids, job)
        outcomes = outcomes_of(batch, refused, job.max_attempts, self._clock.time())
        await self._journal.record(job, batch.number, outcomes)

    async def _end(self, job: Job) -> None:
        await self._journal.finish(job, *ended(await self._batches.by_outcome(job)))


def _left_out(reason: str, count: int, found: int) -> Refusal:
    """Records of a plan that are not resynced, so many of those that were found."""
    why = ": cured since the export that lists them" if reason == CURED_ALREADY else ""
    return Refusal(reason, f"{count} of {found} records{why}")


def _listed(plan: Plan) -> list[Listed]:
    return [
        Listed(error.id, error.record, *pair_of(error), plan.earlier_attempts.get(error.record, 0), _due(error))
        for error in plan.errors
    ]


def _due(error: SyncError) -> float | None:
    """Since when it waits, where that is known."""
    return error.changed_at if isinstance(error, WaitingRecord) else None


def _none_left(job: Job) -> str:
    """Of records that wait nobody says that they are errors."""
    categories = {category for category, _error_type in job.errors}
    return "no such record waits any more" if categories == {UNSYNCED} else "no such error is left"
