"""Replicas that share a ledger keep one pace of an account together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import structlog

from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.call_pace import ALONE, CALLS, INTERVAL, CallPace
from exporter.clients.hubspot.search_pace import SEARCHES_PER_SECOND, SearchPace
from exporter.clients.hubspot.shared_turns import AWAY_SECONDS, LONGEST_HOLD, SharedTurns
from exporter.errors import StoreError
from tests.clients.hubspot.test_call_pace import most_in
from tests.clocks import ManualClock

TURNS = 10
"""Of the loop, until all who were woken sleep again."""


@dataclass
class Book:
    """A ledger as the store keeps it, on the test's clock."""

    clock: ManualClock
    free_at: dict[str, float] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)
    away: bool = False

    async def reserve(self, key: str, seconds: float, after: float) -> float:
        if self.away:
            raise StoreError("store: away")
        now = self.clock.time()
        self.asked.append(now)
        begins = max(self.free_at.get(key, 0.0), now + after)
        self.free_at[key] = begins + seconds
        return begins - now


@pytest.fixture
def book(clock: ManualClock) -> Book:
    return Book(clock)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def call_paces(book: Book, count: int) -> list[CallPace]:
    """That of the same app on so many replicas."""
    return [CallPace(book.clock, SharedTurns(book, "app", book.clock)) for _ in range(count)]


async def leaving(clock: ManualClock, *crowd: tuple[CallPace | SearchPace, int]) -> list[float]:
    """When the calls leave that all of these want to make at the same moment."""
    left: list[float] = []

    async def one(pace: CallPace | SearchPace) -> None:
        await pace.wait()
        left.append(clock.time())

    await asyncio.gather(*(one(pace) for pace, count in crowd for _ in range(count)))
    return sorted(left)


async def passing(clock: ManualClock, work: Awaitable[list[float]]) -> list[float]:
    """The result of ``work``; time moves on only once nobody has anything to do: replicas do not wait for each other's
    steps."""
    task = asyncio.ensure_future(work)
    while not task.done():
        for _turn in range(TURNS):
            await asyncio.sleep(0)
        clock.advance_to_next()
    return task.result()


async def test_replicas_use_what_is_allowed_and_no_more(book: Book, clock: ManualClock) -> None:
    """Three of them, from the first call on, in any ten seconds; the ledger is asked about once a second by each."""
    left = await passing(clock, leaving(clock, *((pace, 300) for pace in call_paces(book, 3))))
    assert most_in(left, INTERVAL) <= CALLS
    assert 899 / (left[-1] - left[0]) >= 0.9 * CALLS / INTERVAL
    assert len(book.asked) <= 1.2 * (left[-1] - left[0])


async def test_searches_leave_one_after_the_other(book: Book, clock: ManualClock) -> None:
    """Of whichever replica."""
    paces = [SearchPace(clock, SharedTurns(book, "account", clock)) for _ in range(3)]
    left = await passing(clock, leaving(clock, *((pace, 40) for pace in paces)))
    assert most_in(left, 1.0) <= SEARCHES_PER_SECOND
    assert 119 / (left[-1] - left[0]) >= 0.9 * SEARCHES_PER_SECOND


async def test_a_single_call_takes_a_single_turn(book: Book, clock: ManualClock) -> None:
    """A replica with little to do leaves the rest to the others."""
    one, other = call_paces(book, 2)
    await passing(clock, leaving(clock, (one, 1)))
    (left,) = await passing(clock, leaving(clock, (other, 1)))
    assert left - book.asked[0] == pytest.approx(one.spacing, abs=0.001)


async def test_what_one_is_told_to_wait_holds_all(book: Book, clock: ManualClock) -> None:
    """A limit that one has met, also for turns that were reserved before; not for longer than the longest hold."""
    one, other = call_paces(book, 2)
    work = asyncio.create_task(leaving(clock, (one, 20), (other, 20)))
    await asyncio.sleep(0)
    one.hold(5.0)
    began = clock.time()
    left = await passing(clock, work)
    late = [at for at in left if at >= began + 5.0]
    # What the other had reserved already goes on: a second's worth.
    assert len(late) >= 20
    one.hold(3600.0)
    await asyncio.sleep(0)
    began = clock.time()
    (last,) = await passing(clock, leaving(clock, (other, 1)))
    assert last - began == pytest.approx(LONGEST_HOLD, abs=2.0)


async def test_a_replica_that_stood_still_catches_up_with_nothing(book: Book, clock: ManualClock) -> None:
    """The turns it had reserved are over; the others have taken theirs since."""
    (pace,) = call_paces(book, 1)
    work = asyncio.create_task(leaving(clock, (pace, 17)))
    for _ in range(5):
        await asyncio.sleep(0)
    clock.advance(180.0)
    left = await passing(clock, work)
    assert min(later - earlier for earlier, later in pairwise(left[1:])) >= 0.9 * pace.spacing


async def test_a_clock_that_was_set_back_stops_nobody(book: Book, clock: ManualClock) -> None:
    """Turns of a time that will not come are taken anew."""
    (pace,) = call_paces(book, 1)
    work = asyncio.create_task(leaving(clock, (pace, 10)))
    for _ in range(5):
        await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    clock.advance(-86_400.0)
    book.free_at.clear()
    began = clock.time()
    (left,) = await passing(clock, leaving(clock, (pace, 1)))
    assert left - began < 1.0


async def test_half_the_pace_while_the_store_is_away(book: Book, clock: ManualClock) -> None:
    """It is said once, and the store is left alone for a while; then the pace is shared again."""
    (pace,) = call_paces(book, 1)
    book.away = True
    with structlog.testing.capture_logs() as lines:
        left = await passing(clock, leaving(clock, (pace, 300)))
        assert 299 / (left[-1] - left[0]) == pytest.approx(1 / (ALONE * pace.spacing), rel=0.02)
        book.away = False
        clock.advance(AWAY_SECONDS)
        await passing(clock, leaving(clock, (pace, 1)))
    assert [line["log_level"] for line in lines] == ["error", "info"]
    assert book.asked


async def test_the_ledger_never_sees_a_token(book: Book, clock: ManualClock) -> None:
    """Searches and calls, addresses and tokens are told apart all the same."""
    paces = AccountPaces(clock, book)
    for token in ("secret-a", "secret-b"):
        for url in ("http://a", "http://b"):
            await paces.searches(url, token).wait()
            await paces.calls(url, token).wait()
    assert len(book.free_at) == 8
    assert not any("secret" in key for key in book.free_at)
