"""Whether a job may go on right now, or waits: for what, and until when.

It waits while the gate is shut for its integration, while nobody knows whether it is, while the cause that its alert
was about is still seen, and, if it is large, until a human has approved it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exporter.clock import Clock
from exporter.config.settings import Guards, Remediation
from exporter.remediation.actions import Ways
from exporter.remediation.catching_up import LONGEST, catches_up
from exporter.remediation.gate import (
    MOST_CALLS,
    Unseen,
    cause_refusal,
    gate,
    hubspot_refusal,
    reason_of,
    untold_refusal,
)
from exporter.remediation.journal import Journal
from exporter.remediation.policy import why_not
from exporter.remediation.refusal import Refusal
from exporter.sources.sync_health import SOURCE
from exporter.state.channels import CHANNELS
from exporter.state.conditions import conditions_of
from exporter.state.facts import Facts, facts_of, org_use_told_until, use_told_until
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots
from exporter.state.tellers import why_unknown
from exporter.store.batches import BatchStore
from exporter.store.job import CANCELLED, FAILED, NEEDS_APPROVAL, Job
from exporter.store.jobs import JobStore

REFUSED_PAUSE = 60.0
"""Seconds until a job that was refused in the middle is tried again, at most."""

UNREAD_PAUSE = 5.0
"""The same while nothing is known of its integration yet: the first poll is about to come."""

APPROVAL_PAUSE = 3600.0
"""The same while it waits for a human, whose approval makes it go on at once."""

WHOLE_FOR = 3600.0
"""Seconds a job waits until all that it may cost fits; after that it goes on as far as it fits, request by request."""

MOST_AT_ONCE = 100
"""Records of a request."""

LONGEST_JOB = 86400.0
"""Seconds a job waits for anything but a human, unless it catches up."""

LONGEST_APPROVAL = 7 * 86400.0
"""Seconds it waits for one: over a long weekend."""

WINDOW = 86400.0
"""Seconds. Salesforce and HubSpot count the calls of the last 24 hours."""

_WORDS = {LONGEST_JOB: "a day", LONGEST_APPROVAL: "a week", LONGEST: "14 days"}

SYNC_HEALTH = SOURCE.name

_SEEN_WHILE_SUSPENDED = "unknown_error"
"""Nothing syncs while an integration is suspended: the stop that is the sign of this reason is then no sign of it."""


def patience(job: Job) -> float:
    """Seconds it waits for anything but a human: nobody orders anew what one that catches up leaves undone."""
    return LONGEST if catches_up(job) else LONGEST_JOB


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
        ways: Mapping[str, Ways],
        settings: Callable[[], Remediation],
        clock: Clock,
        look_again: Callable[[str, str], None],
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._journal = journal
        self._snapshots = snapshots
        self._ways = ways
        self._settings = settings
        self._clock = clock
        self._look_again = look_again
        self._stopping = False

    def stop(self) -> None:
        """From now on a job goes back into the queue before its next request: this process is about to end."""
        self._stopping = True

    async def may_go_on(self, job: Job, records: int = 0) -> bool:
        """Whether so many ``records`` may be resynced now. A refused job waits in the queue, and fails when it has
        waited too long (``patience``); one that somebody has cancelled ends."""
        if await self._has_to_end(job) or await self._has_to_stop(job):
            return False
        at_once = records if self._clock.time() - job.waits_since < WHOLE_FOR else min(records, MOST_AT_ONCE)
        refusal = (
            self._approval_refusal(job, records)
            or await self.refusal(job.integration, at_once, job.action)
            or self._cause_refusal(job)
        )
        return refusal is None or await self.refused(job, refusal)

    async def is_open(self, job: Job, records: int) -> bool:
        """The same while requests of the job are under way: it is neither put off nor ended yet."""
        if self._stopping or job.integration not in self._snapshots or await self._jobs.cancelled(job):
            return False
        return await self.refusal(job.integration, records, job.action) is None and self._cause_refusal(job) is None

    async def may_clear(self, job: Job) -> bool:
        """Whether the suspension that the job's alert is about may be cleared now: as long as its cause is not seen."""
        if await self._has_to_end(job):
            return False
        off = why_not(self._settings())
        refusal = off or self._unknown_suspension(job.integration) or self._clearing_refusal(job)
        return refusal is None or await self.refused(job, refusal)

    def is_suspended(self, integration: str) -> bool:
        """Whether HubSpot reports it so."""
        suspension = facts_of(self._snapshots[integration], self._clock.time()).suspension
        return suspension is not None and suspension.suspended

    async def refusal(self, integration: str, records: int, action: str) -> Refusal | None:
        """Why so many records of the integration may not be resynced now by this action, whatever the job is."""
        shut = why_not(self._settings()) or self._unknown_suspension(integration)
        if shut is not None:
            return shut
        snapshot, now = self._snapshots[integration], self._clock.time()
        facts = facts_of(snapshot, now)
        unseen = await self._unseen(snapshot, facts, now)
        by_salesforce = gate(facts, unseen, MOST_CALLS * records, self.guards(integration))
        return by_salesforce or hubspot_refusal(facts, self._hubspot_calls(integration, records, action))

    def _hubspot_calls(self, integration: str, records: int, action: str) -> int:
        """Calls of HubSpot's own API that it takes."""
        taken = self._ways.get(integration, Ways()).by_name.get(action)
        return -(-records // taken.batch_size) if taken is not None and taken.asks_hubspot else 0

    def guards(self, integration: str) -> Guards:
        """What is configured for it now."""
        return self._ways.get(integration, Ways()).guards

    def hasten(self, integration: str) -> None:
        """Lets it be looked soon whether a suspension is over."""
        self._look_again(integration, SYNC_HEALTH)

    async def _has_to_end(self, job: Job) -> bool:
        if job.integration not in self._snapshots:
            await self._journal.finish(job, FAILED, "the integration is no longer configured")
            return True
        if await self._jobs.cancelled(job):
            await self._journal.finish(job, CANCELLED, "cancelled")
            return True
        return False

    async def _has_to_stop(self, job: Job) -> bool:
        if self._stopping:
            await self._jobs.postpone(job, self._clock.time(), 0.0, job.failures, "interrupted", job.refused_for)
        return self._stopping

    async def refused(self, job: Job, refusal: Refusal, pause: float | None = None) -> bool:
        """Puts the job back into the queue, for ``pause`` seconds or until there may be news, or ends it: it may not go
        on in any case."""
        if refusal.reason != job.refused_for:
            await self._journal.refuse(job, refusal)
        now, for_human = self._clock.time(), refusal.reason == NEEDS_APPROVAL
        longest = LONGEST_APPROVAL if for_human else patience(job)
        # Not at its first refusal for this: a clock that was set forward makes every job old, and every reading stale.
        if now - job.waits_since > longest and refusal.reason == job.refused_for:
            await self._journal.finish(job, FAILED, f"refused for {_WORDS[longest]}: {refusal.detail}")
        else:
            pause = pause or (APPROVAL_PAUSE if for_human else self._until_news(job.integration, now))
            await self._jobs.postpone(job, now, pause, None, refusal.detail, refusal.reason)
        return False

    def _approval_refusal(self, job: Job, records: int) -> Refusal | None:
        most = self.guards(job.integration).max_records
        if job.approved_at is not None or records <= most:
            return None
        return Refusal(
            NEEDS_APPROVAL,
            f"{records} records are more than max_records ({most}): approve it with POST "
            f"/api/v1/resyncs/{job.id}/approve or the command resync with --approve={job.id}, or cancel it",
        )

    def _unknown_suspension(self, integration: str) -> Refusal | None:
        snapshot, now = self._snapshots[integration], self._clock.time()
        why = why_unknown(snapshot, now)
        if why is not None:
            # An alert also resolves when its series vanish: that a suspension is over must be known, not assumed.
            return Refusal("suspended", f"whether HubSpot suspended it is not known: {why}")
        # A mailbox without an e-mail on suspensions has told nothing: HubSpot writes them to whoever asked for it.
        told = facts_of(snapshot, now).suspension is not None
        return None if told else untold_refusal(conditions_of(snapshot, now))

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

    def _clearing_refusal(self, job: Job) -> Refusal | None:
        """Why a suspension is not to be cleared: it is another one, or its cause is still there, or may be."""
        reason, now = reason_of(job.alert), self._clock.time()
        if reason is None:
            return Refusal(
                "waiting_for_cause", f"which suspension is to be cleared is not known: {job.alert} is of none"
            )
        suspension = facts_of(self._snapshots[job.integration], now).suspension
        suspended = suspension if suspension is not None and suspension.suspended else None
        if suspended is not None and suspended.reason != reason:
            return Refusal("waiting_for_cause", f"it is suspended for another reason ({suspended.reason}) by now")
        if reason == _SEEN_WHILE_SUSPENDED:
            return None
        judged = {condition.reason for condition in conditions_of(self._snapshots[job.integration], now)}
        # A cause that only HubSpot can see has no channel: it says so itself when it is asked to clear it.
        if suspended is not None and reason in CHANNELS and reason not in judged:
            return Refusal("waiting_for_cause", f"whether the cause is gone is not known: nothing tells of {reason}")
        return self._cause_refusal(job)

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
        snapshot = self._snapshots[integration]
        pauses = [REFUSED_PAUSE]
        for reading in map(snapshot.reading, snapshot.told_by):
            if reading is None or (reading.up and reading.visible_part(now) is None):
                return UNREAD_PAUSE
            pauses.append(reading.interval)
        return min(pauses)
