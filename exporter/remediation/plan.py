"""Which of the errors of an order are resynced, and what that may cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from exporter.catalog.catalog import CATALOG, UNSYNCED
from exporter.model import SyncError
from exporter.remediation.gate import MOST_CALLS, Room
from exporter.remediation.order import Order
from exporter.store.batches import Attempts
from exporter.store.proofs import Cured

CURED_ALREADY = "no_records"
"""Why an error is left out that an export still lists, and that was cured since."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The errors to resync, how many were left out for which reason, and of each that is not how often its record was
    resynced before, in 24 hours."""

    errors: tuple[SyncError, ...]
    refused: Mapping[str, int]
    earlier_attempts: Mapping[str, int]

    @property
    def calls(self) -> int:
        """Salesforce API calls that it can cost at most."""
        return MOST_CALLS * len(self.errors)

    def batches(self, batch_size: int) -> int:
        """Requests that it takes."""
        return -(-len(self.errors) // batch_size)

    def within(self, room: Room) -> Plan:
        """As much of it as can be afforded: what never fits into the window would wait for ever, so of that there is as
        much as fits now, or if that is nothing, as much as ever does."""
        if room.most is None or self.calls <= room.most:
            return self
        now = int((room.now or 0.0) // MOST_CALLS)
        fitting = now if now > 0 else int(room.most // MOST_CALLS)
        left_out = Counter(self.refused) + Counter(api_budget=len(self.errors) - fitting)
        return replace(self, errors=self.errors[:fitting], refused=left_out)


def plan_of(
    errors: Iterable[SyncError],
    order: Order,
    attempts: Mapping[str, Attempts],
    now: float,
    cured: Collection[Cured] = (),
) -> Plan:
    """Leaves out errors ``cured`` since they were listed, and records resynced too recently or too often, or about to
    be by another job."""
    chosen: list[SyncError] = []
    refused: Counter[str] = Counter()
    for error in errors:
        before = attempts.get(error.record)
        if (error.record, *pair_of(error)) in cured:
            refused[CURED_ALREADY] += 1
        elif before is not None and before.count >= order.max_attempts:
            refused["max_attempts"] += 1
        elif before is not None and now - before.last_at < order.cooldown:
            refused["cooldown"] += 1
        else:
            chosen.append(error)
    earlier = {error.record: attempts[error.record].count for error in chosen if error.record in attempts}
    return Plan(tuple(chosen), refused, earlier)


def pair_of(error: SyncError) -> tuple[str, str]:
    """Category and error type, by which the ledger knows it."""
    if error.category == UNSYNCED and error.error_type is not None:
        return error.category, error.error_type
    return CATALOG.classify(error.category, error.error_type)
