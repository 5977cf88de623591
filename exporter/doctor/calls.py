"""What a look costs: Salesforce API calls, counted against the same cap as those of the polls."""

from __future__ import annotations

from exporter.clock import Clock
from exporter.errors import BudgetExceeded
from exporter.polling.budget import Budget
from exporter.store.calls import CallStore
from exporter.store.database import Database

MOST = 20
"""Calls of one look at an integration, whatever the cap leaves: it needs about eight."""


class Calls:
    """Counts them in the store before they are sent, if there is one that can be used."""

    def __init__(self, integration: str, cap: int, database: Database | None, clock: Clock) -> None:
        self.made = 0
        self._integration = integration
        self._most = min(cap, MOST)
        self._clock = clock
        self._store = None if database is None else CallStore(database)
        self._budget = None if self._store is None else Budget(self._store, clock)
        if self._budget is not None:
            self._budget.caps = {integration: cap}

    async def spend(self, integration: str) -> None:
        """Raises ``BudgetExceeded``."""
        if self.made >= self._most:
            raise BudgetExceeded(f"this look has made {self.made} calls")
        if self._budget is not None:
            await self._budget.spend(integration)
        self.made += 1

    async def spent(self) -> int | None:
        """In the last 24 hours, by everybody; ``None`` without a store. Raises ``StoreError``."""
        if self._store is None:
            return None
        return await self._store.spent(self._integration, self._clock.time())
