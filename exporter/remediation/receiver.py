"""Takes a notification: decides, stores the jobs, and only then says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import structlog

from exporter.clock import Clock
from exporter.config.settings import Remediation
from exporter.remediation.actions import Ways
from exporter.remediation.ignored import Ignored, ignored
from exporter.remediation.notification import Alert, Notification
from exporter.remediation.order import Order, new_job, occurrence_of
from exporter.remediation.policy import decide, repeat_after
from exporter.remediation.queues import Queues
from exporter.remediation.refusal import Refusal
from exporter.remediation.worker import Worker
from exporter.self_metrics import SelfMetrics
from exporter.state.facts import facts_of
from exporter.state.snapshots import Snapshots
from exporter.store.job import Cue, NewJob
from exporter.store.jobs import JobStore
from exporter.store.notifications import NotificationRow
from exporter.store.refusals import RefusalRow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a notification's alerts, by action: one may have a job by one action and a refusal of another."""

    job_ids: tuple[int, ...]
    duplicates: int
    ignored: tuple[Ignored, ...]
    refusals: tuple[RefusalRow, ...]

    @property
    def jobs(self) -> int:
        """Jobs that were made."""
        return len(self.job_ids)


class Receiver:
    """Turns notifications into committed jobs."""

    def __init__(
        self,
        settings: Callable[[], Remediation],
        jobs: JobStore,
        ways: Mapping[str, Ways],
        snapshots: Snapshots,
        metrics: SelfMetrics,
        queues: Queues,
        worker: Worker,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._ways = ways
        self._snapshots = snapshots
        self._metrics = metrics
        self._queues = queues
        self._worker = worker
        self._clock = clock

    async def receive(self, notification: Notification) -> Receipt:
        """Stores every job of the notification in one transaction; raises ``StoreError`` if that cannot be done."""
        if notification.truncated:
            log.warning("the sender left alerts out (max_alerts)", truncated=notification.truncated)
        now = self._clock.time()
        decided, left = self._decided(notification, now)
        known = await self._jobs.known({cue for cue, _made in decided if cue.action}, now)
        jobs = [made for cue, made in decided if isinstance(made, NewJob) and cue not in known]
        refusals = [made for cue, made in decided if isinstance(made, RefusalRow) and cue not in known]
        duplicates = len(decided) - len(jobs) - len(refusals)
        row = _row(notification, now, duplicates, len(left), len(refusals))
        made = await self._jobs.accept(jobs, refusals, now, row)
        await self._announce(jobs, made, refusals)
        for one in left:
            log.debug("alert ignored", **asdict(one))
        return Receipt(made, duplicates + len(jobs) - len(made), tuple(left), tuple(refusals))

    def _decided(
        self, notification: Notification, now: float
    ) -> tuple[list[tuple[Cue, NewJob | RefusalRow]], list[Ignored]]:
        """What each alert asks for, by action, as it would be stored; and the alerts that ask for nothing."""
        decided: list[tuple[Cue, NewJob | RefusalRow]] = []
        left: list[Ignored] = []
        for alert in notification.alerts:
            decisions = self._decide(alert, now)
            if not decisions:
                left.append(ignored(alert, self._snapshots))
            pause = repeat_after(alert, self._settings())
            for action, decision in decisions.items():
                cue = Cue(occurrence_of(alert), action, pause)
                if isinstance(decision, Order):
                    last = self._snapshots[alert.integration].last_suspension
                    decided.append((cue, new_job(alert, action, decision, pause, last)))
                else:
                    row = RefusalRow(now, alert.integration, alert.name, decision.reason, decision.detail)
                    decided.append((cue, row))
        return decided, left

    def _decide(self, alert: Alert, now: float) -> Mapping[str, Order | Refusal]:
        if alert.integration not in self._snapshots:
            log.warning(
                "alert of no configured integration", integration=alert.integration[:100], alert=alert.name[:100]
            )
            return {}
        facts = facts_of(self._snapshots[alert.integration], now)
        ways = self._ways.get(alert.integration, Ways())
        return decide(alert, self._settings(), facts, ways.guards, own=ways.own, can=ways.by_name.keys())

    async def _announce(self, jobs: list[NewJob], made: Sequence[int], refusals: list[RefusalRow]) -> None:
        # First: it is what the resync waits for.
        if jobs:
            self._worker.wake()
        for row in refusals:
            self._metrics.refusal(row.integration, row.reason)
            log.info("remediation refused", integration=row.integration, alert=row.alert, reason=row.reason)
        if made:
            log.info("notification accepted", jobs=",".join(map(str, made)), refused=len(refusals))
        for integration in {job.occurrence.integration for job in jobs}:
            await self._queues.show(integration)


def _row(notification: Notification, now: float, duplicates: int, ignored_alerts: int, refused: int) -> NotificationRow:
    """What is known of it before its jobs are stored."""
    return NotificationRow(
        at=now,
        receiver=notification.receiver,
        group_key=notification.group_key,
        alerts=len(notification.alerts),
        truncated=notification.truncated,
        jobs=0,
        duplicates=duplicates,
        ignored=ignored_alerts,
        refused=refused,
    )
