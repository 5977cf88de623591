"""Whether the store can be used."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable

import structlog

from exporter.errors import StoreError

PATIENCE = 8.0
"""Seconds that a transaction may take: less than Alertmanager waits for the answer to a webhook."""
FRESH_SECONDS = 2.0
"""For so long it is believed what was seen last."""
LOOK_SECONDS = 3.0
"""So long waits who asks."""
PAUSE_SECONDS = 1.0
"""Between two looks at a store that hangs."""

log = structlog.get_logger(__name__)


class NoAnswer(Exception):
    """The server took what it was sent, and said nothing in time; or the disk of a file did."""


class Health:
    """``look`` writes something, which costs little and changes nothing; it raises ``StoreError``.

    A store that fails says so at once, each time. One that hangs costs everybody the time they wait for it: so while it
    does nobody asks it but ``look``, again and again, and everybody else is told at once. That it fails is logged here,
    once, and that it answers again: whom it has failed says so at ``--log.level=debug``.
    """

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._hanging: str | None = None
        self._failures = 0
        self._awaiting: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._problem: str | None = None
        self._fresh_until = float("-inf")

    def check(self) -> None:
        """Raises ``StoreError`` while the store hangs."""
        if self._hanging is not None:
            raise StoreError(self._hanging)

    def failed(self, failure: StoreError, *, hangs: bool) -> None:
        """Somebody could not use the store."""
        self._fresh_until = float("-inf")
        self._failures += 1
        if hangs and self._hanging is None:
            self._hanging = str(failure)
        if self._awaiting is None:
            log.error("store failed", error=str(failure), hangs=hangs)
            # Not in the name of the request that has met it first.
            looking = self._until_it_answers()
            self._awaiting = asyncio.create_task(looking, name="store", context=contextvars.Context())

    async def problem(self) -> str | None:
        """Why the store cannot be used, ``None`` if it can; within ``LOOK_SECONDS``, and asked of it not too often."""
        if self._hanging is not None:
            return self._hanging
        if asyncio.get_running_loop().time() >= self._fresh_until:
            if self._looking is None:
                self._looking = asyncio.create_task(self._see(), name="look at the store")
            await asyncio.wait({self._looking}, timeout=LOOK_SECONDS)
            if self._looking is not None:
                return f"store: no answer within {LOOK_SECONDS:g} s"
        return self._problem

    async def close(self) -> None:
        for task in (self._awaiting, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})

    async def _see(self) -> None:
        try:
            self._problem = await self._why_not()
            self._fresh_until = asyncio.get_running_loop().time() + FRESH_SECONDS
        finally:
            self._looking = None

    async def _until_it_answers(self) -> None:
        was_away = self._hanging is not None
        while (problem := await self._why_not()) is not None:
            was_away = True
            if self._hanging is not None:
                self._hanging = problem
            await asyncio.sleep(PAUSE_SECONDS)
        if was_away:
            log.info("store answers again", failures=self._failures)
        self._hanging, self._failures, self._awaiting = None, 0, None

    async def _why_not(self) -> str | None:
        try:
            await self._look()
        except StoreError as error:
            return str(error)
        except Exception as error:  # a bug in the look must not keep everybody away for ever
            log.exception("bug in the look at the store")
            return f"store: bug: {type(error).__name__}"
        return None
