"""Looks, from inside a process, at how long its event loop is held, and how late its polls begin."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

TICK = 0.001
"""Seconds between two looks at the event loop: a hold is what passes beyond them, as far as the loop itself worked
meanwhile. That another process had its core is no hold, nor is the turn of another thread."""


class Holds:
    """How long the event loop worked without coming to a timer that was due, in seconds, where longer than a tick."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.seen = []
        self._task = asyncio.create_task(self._look())

    async def end(self) -> list[tuple[float, float]]:
        """Moments (monotonic) and lengths."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        return self.seen

    async def _look(self) -> None:
        while True:
            began, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(TICK)
            ended = time.monotonic()
            held = min(ended - began - TICK, time.thread_time() - worked)
            if held > TICK:
                self.seen.append((ended, held))


class Polled(Protocol):
    """A poller that notes how late it was, in seconds."""

    behind: list[float]

    def tried(self) -> bool: ...

    def forget_times(self) -> None: ...

    async def run(self) -> None: ...


class Watch:
    """What is looked at on demand: ``POST /bench/watch?polls=0|1`` begins, and lets polls begin; ``POST
    /bench/watched`` ends both and tells what was seen."""

    def __init__(self, poller: Polled | None = None) -> None:
        self._poller = poller
        self._holds = Holds()
        self._polling: asyncio.Task[None] | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/bench/ready", _ready),
            Route("/bench/watch", self._begin, methods=["POST"]),
            Route("/bench/watched", self._end, methods=["POST"]),
        ]

    async def _begin(self, request: Request) -> Response:
        self._holds.begin()
        if self._poller is not None and request.query_params.get("polls") == "1":
            self._polling = asyncio.create_task(self._poller.run())
            while not self._poller.tried():  # noqa: ASYNC110  it says nothing by itself
                await asyncio.sleep(0.01)
            # Those that have never been polled are late from the start.
            self._poller.forget_times()
        return PlainTextResponse("watching")

    async def _end(self, _request: Request) -> Response:
        behind: list[float] = []
        if self._poller is not None and self._polling is not None:
            self._polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._polling
            self._polling, behind = None, self._poller.behind
        return JSONResponse({"holds": await self._holds.end(), "behind": behind})


async def _ready(_request: Request) -> Response:
    return PlainTextResponse("ready")
