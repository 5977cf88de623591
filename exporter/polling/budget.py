"""What monitoring may cost: a hard cap on Salesforce calls in any 24 hours, and who gives way as it nears."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from exporter.clock import Clock
from exporter.errors import BudgetExceeded, StoreError
from exporter.state.facts import Facts
from exporter.store.calls import CallStore

HEADROOM = 0.10
"""Below this share of the org's limit left, every call counts more for others than for us."""

SLOWER = 2.0


log = structlog.get_logger(__name__)


class Budget:
    """Spends calls from the store's ledger; ``caps`` are the calls a day by integration.

    A store that is away must not blind the on-call engineer: until it is back calls are counted here, on top of what
    the ledger last said, and are owed to it.
    """

    def __init__(self, store: CallStore, clock: Clock) -> None:
        self.caps: Mapping[str, int] = {}
        self._store = store
        self._clock = clock
        self._known: dict[str, int] = {}
        self._owed: dict[str, tuple[float, ...]] = {}

    async def check(self, integration: str, share: float) -> None:
        """Raises ``BudgetExceeded`` once ``share`` of the cap is spent: the smaller the share, the earlier."""
        cap = self.caps[integration]
        # As long as nobody else spends it, no more are spent than when it was seen last: calls only grow old since.
        if self._store.shared or not self._is_known_to_be_below(integration, share * cap):
            try:
                self._known[integration] = await self._store.spent(integration, self._clock.time())
            except StoreError as error:
                log.debug("budget not read", integration=integration, error=str(error))
        spent = self._without_store(integration)
        if spent >= share * cap:
            raise BudgetExceeded(
                f"{spent} of max_api_calls_per_day {cap} are spent; this source's share is {share:.0%}"
            )

    async def spend(self, integration: str) -> None:
        """Counts one call before it is sent; raises ``BudgetExceeded`` instead of going over the cap."""
        cap, now = self.caps[integration], self._clock.time()
        owed = self._owed.get(integration, ())
        try:
            spent = await self._store.spend(integration, cap, now, owed)
            self._owed[integration] = self._owed.get(integration, ())[len(owed) :]
            counted = spent > 0
            self._known[integration] = spent or cap
        except StoreError as error:
            log.debug("call not counted in the store", integration=integration, error=str(error))
            counted = self._without_store(integration) < cap
            if counted:
                self._owed[integration] = (*self._owed.get(integration, ()), now)
        if not counted:
            raise BudgetExceeded(f"max_api_calls_per_day {cap} is spent")

    def _is_known_to_be_below(self, integration: str, calls: float) -> bool:
        return integration in self._known and self._without_store(integration) < calls

    def _without_store(self, integration: str) -> int:
        return self._known.get(integration, 0) + len(self._owed.get(integration, ()))


def pace(facts: Facts) -> float:
    """By how much Salesforce is asked less often: twice the interval while the org is short of calls."""
    if facts.org_calls_used is None or facts.org_calls_limit is None:
        return 1.0
    short = facts.org_calls_limit - facts.org_calls_used < HEADROOM * facts.org_calls_limit
    return SLOWER if short else 1.0
