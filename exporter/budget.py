"""What monitoring may cost: a hard cap on Salesforce calls in any 24 hours, and who gives way as it nears."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.clock import Clock
from exporter.errors import BudgetExceeded
from exporter.facts import Facts
from exporter.store.calls import CallStore

HEADROOM = 0.10
"""Below this share of the org's limit left, every call counts more for others than for us."""

SLOWER = 2.0


class Budget:
    """Spends calls from the store's ledger; ``caps`` are the calls a day by integration."""

    def __init__(self, store: CallStore, clock: Clock) -> None:
        self.caps: Mapping[str, int] = {}
        self._store = store
        self._clock = clock

    async def check(self, integration: str, share: float) -> None:
        """Raises ``BudgetExceeded`` once ``share`` of the cap is spent: the smaller the share, the earlier."""
        cap = self.caps[integration]
        spent = await self._store.spent(integration, self._clock.time())
        if spent >= share * cap:
            raise BudgetExceeded(
                f"{spent} of max_api_calls_per_day {cap} are spent; this source's share is {share:.0%}"
            )

    async def spend(self, integration: str) -> None:
        """Counts one call before it is sent; raises ``BudgetExceeded`` instead of going over the cap."""
        cap = self.caps[integration]
        if not await self._store.spend(integration, cap, self._clock.time()):
            raise BudgetExceeded(f"max_api_calls_per_day {cap} is spent")


def pace(facts: Facts) -> float:
    """By how much Salesforce is asked less often: twice the interval while the org is short of calls."""
    if facts.org_calls_used is None or facts.org_calls_limit is None:
        return 1.0
    short = facts.org_calls_limit - facts.org_calls_used < HEADROOM * facts.org_calls_limit
    return SLOWER if short else 1.0
