"""Which of the errors of an order are resynced. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporter.model import SyncError
from exporter.remediation.order import Order
from exporter.store.batches import Attempts


@dataclass(frozen=True, slots=True)
class Choice:
    """The errors to resync, and how many were left out for which reason."""

    errors: tuple[SyncError, ...]
    refused: Mapping[str, int]


def choose(errors: Iterable[SyncError], order: Order, attempts: Mapping[str, Attempts], now: float) -> Choice:
    """Leaves out records resynced too recently or too often."""
    chosen: list[SyncError] = []
    refused: Counter[str] = Counter()
    for error in errors:
        before = attempts.get(error.record)
        if before is not None and before.count >= order.max_attempts:
            refused["max_attempts"] += 1
        elif before is not None and now - before.last_at < order.cooldown:
            refused["cooldown"] += 1
        else:
            chosen.append(error)
    return Choice(tuple(chosen), refused)
