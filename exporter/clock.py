"""Time, injected wherever it is needed, so that tests own it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

_YEAR_3000 = 32_503_680_000.0


class Clock(Protocol):
    """What the product asks of time."""

    def time(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep(self, seconds: float) -> None:
        """Waits; returns at once for 0 or less."""


class SystemClock:
    """The clock of this machine."""

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def parse_timestamp(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time; raises ``ValueError``, also for a time without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.timestamp()


def is_plausible(seconds: float) -> bool:
    """Whether a time that somebody else states can be meant: from 1970 to 2999."""
    return 0 <= seconds < _YEAR_3000


def format_timestamp(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
