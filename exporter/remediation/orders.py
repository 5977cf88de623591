"""Resyncs that somebody orders: a person, or other automation. The same guards and the same ledger as for alerts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.catalog.catalog import UNSYNCED
from exporter.clock import Clock
from exporter.config.settings import Policy, Remediation
from exporter.errors import KeyUsed, OrderRefused
from exporter.remediation.actions import Action, Ways, backlog_of
from exporter.remediation.order import Order
from exporter.remediation.plan import Plan
from exporter.remediation.planner import Planner
from exporter.remediation.policy import why_not, why_not_by
from exporter.remediation.queues import Queues
from exporter.remediation.refusal import Refusal
from exporter.remediation.trial import TRIAL_BATCHES
from exporter.remediation.waiting import Waiting
from exporter.remediation.worker import Worker
from exporter.self_metrics import SelfMetrics
from exporter.store.durations import DurationStore
from exporter.store.job import REQUESTED, NewJob, Occurrence
from exporter.store.orders import Ordered, OrderStore

MOST_PREVIEWS = 2
"""Plans made at a time: each holds every error it found."""

_LIMITS = Policy(alert="", on=REQUESTED, errors=frozenset())
"""An order has the cooldown and the maximum of attempts of a policy that names none."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is ordered: the errors of these (category, error type) pairs, of them only the ``selected`` if any are, by
    this ``action`` or the integration's own."""

    integration: str
    errors: frozenset[tuple[str, str]]
    selected: frozenset[str] = frozenset()
    action: str | None = None

    @property
    def digest(self) -> str:
        """Tells the same request from another."""
        parts = [self.integration, sorted(self.errors), sorted(self.selected), self.action]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do now: ``waits_for`` is what its job would wait for before its first request, or why it
    would not be taken at all; ``seconds`` is how long its requests would take, ``None`` where there were none to go
    by."""

    action: str
    plan: Plan
    batches: int
    seconds: float | None
    waits_for: Refusal | None
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The job of an order; not ``made`` if it was there already."""

    job: int
    made: bool


class Orders:
    """Raises ``StoreError``; integrations have to be configured."""

    def __init__(
        self,
        settings: Callable[[], Remediation],
        orders: OrderStore,
        durations: DurationStore,
        ways: Mapping[str, Ways],
        planner: Planner,
        waiting: Waiting,
        queues: Queues,
        worker: Worker,
        metrics: SelfMetrics,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._orders = orders
        self._durations = durations
        self._metrics = metrics
        self._ways = ways
        self._planner = planner
        self._waiting = waiting
        self._queues = queues
        self._worker = worker
        self._clock = clock
        self._previews = asyncio.Semaphore(MOST_PREVIEWS)

    async def preview(self, request: Request) -> Preview:
        """Reads, and changes nothing; raises ``OrderRefused`` and ``UpstreamError``. Possible in a dry run too."""
        action = self._action(request)
        guards = self._waiting.guards(request.integration)
        async with self._previews:
            plan, _found = await self._planner.plan(request.integration, _order(request), action, guards)
        records, batches = len(plan.errors), plan.batches(action.batch_size)
        off = why_not(self._settings())
        return Preview(
            action.name,
            plan,
            batches,
            await self._seconds(request.integration, action, batches),
            off or await self._waiting.refusal(request.integration, records, action.name),
            records > guards.max_records,
        )

    async def place(self, request: Request, key: str | None = None) -> Placed:
        """Makes a job of it, once for a ``key``, whatever has been configured since.

        Raises ``OrderRefused``, and ``KeyUsed`` if that was the key of another request.
        """
        known = await self._orders.ordered(key) if key else None
        if known is None:
            known = await self._orders.order(self._new_job(request, key or str(uuid.uuid4())), self._clock.time())
        if known.request != request.digest:
            raise KeyUsed(f"the key {key!r} was used for another order, of job {known.job}")
        return await self._announced(request.integration, known)

    async def approve(self, job_id: int) -> bool:
        """Lets a job go on that waits for a human; ``False`` if it does not."""
        approved = await self._orders.approve(job_id, self._clock.time())
        if approved:
            await self._queues.show_all()
            self._worker.wake()
        return approved

    async def cancel(self, job_id: int) -> bool:
        """Ends a job, before its next batch if it is being worked on; ``False`` if it has ended, or never was."""
        job, now = await self._orders.find(job_id), self._clock.time()
        if job is None:
            return False
        lost = await self._orders.cancel(job_id, "cancelled", now, now + self._settings().verify_after)
        await self._queues.show(job.integration)
        return lost is not None

    def _new_job(self, request: Request, key: str) -> NewJob:
        action, order = self._action(request), _order(request)
        off = why_not(self._settings())
        if off is not None:
            raise OrderRefused(off.detail)
        return NewJob(
            occurrence=Occurrence(request.integration, key, "", REQUESTED),
            alert="",
            action=action.name,
            errors=order.errors,
            cooldown=order.cooldown,
            max_attempts=order.max_attempts,
            selected=order.selected,
            request=request.digest,
        )

    async def _announced(self, integration: str, ordered: Ordered) -> Placed:
        if ordered.made:
            await self._queues.show(integration)
            self._worker.wake()
        return Placed(ordered.job, ordered.made)

    async def _seconds(self, integration: str, action: Action, batches: int) -> float | None:
        """By what earlier requests took, and with the pause after the first of many."""
        if not batches:
            return 0.0
        each = await self._durations.batch_seconds(integration, action.name)
        if each is None:
            return None
        trial = self._settings().verify_after if action.on_trial and batches > TRIAL_BATCHES else 0.0
        return trial + each * batches / min(action.lanes, batches)

    def _action(self, request: Request) -> Action:
        ways = self._ways.get(request.integration, Ways())
        name = request.action or ways.own or ""
        why = why_not_by(name, ways.by_name.keys())
        if why is not None:
            raise OrderRefused(why)
        action = ways.by_name[name]
        if backlog_of(action) is None and any(category == UNSYNCED for category, _ in request.errors):
            raise OrderRefused(
                f"the action {name} finds no records without an error: {UNSYNCED} takes the action touch "
                "(remediation.touch.property) and hubspot.unsynced.objects"
            )
        return action


def _order(request: Request) -> Order:
    return Order(request.errors, _LIMITS.cooldown, _LIMITS.max_attempts, request.selected, mended=True)
