"""Turns of one HubSpot account that several replicas take from one ledger, so that together they keep one pace.

A ledger is asked for as many turns as there are calls waiting here, at most a second's worth: about once a second
under load, and what nobody uses is little. Each replica has a stretch of the pace to itself, and its calls leave evenly
in it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

import structlog

from exporter.clock import Clock
from exporter.errors import StoreError

STRETCH = 1.0
"""Seconds of the pace that are reserved at once, at most."""

LEDGER_SECONDS, AWAY_SECONDS = 2.0, 10.0
"""A ledger that has not answered in so many seconds is away, and is left alone for so many."""

LONGEST_HOLD = 10.0

_TRIES = 10
_NOW = 0.001
_HOLD_STEP = 0.25

log = structlog.get_logger(__name__)


class Ledger(Protocol):
    """What replicas share: up to when each pace is taken."""

    async def reserve(self, key: str, seconds: float, after: float) -> float:
        """Takes so many seconds of a pace, none of which comes sooner than ``after`` seconds from now; returns in how
        many seconds they begin. Raises ``StoreError``."""


class SharedTurns:
    """The turns of one pace; ``key`` is what the ledger knows it by."""

    def __init__(self, ledger: Ledger, key: str, clock: Clock) -> None:
        self._ledger = ledger
        self._key = key
        self._clock = clock
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._turns: deque[float] = deque()
        self._reserved_at = self._held_until = self._away_until = 0.0
        self._away = False
        self._telling: set[asyncio.Task[None]] = set()

    async def wait(self, spacing: float, late: float) -> bool:
        """Returns when it is this call's turn; who asked first goes first. ``spacing`` are the seconds between two
        turns; one that is missed by more than ``late`` seconds is lost. ``False`` while the ledger is away."""
        self._waiting += 1
        try:
            async with self._turn:
                return await self._take(spacing, late)
        finally:
            self._waiting -= 1

    async def _take(self, spacing: float, late: float) -> bool:
        for _try in range(_TRIES):
            now = self._clock.time()
            self._forget_lost(now, late)
            if not self._turns and not await self._reserve(spacing):
                return False
            pause = self._turns[0] - self._clock.time()
            if pause <= _NOW:
                self._turns.popleft()
                return True
            await self._clock.sleep(pause)
        return False

    def _forget_lost(self, now: float, late: float) -> None:
        # Where the clock was set back nobody knows any more when they are.
        if now < self._reserved_at:
            self._turns.clear()
        while self._turns and self._turns[0] < now - late:
            self._turns.popleft()

    async def _reserve(self, spacing: float) -> bool:
        now = self._clock.time()
        if 0 < self._away_until - now <= AWAY_SECONDS:
            return False
        count = max(1, min(self._waiting, int(STRETCH / spacing)))
        held = min(max(0.0, self._held_until - now), LONGEST_HOLD)
        begins_in = await self._asked(count * spacing, held)
        if begins_in is None:
            return False
        self._reserved_at = self._clock.time()
        self._turns = deque(self._reserved_at + begins_in + number * spacing for number in range(count))
        return True

    def hold(self, seconds: float) -> None:
        """Nobody calls for so long, on any replica. Turns that were reserved are given up."""
        held_until = self._clock.time() + min(seconds, LONGEST_HOLD)
        # Many answers in a row say the same.
        if held_until >= self._held_until + _HOLD_STEP:
            self._held_until = held_until
            self._turns.clear()
            task = asyncio.create_task(self._tell(min(seconds, LONGEST_HOLD)))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, seconds: float) -> None:
        await self._asked(0.0, seconds)

    async def _asked(self, seconds: float, after: float) -> float | None:
        """What the ledger answers; ``None`` if it is away, which is logged once."""
        try:
            async with asyncio.timeout(LEDGER_SECONDS):
                begins_in = await self._ledger.reserve(self._key, seconds, after)
        except (StoreError, TimeoutError) as error:
            if not self._away:
                why = str(error) or f"no answer within {LEDGER_SECONDS:g} s"
                log.error("pace of HubSpot calls not shared: at half of it until the store is back", error=why)
            self._away, self._away_until = True, self._clock.time() + AWAY_SECONDS
            return None
        if self._away:
            log.info("pace of HubSpot calls shared again")
        self._away = False
        return begins_in
