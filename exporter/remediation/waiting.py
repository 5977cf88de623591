"""Whether a job may go on right now, or waits: for what, and until when.

It waits while the gate is shut for its integration, while nobody knows whether it is, and while the cause that its
alert was about is still seen.
"""

from __future__ import annotations

from collections.abc import Callable

from exporter.clock import Clock
from exporter.remediation.gate import Unseen, cause_refusal, gate
from exporter.remediation.journal import Journal
from exporter.remediation.refusal import Refusal
from exporter.sources.sync_health import SOURCE
from exporter.state.conditions import conditions_of
from exporter.state.facts import Facts, facts_of, org_use_told_until, use_told_until
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore
from exporter.store.job import Job
from exporter.store.jobs import JobStore

REFUSED_PAUSE = 60.0
"""Seconds until a job that was refused in the middle is tried again, at most."""

UNREAD_PAUSE = 5.0
"""The same while nothing is known of its integration yet: the first poll is about to come."""

LONGEST_JOB = 86400.0

WINDOW = 86400.0
"""Seconds. Salesforce and HubSpot count the calls of the last 24 hours."""

MOST_CALLS = 4
"""Salesforce API calls that a resync can cost: HubSpot, of the sync of a contact (2017, and again until 2023)."""

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
        return gate(facts, await self._unseen(snapshot, facts, now))

    async def _unseen(self, snapshot: Snapshot, facts: Facts, now: float) -> Unseen:
        """What our own resyncs may have cost since calls were counted: minutes ago by a bridge or Salesforce, hours ago
        by the usage log, or never. Of an org whose calls nobody counts there is nothing to judge by."""
        own_until = use_told_until(snapshot, facts)
        org_until = org_use_told_until(snapshot, now)
        own = await self._cost_since(snapshot.integration, own_until or 0.0, now)
        org = await self._cost_since(snapshot.integration, org_until, now) if org_until is not None else 0
        return Unseen(own, org)

    async def _cost_since(self, integration: str, moment: float, now: float) -> int:
        """Calls since then that are among those of the last 24 hours."""
        return MOST_CALLS * await self._batches.sent_since(integration, max(moment, now - WINDOW))

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
