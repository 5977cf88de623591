"""Whether the store can be used, as far as one knows, and who is kept from asking it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from exporter.errors import StoreError
from exporter.store.health import Health


class Store:
    """Says what it is told to, and counts how often it was looked at."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.looks = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def look(self) -> None:
        self.looks += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def health(store: Store) -> AsyncIterator[Health]:
    health = Health(store.look)
    yield health
    await health.close()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


async def test_many_who_ask_cost_one_look(health: Health, store: Store) -> None:
    """At once, and one after the other."""
    assert set(await asyncio.gather(*(health.problem() for _ in range(50)))) == {None}
    assert await health.problem() is None
    assert store.looks == 1


async def test_who_could_not_use_it_makes_the_next_look_again(health: Health, store: Store) -> None:
    """Whatever was seen before; a store that fails at once is asked by everybody all the same."""
    assert await health.problem() is None
    store.error = StoreError("store: disk full")
    health.failed(store.error, hangs=False)
    assert await health.problem() == "store: disk full"
    health.check()
    store.error = None
    health.failed(StoreError("store: disk full"), hangs=False)
    assert await health.problem() is None


async def test_a_store_that_hangs_is_asked_by_nobody(health: Health, store: Store) -> None:
    """Until a look, and there is one at a time, comes to its end."""
    store.answers.clear()
    for _ in range(3):
        health.failed(StoreError("store: no answer"), hangs=True)
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match=r"^store: no answer$"):
        health.check()
    assert await health.problem() == "store: no answer"
    assert store.looks == 1
    store.answers.set()
    await _free(health)
    assert await health.problem() is None


async def test_what_keeps_it_from_answering_is_said_as_it_is_now(health: Health, store: Store) -> None:
    """It hung, then it was stopped: looked at again after a while, and a bug in that ends nothing."""
    store.error = StoreError("store: connection refused")
    health.failed(StoreError("store: no answer"), hangs=True)
    await _said(health, "store: connection refused")
    store.error = KeyError("bug")
    await _said(health, "store: bug: KeyError")
    store.error = None
    await _free(health)


async def test_closing_waits_for_no_look(store: Store) -> None:
    """Neither for one that somebody asked for nor for one at a store that hangs."""
    health = Health(store.look)
    store.answers.clear()
    asking = asyncio.create_task(health.problem())
    await asyncio.sleep(0)
    health.failed(StoreError("store: no answer"), hangs=True)
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await health.close()
        await asking


async def _free(health: Health) -> None:
    """Returns once everybody may use the store."""
    async with asyncio.timeout(5):
        while not _is_free(health):  # noqa: ASYNC110  it finds out in its own time
            await asyncio.sleep(0.01)


def _is_free(health: Health) -> bool:
    try:
        health.check()
    except StoreError:
        return False
    return True


async def _said(health: Health, problem: str) -> None:
    async with asyncio.timeout(5):
        while await health.problem() != problem:  # noqa: ASYNC110  it finds out in its own time
            await asyncio.sleep(0.01)
