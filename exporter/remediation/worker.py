"""Works off resync jobs: takes them out of the queue, and sees to it that one that failed is tried again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from exporter.clients.http.retry import LONGEST_RETRY_AFTER
from exporter.clock import Clock
from exporter.errors import Again, LeaseLost, ResyncRefused, StoreError, UpstreamError
from exporter.remediation.actions import Action, Ways, known_ways
from exporter.remediation.journal import Journal
from exporter.remediation.lease import LEASE, kept
from exporter.remediation.ledger import Ledger
from exporter.remediation.prover import Prover
from exporter.remediation.queues import Queues
from exporter.remediation.steps import Steps
from exporter.remediation.waiting import LONGEST_APPROVAL, LONGEST_JOB, patience
from exporter.store.job import FAILED, NEEDS_APPROVAL, Job, Reach
from exporter.store.jobs import JobStore

CONCURRENT_JOBS = 4
IDLE_PAUSE = 5.0
"""Seconds until the queue is looked at again when nobody wakes the worker."""

FIRST_RETRY, LONGEST_RETRY = 5.0, 300.0
MOST_FAILURES = 10
HOURLY_PAUSE = 3600.0
"""Seconds until a job looks whether a daily quota has come back, or somebody has mended what was in its way."""

UNKNOWN_PAUSE = 60.0
"""Seconds until another replica may take a job that was taken here just before its way was no longer configured."""

log = structlog.get_logger(__name__)


class Worker:
    """Runs up to ``CONCURRENT_JOBS`` jobs, one an integration."""

    def __init__(
        self,
        jobs: JobStore,
        ways: Mapping[str, Ways],
        steps: Steps,
        journal: Journal,
        queues: Queues,
        prover: Prover,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._ways = ways
        self._steps = steps
        self._journal = journal
        self._queues = queues
        self._prover = prover
        self._ledger = ledger
        self._clock = clock
        self._at_work: set[int] = set()
        self._bell: asyncio.Queue[None] = asyncio.Queue(maxsize=1)
        self._leaving = False
        self._working: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is a new job: one who is idle looks, or the first who will be."""
        with contextlib.suppress(asyncio.QueueFull):
            self._bell.put_nowait(None)

    async def restore(self) -> None:
        """Takes over what an earlier process left, and shows the queues as they are."""
        await self._jobs.release()
        await self._queues.show_all()

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(CONCURRENT_JOBS):
                self._working.add(tasks.create_task(self._work(), name=f"worker {number}"))
            tasks.create_task(self._queues.watch(), name="queues")
            tasks.create_task(self._prover.run(), name="prover")
            tasks.create_task(self._ledger.keep(), name="ledger")

    async def leave(self, seconds: float) -> None:
        """Takes no more jobs, and waits so long for those it is at. They stop before their next request if ``Waiting``
        has been told too."""
        self._leaving = True
        self.wake()
        if self._working:
            await asyncio.wait(self._working, timeout=seconds)

    async def _work(self) -> None:
        while not self._leaving:
            try:
                await self._ledger.follow_clock()
                job = await self.claim()
                if job is not None:
                    # There may be more of them.
                    self.wake()
                    await self.do(job)
                    continue
            except StoreError as error:
                log.debug("store failed, job goes on later", error=str(error))
            except LeaseLost as error:
                log.warning("resync job lost", error=str(error))
            try:
                async with asyncio.timeout(IDLE_PAUSE):
                    await self._bell.get()
            except TimeoutError:
                continue
        # The next who is idle leaves too.
        self.wake()

    async def claim(self, job_id: int | None = None) -> Job | None:
        """The next job to be done here, or this one; raises ``StoreError``."""
        now = self._clock.time()
        reach = Reach(known_ways(self._ways), now - LONGEST_JOB, now - LONGEST_APPROVAL)
        return await self._jobs.claim(now, LEASE, job_id, reach, self._at_work)

    async def work_on(self, job_id: int) -> bool:
        """This job, as far as it gets now; ``False`` if it is not to be had: it has ended, has to wait, or another
        process is at it. Raises ``StoreError``."""
        job = await self.claim(job_id)
        if job is None:
            return False
        await self.do(job)
        return True

    async def do(self, job: Job) -> None:
        """One job as far as it gets now: to its end, or back into the queue, also if it is cancelled."""
        of_job = {"integration": job.integration, "job": job.id, "request_id": job.request_id}
        self._at_work.add(job.id)
        try:
            with structlog.contextvars.bound_contextvars(**{key: value for key, value in of_job.items() if value}):
                await self._do(job)
        finally:
            self._at_work.discard(job.id)

    async def _do(self, job: Job) -> None:
        action = self._action_of(job)
        if action is None:
            await self._unknown(job)
            await self._queues.show(job.integration)
            return
        await self._queues.show(job.integration)
        try:
            async with kept(job, self._jobs, self._clock) as lease:
                await self._steps.take(job, action, lease)
        except LeaseLost as error:
            log.warning("resync job lost", integration=job.integration, job=job.id, error=str(error))
        except UpstreamError as error:
            await self._failed(job, str(error), error.retry_after, error.again)
        except ResyncRefused as error:
            await self._journal.finish(job, FAILED, str(error))
        except asyncio.CancelledError:
            with contextlib.suppress(LeaseLost, StoreError):
                await self._jobs.postpone(job, self._clock.time(), 0.0, job.failures, "interrupted", "")
            raise
        except StoreError:
            raise
        except Exception as error:  # a bug met by one job must not stop the others
            log.exception("bug in resync", integration=job.integration, job=job.id)
            await self._failed(job, f"bug in resync: {type(error).__name__}", None, Again.SOON)
        finally:
            await self._queues.show(job.integration)

    def _action_of(self, job: Job) -> Action | None:
        """The action that the job was made for: another one would not know what its error ids mean."""
        return self._ways.get(job.integration, Ways()).by_name.get(job.action)

    async def _unknown(self, job: Job) -> None:
        """While the configuration is rolled out another replica may know what is not known here, or not yet: only what
        nobody has done in its time ends."""
        now = self._clock.time()
        longest = LONGEST_APPROVAL if job.refused_for == NEEDS_APPROVAL else LONGEST_JOB
        message = f"the integration has no way to resync by {job.action} any more"
        if self._jobs.shared and now - job.waits_since <= longest:
            await self._jobs.postpone(job, now, UNKNOWN_PAUSE, job.failures, message, job.refused_for)
        else:
            await self._journal.finish(job, FAILED, message)

    async def _failed(self, job: Job, error: str, retry_after: float | None, again: Again) -> None:
        """What passes or is mended within hours, such as a used-up quota or an expired certificate, is waited for: it
        counts as a failure only once the job has waited for so long."""
        now = self._clock.time()
        hourly = again is Again.HOURLY and now - job.waits_since < patience(job)
        failures = await self._jobs.failures(job) + (0 if hourly else 1)
        log.warning("resync failed", integration=job.integration, job=job.id, failures=failures, error=error)
        if failures >= MOST_FAILURES:
            await self._journal.finish(job, FAILED, f"given up after {failures} failures: {error}")
            return
        asked = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
        pause = HOURLY_PAUSE if hourly else min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY)
        await self._jobs.postpone(job, now, max(pause, asked), failures, error, refused_for="")
