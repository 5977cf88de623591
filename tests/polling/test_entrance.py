"""Where the first polls pass."""

from __future__ import annotations

import asyncio

from exporter.polling.entrance import Entrance


class Visit:
    """Somebody who passes, and stays until told to leave."""

    def __init__(
        self, entrance: Entrance, order: list[str], name: str, *, source: str = "limits", slow: bool = False
    ) -> None:
        self.entered, self.may_leave = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._pass(entrance, order, name, source, slow))

    async def _pass(self, entrance: Entrance, order: list[str], name: str, source: str, slow: bool) -> None:
        async with entrance.place(source, slow=slow):
            order.append(name)
            self.entered.set()
            await self.may_leave.wait()

    async def leave(self) -> None:
        self.may_leave.set()
        await self.task
        await asyncio.sleep(0)


async def settled() -> None:
    """Everybody has come as far as they can."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_only_so_many_at_once_and_the_slow_ones_last() -> None:
    """Whoever comes first goes first otherwise."""
    order: list[str] = []
    entrance = Entrance(places=1, held_for=60.0)
    first = Visit(entrance, order, "first")
    await settled()
    second, slow, third = (Visit(entrance, order, name, slow=name == "slow") for name in ("second", "slow", "third"))
    await settled()
    assert order == ["first"]
    for visit in (first, second, third, slow):
        await visit.leave()
    assert order == ["first", "second", "third", "slow"]


async def test_each_source_has_places_of_its_own() -> None:
    """While an API hangs, thousands that ask another one are begun; the slow ones still wait."""
    order: list[str] = []
    entrance = Entrance(places=1, held_for=60.0)
    hanging, behind = (Visit(entrance, order, name) for name in ("hanging", "behind"))
    slow = Visit(entrance, order, "slow", source="searches", slow=True)
    others = [Visit(entrance, order, f"other {number}", source="page") for number in range(3)]
    for other in others:
        async with asyncio.timeout(10):
            await other.entered.wait()
        await other.leave()
    assert order == ["hanging", "other 0", "other 1", "other 2"]
    for visit in (hanging, behind, slow):
        await visit.leave()
    assert order[-1] == "slow"


async def test_who_stays_long_keeps_nobody_waiting() -> None:
    """Not even those of its own source."""
    order: list[str] = []
    entrance = Entrance(places=1, held_for=0.0)
    hanging, other = Visit(entrance, order, "hanging"), Visit(entrance, order, "other")
    async with asyncio.timeout(10):
        await other.entered.wait()
    for visit in (hanging, other):
        await visit.leave()
    assert order == ["hanging", "other"]


async def test_a_place_is_given_back_once() -> None:
    """When it has been held for long enough; not again at the end."""
    entrance = Entrance(places=1, held_for=0.0)
    order: list[str] = []
    visits = [Visit(entrance, order, name) for name in ("long", "next")]
    await visits[1].entered.wait()
    for visit in visits:
        await visit.leave()
    assert entrance.free["limits"] == 1


async def test_who_goes_away_while_waiting_leaves_the_place_to_the_next() -> None:
    """Also one that was just let in."""
    order: list[str] = []
    entrance = Entrance(places=1, held_for=60.0)
    first, gone, let_in, last = (Visit(entrance, order, name) for name in ("first", "gone", "let in", "last"))
    await settled()
    gone.task.cancel()
    await settled()
    first.may_leave.set()
    await asyncio.wait({first.task})
    let_in.task.cancel()
    await settled()
    await last.leave()
    assert order in (["first", "last"], ["first", "let in", "last"])
