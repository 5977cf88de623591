"""Whether a job may go on right now, or waits: for what, and until when.

It waits while the gate is shut for its integration, while nobody knows whether it is, and while the cause that its
alert was about is still seen.
"""

from __future__ import annotations

from collections.abc import Callable

from exporter.clock import Clock
from exporter.model import SyncHealth
from exporter.remediation.gate import cause_refusal, gate
from exporter.remediation.journal import Journal
from exporter.remediation.refusal import Refusal
from exporter.sources.sync_health import SOURCE
from exporter.state.conditions import conditions_of
from exporter.state.facts import Facts, facts_of
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore
from exporter.store.job import Job
from exporter.store.jobs import JobStore

REFUSED_PAUSE = 60.0
"""Seconds until a job that was refused in the middle is tried again, at most."""

UNREAD_PAUSE = 5.0
"""The same while nothing is known of its integration yet: the first poll is about to come."""

LONGEST_JOB = 86400.0

SYNC_HEALTH = SOURCE.name


class Waiting:
    """Looks at an integration before every request of its jobs.

    ``look_again`` is called with an integration and a source whose last word a job waits for.
    """

    def __init__(
        self,
        jobs: JobStore,
        batches: BatchStore,
        journal: Journal,
        snapshots: Snapshots,
        clock: Clock,
        look_again: Callable[[str, str], None],
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._journal = journal
        self._snapshots = snapshots
        self._clock = clock
        self._look_again = look_again

    async def may_go_on(self, job: Job) -> bool:
        """A refused job waits in the queue, and fails when it has waited a day."""
        if job.integration not in self._snapshots:
            await self._journal.finish(job, "failed", "the integration is no longer configured")
            return False
        refusal = await self._gate_refusal(job.integration) or self._cause_refusal(job)
        if refusal is None:
            return True
        if refusal.reason != job.refused_for:
            await self._journal.refuse(job, refusal)
        now = self._clock.time()
        if now - job.created_at > LONGEST_JOB:
            await self._journal.finish(job, "failed", f"refused for a day: {refusal.detail}")
        else:
            again_at = now + self._until_news(job.integration, now)
            await self._jobs.postpone(job, again_at, job.failures, refusal.detail, refusal.reason)
        return False

    async def _gate_refusal(self, integration: str) -> Refusal | None:
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
            return UNREAD_PAUSE
        return min(REFUSED_PAUSE, reading.interval)
