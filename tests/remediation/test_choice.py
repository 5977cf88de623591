"""Which records of an order are resynced."""

from __future__ import annotations

import pytest

from exporter.model import SyncError
from exporter.remediation.choice import choose
from exporter.remediation.order import Order
from exporter.store.batches import Attempts


def error(number: int, record: str | None = None) -> SyncError:
    return SyncError(f"e{number}", "other", None, record or f"contacts/{number}")


@pytest.mark.parametrize(
    ("before", "refusals"),
    [
        (None, {}),
        (Attempts(count=1, last_at=6_400.0), {}),
        (Attempts(count=1, last_at=6_401.0), {"cooldown": 1}),
        (Attempts(count=4, last_at=0.0), {}),
        (Attempts(count=5, last_at=0.0), {"max_attempts": 1}),
        (Attempts(count=5, last_at=9_999.0), {"max_attempts": 1}),
    ],
)
def test_a_record_is_left_out_when_tried_too_recently_or_too_often(
    before: Attempts | None, refusals: dict[str, int]
) -> None:
    """An hour is the cooldown here and five are the most attempts; the record may go on when the hour is just over."""
    order = Order(frozenset(), cooldown=3_600.0, max_attempts=5)
    attempts = {} if before is None else {"contacts/1": before}
    choice = choose([error(1), error(2)], order, attempts, now=10_000.0)
    assert choice.refused == refusals
    assert choice.errors == ((error(2),) if refusals else (error(1), error(2)))
