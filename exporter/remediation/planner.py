"""Makes the plan of an order: looks which errors there are, and what was done about their records before."""

from __future__ import annotations

from exporter.clock import Clock
from exporter.config.settings import Guards
from exporter.remediation.actions import Action
from exporter.remediation.gate import room
from exporter.remediation.order import Order
from exporter.remediation.plan import Plan, plan_of
from exporter.state.facts import facts_of
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore

NO_JOB = 0
"""Instead of the number of a job that is only thought of."""


class Planner:
    """Reads, and changes nothing."""

    def __init__(self, batches: BatchStore, snapshots: Snapshots, clock: Clock) -> None:
        self._batches = batches
        self._snapshots = snapshots
        self._clock = clock

    async def plan(
        self, integration: str, order: Order, action: Action, guards: Guards, job_id: int = NO_JOB
    ) -> tuple[Plan, int]:
        """The plan, and how many errors there are in all; raises ``UpstreamError`` and ``StoreError``."""
        errors = await action.find(order.errors, order.selected, order.since)
        now = self._clock.time()
        records = {error.record for error in errors}
        attempts = await self._batches.attempts(job_id, integration, records, now, in_vain_too=not order.mended)
        facts = facts_of(self._snapshots[integration], now)
        plan = plan_of(errors, order, attempts, now).within(room(facts, guards))
        return plan, len(errors)
