"""Resyncs that somebody orders: a person, or other automation. The same guards and the same ledger as for alerts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.config.settings import Policy, Remediation
from exporter.errors import ExporterError
from exporter.remediation.actions import Action, Ways
from exporter.remediation.order import Order
from exporter.remediation.plan import Plan
from exporter.remediation.planner import Planner
from exporter.remediation.policy import why_not
from exporter.remediation.queues import Queues
from exporter.remediation.refusal import Refusal
from exporter.remediation.waiting import Waiting
from exporter.remediation.worker import Worker
from exporter.state.snapshots import Snapshots
from exporter.store.job import REQUESTED, NewJob, Occurrence
from exporter.store.jobs import JobStore

_LIMITS = Policy(alert="", on=REQUESTED, errors=frozenset())
"""An order has the cooldown and the maximum of attempts of a policy that names none."""


class OrderRefused(ExporterError):
    """An order that cannot be taken; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


class OtherRequest(ExporterError):
    """The key of an order was used for another one before."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is ordered: the errors of these (category, error type) pairs, of them only the ``selected`` if any are, by
    this ``action`` or the integration's own."""

    integration: str
    errors: frozenset[tuple[str, str]]
    selected: frozenset[str] = frozenset()
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do now: ``waits_for`` is what its job would wait for before its first request."""

    action: str
    plan: Plan
    batches: int
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
        jobs: JobStore,
        ways: Mapping[str, Ways],
        snapshots: Snapshots,
        planner: Planner,
        waiting: Waiting,
        queues: Queues,
        worker: Worker,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._ways = ways
        self._snapshots = snapshots
        self._planner = planner
        self._waiting = waiting
        self._queues = queues
        self._worker = worker
        self._clock = clock

    async def preview(self, request: Request) -> Preview:
        """Reads, and changes nothing; raises ``OrderRefused`` and ``UpstreamError``. Possible in a dry run too."""
        action = self._action(request)
        guards = self._waiting.guards(request.integration)
        plan, _found = await self._planner.plan(request.integration, _order(request), action, guards)
        return Preview(
            action.name,
            plan,
            plan.batches(action.batch_size),
            await self._waiting.refusal(request.integration, len(plan.errors), action.name),
            len(plan.errors) > guards.max_records,
        )

    async def place(self, request: Request, key: str | None = None, digest: str = "") -> Placed:
        """Makes a job of it, once for a ``key``; ``digest`` tells the same request from another with the same key.

        Raises ``OrderRefused``, and ``OtherRequest``.
        """
        action, key = self._action(request), key or str(uuid.uuid4())
        refusal = why_not(self._settings())
        if refusal is not None:
            raise OrderRefused(refusal)
        order = _order(request)
        new = NewJob(
            occurrence=Occurrence(request.integration, key, "", REQUESTED),
            alert="",
            action=action.name,
            errors=order.errors,
            cooldown=order.cooldown,
            max_attempts=order.max_attempts,
            selected=order.selected,
            request=digest,
        )
        known = await self._jobs.ordered(request.integration, key)
        made = known is None and bool(await self._jobs.accept([new], (), self._clock.time()))
        job, before = await self._jobs.ordered(request.integration, key) or (0, digest)
        if before != digest:
            raise OtherRequest(f"the key {key!r} was used for another order, of job {job}")
        if made:
            await self._queues.show(request.integration)
            self._worker.wake()
        return Placed(job, made)

    async def approve(self, job: int) -> bool:
        """Lets a job go on that waits for a human; ``False`` if it does not."""
        approved = await self._jobs.approve(job, self._clock.time())
        if approved:
            await self._queues.show_all()
            self._worker.wake()
        return approved

    async def cancel(self, job: int) -> bool:
        """Ends a job, before its next batch if it is being worked on; ``False`` if it has ended."""
        cancelled = await self._jobs.cancel(job, "cancelled", self._clock.time())
        await self._queues.show_all()
        return cancelled

    def _action(self, request: Request) -> Action:
        ways = self._ways.get(request.integration, Ways())
        name = request.action or ways.own
        action = ways.by_name.get(name or "")
        if action is None:
            detail = (
                f"the integration has no way to resync by {name}" if name else "the integration has no way to resync"
            )
            raise OrderRefused(Refusal("disabled", detail))
        return action


def _order(request: Request) -> Order:
    return Order(request.errors, _LIMITS.cooldown, _LIMITS.max_attempts, request.selected)
