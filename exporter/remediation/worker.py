"""Works off resync jobs. Every step is in the store before the next begins, so a kill between any two loses nothing.

A job runs *list → mark → send → record → mark → send → record → … → finish*. Killed before the list is stored, it lists
again. Killed between *mark* and *record*, it asks which of those at most 100 errors are still there and sends only
these again, never the job from the start.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from exporter.clients.http.upstream import LONGEST_RETRY_AFTER
from exporter.clock import Clock, format_timestamp
from exporter.errors import StoreError, UpstreamError
from exporter.model import SyncHealth
from exporter.remediation.actions import Action
from exporter.remediation.choice import choose
from exporter.remediation.gate import cause_refusal, gate
from exporter.remediation.lease import LEASE, kept
from exporter.remediation.order import order_of
from exporter.remediation.refusal import Refusal
from exporter.self_metrics import OUTCOMES, SelfMetrics
from exporter.sources.sync_health import SOURCE
from exporter.state.conditions import conditions_of
from exporter.state.facts import Facts, facts_of
from exporter.state.snapshots import Snapshots
from exporter.store.batches import FAILED, PENDING, SUCCEEDED, BatchStore
from exporter.store.job import Job
from exporter.store.jobs import JobStore
from exporter.store.refusals import RefusalRow, RefusalStore

CONCURRENT_JOBS = 4
IDLE_PAUSE = 5.0
"""Seconds until the queue is looked at again when nobody wakes the worker."""

QUEUE_LOOK = 30.0
"""Seconds after which the metrics of a queue that is not empty are brought up to date: another replica may empty it."""

REFUSED_PAUSE = 60.0
"""Seconds until a job that was refused in the middle is tried again, at most."""

FIRST_RETRY, LONGEST_RETRY = 5.0, 300.0
MOST_FAILURES = 10
LONGEST_JOB = 86400.0

SYNC_HEALTH = SOURCE.name

log = structlog.get_logger(__name__)


class Worker:
    """Runs up to ``CONCURRENT_JOBS`` jobs, one an integration.

    ``look_again`` is called with an integration and a source whose last word a job waits for.
    """

    def __init__(
        self,
        jobs: JobStore,
        batches: BatchStore,
        refusals: RefusalStore,
        actions: Mapping[str, Action],
        snapshots: Snapshots,
        metrics: SelfMetrics,
        clock: Clock,
        look_again: Callable[[str, str], None],
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._refusals = refusals
        self._actions = actions
        self._snapshots = snapshots
        self._metrics = metrics
        self._clock = clock
        self._look_again = look_again
        self._woken = asyncio.Event()
        self._queued: set[str] = set()

    def wake(self) -> None:
        """There is a new job."""
        self._woken.set()

    async def restore(self) -> None:
        """Takes over what an earlier process left, and shows the queue as it is."""
        await self._jobs.release()
        for snapshot in self._snapshots:
            await self.show_queue(snapshot.integration)

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(CONCURRENT_JOBS):
                tasks.create_task(self._work(), name=f"worker {number}")
            tasks.create_task(self._watch_queues(), name="queues")

    async def show_queue(self, integration: str) -> None:
        """Brings the job metrics of an integration up to date."""
        by_state, oldest_queued_at = await self._jobs.counts(integration)
        self._queued.discard(integration)
        if integration in self._snapshots:  # it may have been removed while its job ran
            self._metrics.jobs(integration, by_state, oldest_queued_at)
            if by_state.get("queued") or by_state.get("running"):
                self._queued.add(integration)

    async def _watch_queues(self) -> None:
        """Shows of the queues we know to be filled how they are, whoever of the replicas works them off."""
        while True:
            await self._clock.sleep(QUEUE_LOOK)
            try:
                for integration in tuple(self._queued):
                    await self.show_queue(integration)
            except StoreError as error:
                log.error("queue not seen", error=str(error))

    async def _work(self) -> None:
        while True:
            # Before the look at the queue: a job that comes during it wakes us again.
            self._woken.clear()
            try:
                job = await self._jobs.claim(self._clock.time(), LEASE)
                if job is not None:
                    await self.do(job)
                    continue
            except StoreError as error:
                log.error("store failed, job goes on later", error=str(error))
            try:
                async with asyncio.timeout(IDLE_PAUSE):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def do(self, job: Job) -> None:
        """One job as far as it gets now: to its end, or back into the queue."""
        action = self._actions.get(job.integration)
        if action is None:
            await self._finish(job, FAILED, "the integration has no way to resync any more")
            await self.show_queue(job.integration)
            return
        await self.show_queue(job.integration)
        try:
            async with kept(job, self._jobs, self._clock):
                await self._steps(job, action)
        except UpstreamError as error:
            await self._failed(job, str(error), error.retry_after)
        except StoreError:
            raise
        except Exception as error:  # a bug met by one job must not stop the others
            log.exception("bug in resync", integration=job.integration, job=job.id)
            await self._failed(job, f"bug in resync: {type(error).__name__}", None)
        finally:
            await self.show_queue(job.integration)

    async def _steps(self, job: Job, action: Action) -> None:
        if not await self._may_go_on(job):
            return
        job = replace(job, refused_for="")  # what is refused from here on is news
        if not job.listed and not await self._list(job, action):
            return
        await self._settle_doubts(job, action)
        while await self._batches.pending(job):
            if not await self._may_go_on(job):
                return
            error_ids = await self._batches.begin_batch(job, action.batch_size)
            refused_ids = await action.resync(error_ids)
            outcomes = {
                error_id: (SUCCEEDED, "") if why is None else (FAILED, why) for error_id, why in refused_ids.items()
            }
            await self._record(job, outcomes)
        await self._finish(job, "done", "")

    async def _record(self, job: Job, outcomes: Mapping[str, tuple[str, str]]) -> None:
        await self._batches.record(job, outcomes, self._clock.time(), LEASE)
        for outcome, count in Counter(outcome for outcome, _ in outcomes.values()).items():
            if outcome in OUTCOMES:
                self._metrics.records(job.integration, job.action, outcome, count)

    async def _settle_doubts(self, job: Job, action: Action) -> None:
        """A request whose answer nobody recorded: an error that is gone was resynced, one still there is sent again."""
        doubtful = await self._batches.in_doubt(job)
        if not doubtful:
            return
        still_there = {error.id for error in await action.find(job.errors)}
        await self._record(
            job,
            {
                error_id: (PENDING, "") if error_id in still_there else (SUCCEEDED, "gone after the request")
                for error_id in doubtful
            },
        )

    async def _list(self, job: Job, action: Action) -> bool:
        """Fixes the records of the job; ``False`` if there is none to resync, which ends the job."""
        errors = await action.find(job.errors)
        now = self._clock.time()
        attempts = await self._batches.attempts(job.integration, {error.record for error in errors}, now)
        choice = choose(errors, order_of(job), attempts, now)
        for reason, count in choice.refused.items():
            await self._refuse(job, Refusal(reason, f"{count} of {len(errors)} records"))
        if not choice.errors:
            if not errors:
                await self._refuse(job, Refusal("no_records", "no such error is left"))
            await self._finish(job, "done", "nothing to resync")
            return False
        await self._batches.list_records(job, [(error.id, error.record) for error in choice.errors], now)
        return True

    async def _may_go_on(self, job: Job) -> bool:
        """Looks again before every request; a refused job waits in the queue, and fails when it has waited a day."""
        if job.integration not in self._snapshots:
            await self._finish(job, FAILED, "the integration is no longer configured")
            return False
        refusal = await self._refusal(job.integration) or self._cause_refusal(job)
        if refusal is None:
            return True
        if refusal.reason != job.refused_for:
            await self._refuse(job, refusal)
        now = self._clock.time()
        if now - job.created_at > LONGEST_JOB:
            await self._finish(job, FAILED, f"refused for a day: {refusal.detail}")
        else:
            again_at = now + self._until_news(job.integration, now)
            await self._jobs.postpone(job, again_at, job.failures, refusal.detail, refusal.reason)
        return False

    def _cause_refusal(self, job: Job) -> Refusal | None:
        """A cause may be gone since it was last seen. If that was before the job, its source is asked to look again,
        once: a cause that is really still there must not make every minute cost an API call."""
        now = self._clock.time()
        seen = cause_refusal(job.alert, conditions_of(self._snapshots[job.integration], now))
        if seen is None:
            return None
        refusal, evidence = seen
        if evidence.at <= job.created_at:
            self._look_again(job.integration, evidence.source)
        return refusal

    def _until_news(self, integration: str, now: float) -> float:
        """Seconds until the gate may have opened: not before the next poll, which is overdue where nothing is known."""
        reading = self._snapshots[integration].reading(SYNC_HEALTH)
        if reading is None or (reading.up and reading.visible_part(now) is None):
            return IDLE_PAUSE
        return min(REFUSED_PAUSE, reading.interval)

    async def _refusal(self, integration: str) -> Refusal | None:
        snapshot = self._snapshots[integration]
        reading, now = snapshot.reading(SYNC_HEALTH), self._clock.time()
        if reading is None or not reading.up or reading.visible_part(now) is None:
            # An alert also resolves when its series vanish: that a suspension is over must be known, not assumed.
            return Refusal("suspended", "whether HubSpot suspended it is not known: Sync Health cannot be read")
        facts = facts_of(snapshot, now)
        return gate(facts, await self._unseen_calls(integration, facts))

    async def _unseen_calls(self, integration: str, facts: Facts) -> int:
        """Calls our own resyncs have cost since the integration's usage was stated."""
        if facts.calls_used is None:
            return 0
        reading = self._snapshots[integration].reading(facts.stated_by["calls_used"])
        if reading is None or not isinstance(reading.part, SyncHealth):
            return 0
        return await self._batches.sent_since(integration, reading.part.as_of)

    async def _failed(self, job: Job, error: str, retry_after: float | None) -> None:
        failures = job.failures + 1
        log.warning("resync failed", integration=job.integration, job=job.id, failures=failures, error=error)
        if failures >= MOST_FAILURES:
            await self._finish(job, FAILED, f"given up after {failures} failures: {error}")
            return
        asked = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
        pause = max(min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY), asked)
        await self._jobs.postpone(job, self._clock.time() + pause, failures, error, refused_for="")

    async def _refuse(self, job: Job, refusal: Refusal) -> None:
        now = self._clock.time()
        await self._refusals.refuse(RefusalRow(now, job.integration, job.alert, refusal.reason, refusal.detail))
        self._metrics.refusal(job.integration, refusal.reason)

    async def _finish(self, job: Job, state: str, message: str) -> None:
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
