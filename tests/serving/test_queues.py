"""Who waits for whom."""

from __future__ import annotations

import asyncio

from exporter.serving.queues import CrowdedError, Queues


async def served(queues: Queues, sender: str, order: list[str]) -> None:
    async with queues.first_of(sender), queues.turn():
        order.append(sender)
        await asyncio.sleep(0)


async def test_senders_take_turns() -> None:
    """Whoever comes alone waits for one of those who were there before from elsewhere, not for all of them."""
    queues, order = Queues(), list[str]()
    await asyncio.gather(*(served(queues, sender, order) for sender in "aaaaabbbc"))
    assert order.index("c") < 4
    assert order.index("b") < 3
    assert sorted(order) == list("aaaaabbbc")


async def test_so_many_wait_and_no_more() -> None:
    """Of one sender, and of all; as soon as there is room again one may."""
    queues, order = Queues(each=2, together=3), list[str]()
    ended = await asyncio.gather(*(served(queues, sender, order) for sender in "aaabbc"), return_exceptions=True)
    assert [type(one) for one in ended] == [type(None)] * 2 + [CrowdedError] + [type(None)] + [CrowdedError] * 2
    await served(queues, "c", order)
    assert sorted(order) == list("aabc")


async def test_who_leaves_leaves_no_place_taken() -> None:
    """While it waits, or while it has its turn."""
    queues, order = Queues(each=2, together=2), list[str]()
    for _ in range(3):
        waiting = [asyncio.create_task(served(queues, "a", order)) for _ in range(2)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in ended] == [asyncio.CancelledError] * 2
    order.clear()
    await asyncio.gather(served(queues, "a", order), served(queues, "b", order))
    assert order == ["a", "b"]
