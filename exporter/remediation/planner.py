"""Makes the plan of an order: looks which errors there are, and what was done about their records before."""

from __future__ import annotations

from exporter.catalog.catalog import UNSYNCED
from exporter.clock import Clock
from exporter.config.settings import Guards
from exporter.remediation.actions import Action
from exporter.remediation.gate import room
from exporter.remediation.order import Order
from exporter.remediation.plan import Plan, plan_of
from exporter.state.facts import facts_of
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore
from exporter.store.proofs import Cured, ProofStore

NO_JOB = 0
"""Instead of the number of a job that is only thought of."""


class Planner:
    """Reads, and changes nothing."""

    def __init__(self, batches: BatchStore, proofs: ProofStore, snapshots: Snapshots, clock: Clock) -> None:
        self._batches = batches
        self._proofs = proofs
        self._snapshots = snapshots
        self._clock = clock

    async def plan(
        self, integration: str, order: Order, action: Action, guards: Guards, job_id: int = NO_JOB
    ) -> tuple[Plan, int]:
        """The plan, and how many errors there are in all; raises ``UpstreamError`` and ``StoreError``."""
        errors = await action.find(order.errors, order.selected, order.since)
        cured = await self._cured(integration, order, action)
        now = self._clock.time()
        records = {error.record for error in errors}
        attempts = await self._batches.attempts(job_id, integration, records, now, in_vain_too=not order.mended)
        facts = facts_of(self._snapshots[integration], now)
        plan = plan_of(errors, order, attempts, now, cured).within(room(facts, guards))
        return plan, len(errors)

    async def _cured(self, integration: str, order: Order, action: Action) -> frozenset[Cured]:
        """What was cured since the lists were made that the errors stand in, where they are not of now.

        Asked after the errors: of a list that was replaced meanwhile what the new one says counts, at the worst one
        resync more.
        """
        if not action.proved_by_syncs:
            return frozenset()
        since = {}
        for category in sorted({category for category, _ in order.errors} - {UNSYNCED}):
            listed_at = await action.as_of(category)
            if listed_at:
                since[category] = listed_at
        return await self._proofs.cured(integration, since)
