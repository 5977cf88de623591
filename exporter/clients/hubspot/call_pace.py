"""HubSpot lets an app call so many times in any ten seconds; here calls other than searches wait for their turn.

Facts: HubSpot developer documentation, *Usage guidelines*: 190 calls in ten rolling seconds for a private app of a
professional account, fewer in smaller ones, more with an add-on. ``X-HubSpot-RateLimit-Max`` and
``-Interval-Milliseconds`` of any answer say how many it really is, ``-Remaining`` how many are left, with those of
other programs that use the token. Searches count apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from exporter.clients.hubspot.limit_headers import header_number
from exporter.clients.hubspot.shared_turns import LONGEST_HOLD, SharedTurns
from exporter.clock import Clock

CALLS, INTERVAL = 190, 10.0
"""HubSpot's limit, as long as no answer says another: calls in so many seconds."""

SHARE = 0.93
"""Of what is allowed. Calls leave evenly; what is left is for calls that the network bunches."""

_BEHIND = 2
"""Turns that may follow at once when a timer was late, so that late timers do not add up."""

_NEARLY_ALL = 0.97
"""Beyond this share of the limit used, by whomever, everybody waits for the tenth part of its interval."""

ALONE = 2.0
"""A replica that cannot ask the store which turns are taken takes only every second: another one may do the same."""


class CallPace:
    """The turns of one app, shared with other replicas or not."""

    def __init__(self, clock: Clock, shared: SharedTurns | None = None) -> None:
        self._clock = clock
        self._shared = shared
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._calls, self._interval = CALLS, INTERVAL

    @property
    def spacing(self) -> float:
        """Seconds between two calls."""
        return self._interval / (self._calls * SHARE)

    async def wait(self) -> None:
        """Returns when it is this call's turn; who asked first goes first."""
        spacing = self.spacing
        if self._shared is not None:
            if await self._shared.wait(spacing, _BEHIND * spacing):
                return
            spacing *= ALONE
        async with self._turn:
            while (pause := self._pause()) > 0:
                await self._clock.sleep(pause)
            behind = self._clock.time() - _BEHIND * spacing
            self._free_at = max(self._free_at, behind) + spacing

    def _pause(self) -> float:
        """Seconds until the next turn. A clock that was set back must not stop the calls for longer than any hold."""
        now = self._clock.time()
        self._free_at = min(self._free_at, now + LONGEST_HOLD)
        return self._free_at - now

    def hold(self, seconds: float) -> None:
        """Nobody calls for so long."""
        self._free_at = max(self._free_at, self._clock.time() + seconds)
        if self._shared is not None:
            self._shared.hold(seconds)

    def learn(self, headers: Mapping[str, str]) -> None:
        """What an answer says of the limit; nothing, or what cannot be meant, changes nothing."""
        calls = header_number(headers, "max", 1, 100_000)
        interval = header_number(headers, "interval-milliseconds", 1_000, 600_000)
        if calls is not None and interval is not None:
            self._calls, self._interval = calls, interval / 1000
        left = header_number(headers, "remaining", 0, 100_000)
        if left is not None and left < (1 - _NEARLY_ALL) * self._calls:
            self.hold(self._interval / 10)
