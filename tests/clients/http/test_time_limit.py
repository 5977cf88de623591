"""The work at hand sends nothing once its time is up."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from exporter.clients.http import time_limit
from exporter.clients.http.upstream import Upstream
from tests.clocks import ManualClock


class Wire(httpx.AsyncBaseTransport):
    """Answers at once, without giving the loop a turn."""

    def __init__(self) -> None:
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        return httpx.Response(200, json={}, request=request)


async def ask(wire: Wire) -> int:
    async with httpx.AsyncClient(transport=wire) as http:
        upstream = Upstream(http, ManualClock(), lambda: None)
        status: int = await upstream.call("GET", "http://api.example/", lambda answer: answer.status)
        return status


async def test_a_process_that_stood_still_sends_nothing_more() -> None:
    """It comes back after its time, in the very step that would send: no turn of the loop has told it yet."""
    wire = Wire()
    with pytest.raises(TimeoutError):
        async with time_limit.within(30.0, time_limit.now() - 180.0):
            await ask(wire)
    assert wire.sent == 0


async def test_until_then_it_sends() -> None:
    """And so does whoever has no limit, or no longer has one."""
    wire = Wire()
    async with time_limit.within(30.0, time_limit.now()):
        assert await ask(wire) == 200
    with pytest.raises(TimeoutError):
        async with time_limit.within(0.0, time_limit.now()):
            await asyncio.Event().wait()
    assert await ask(wire) == 200
    assert wire.sent == 2


async def test_what_is_begun_inside_has_no_more_time() -> None:
    """Tasks of its own, and a longer limit within."""
    wire = Wire()
    with pytest.raises(TimeoutError):
        async with time_limit.within(30.0, time_limit.now() - 60.0), time_limit.within(90.0, time_limit.now()):
            await asyncio.gather(ask(wire), ask(wire))
    assert wire.sent == 0
