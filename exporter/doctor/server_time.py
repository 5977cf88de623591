"""How far this machine's clock is from those of the servers that answer. Pure, but for the list it keeps.

Facts: RFC 9110, *Date*: every answer with a clock behind it says when it was made, to the second.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from exporter.clock import Clock

OFF = 60.0
"""Seconds. An assertion (JWT) holds for two minutes and Salesforce takes none that ends in more than three, so a clock
that is a minute ahead is already at the edge."""


class ServerTimes:
    """The differences seen so far, in seconds; positive: this machine is ahead."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: list[float] = []

    async def note(self, response: httpx.Response) -> None:
        """For ``event_hooks`` of a client."""
        try:
            told = parsedate_to_datetime(response.headers.get("date", ""))
        except ValueError:
            return
        self._seen.append(self._clock.time() - told.timestamp())

    @property
    def ahead(self) -> float | None:
        """The smallest difference to any server, ``None`` before the first answer. One server whose clock is wrong does
        not make this one's wrong, nor does an answer that took its time."""
        return min(self._seen, key=abs, default=None)
