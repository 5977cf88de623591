"""Which records of an order are resynced."""

from __future__ import annotations

import pytest

from exporter.model import SyncError
from exporter.remediation.gate import Room
from exporter.remediation.order import Order
from exporter.remediation.plan import plan_of
from exporter.store.batches import Attempts

ORDER = Order(frozenset(), cooldown=3_600.0, max_attempts=5)


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
    attempts = {} if before is None else {"contacts/1": before}
    plan = plan_of([error(1), error(2)], ORDER, attempts, now=10_000.0)
    assert plan.refused == refusals
    assert plan.errors == ((error(2),) if refusals else (error(1), error(2)))


def test_an_error_that_was_cured_since_it_was_listed_is_left_out() -> None:
    """Not another one of the same record; and nothing else is said of it, however often it was tried."""
    attempts = {"contacts/1": Attempts(count=5, last_at=9_999.0)}
    plan = plan_of([error(1), error(2)], ORDER, attempts, 10_000.0, {("contacts/1", "other", "unknown")})
    assert (plan.errors, plan.refused) == ((error(2),), {"no_records": 1})
    other = plan_of([error(1), error(2)], ORDER, {}, 10_000.0, {("contacts/1", "picklists", "option_limit_exceeded")})
    assert (other.errors, other.refused) == ((error(1), error(2)), {})


def test_a_plan_says_what_it_takes() -> None:
    """Requests of as many as one may name, and up to four Salesforce calls a record."""
    plan = plan_of([error(number) for number in range(201)], ORDER, {}, now=0.0)
    assert (plan.batches(100), plan.calls) == (3, 804)
    assert (plan_of([], ORDER, {}, now=0.0).batches(100), plan_of([], ORDER, {}, now=0.0).calls) == (0, 0)


def test_what_never_fits_into_the_budget_is_left_out() -> None:
    """Of one that could fit nothing is. Of one that never could there is as much as fits now, or at least ever."""
    plan = plan_of([error(number) for number in range(10)], ORDER, {"contacts/1": Attempts(2, 0.0)}, now=1e6)
    assert plan.within(Room(None, None)) == plan.within(Room(40.0, 3.0)) == plan
    fitting = plan.within(Room(39.9, 24.0))
    assert (len(fitting.errors), fitting.refused, fitting.calls) == (6, {"api_budget": 4}, 24)
    later = plan.within(Room(39.9, 3.0))
    assert (len(later.errors), later.refused) == (9, {"api_budget": 1})
    assert plan.earlier_attempts == {"contacts/1": 2}
    assert (plan.within(Room(3.0, 3.0)).errors, plan.within(Room(3.0, -1.0)).refused) == ((), {"api_budget": 10})
