"""Whether the store takes writes and the configuration is the one in the files, as scrapes show it."""

from __future__ import annotations

import asyncio

import pytest

from exporter.clock import SystemClock
from exporter.exposition.page import Exposition
from exporter.self_metrics import SelfMetrics
from exporter.state.upkeep import Upkeep
from tests.pages import Page

FULL = "store: OperationalError: database or disk is full"


class Store:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.looked = asyncio.Event()

    async def look(self) -> str | None:
        self.looked.set()
        return self.problem


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def metrics() -> SelfMetrics:
    return SelfMetrics()


@pytest.fixture
def upkeep(store: Store, metrics: SelfMetrics) -> Upkeep:
    return Upkeep(store.look, metrics)


def shown(metrics: SelfMetrics, name: str) -> float | None:
    return Page(Exposition(metrics, SystemClock()).page("")[0].decode()).value(name)


async def test_both_are_good_until_the_contrary_is_seen(upkeep: Upkeep, metrics: SelfMetrics) -> None:
    """A process that cannot open its store, or read its configuration, serves no page."""
    assert (upkeep.store_problem, upkeep.is_reloaded) == (None, True)
    assert (shown(metrics, "store_up"), shown(metrics, "config_last_reload_successful")) == (1, 1)


async def test_a_store_that_takes_no_writes_is_down_until_it_does(
    upkeep: Upkeep, store: Store, metrics: SelfMetrics
) -> None:
    """With why."""
    seen = []
    for store.problem in (None, FULL, None):
        await upkeep.look()
        seen.append((upkeep.store_problem, shown(metrics, "store_up")))
    assert seen == [(None, 1), (FULL, 0), (None, 1)]


async def test_it_is_looked_at_again_and_again(upkeep: Upkeep, store: Store) -> None:
    """Until the process ends."""
    watching = asyncio.create_task(upkeep.watch(pause=0))
    for _ in range(3):
        store.looked.clear()
        await asyncio.wait_for(store.looked.wait(), 10)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def test_a_reload_that_fails_shows_until_one_is_applied(upkeep: Upkeep, metrics: SelfMetrics) -> None:
    """However often it fails."""
    seen = []
    for successful in (False, False, True):
        upkeep.reloaded(successful)
        seen.append((upkeep.is_reloaded, shown(metrics, "config_last_reload_successful")))
    assert seen == [(False, 0), (False, 0), (True, 1)]
