"""How long the work at hand may go on, and that it sends nothing afterwards.

A timeout alone does not say so of a process that was stopped and goes on minutes later: it may already have been about
to send. Somebody else does the work by then, so before every request the time is looked at once more.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

_ENDS_AT: ContextVar[float] = ContextVar("ends_at", default=math.inf)


def now() -> float:
    """Seconds of a clock that nobody sets; it goes on while the process stands still."""
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def within(seconds: float, began: float) -> AsyncIterator[None]:
    """Raises ``TimeoutError`` once so many seconds have passed since ``began``, which is a time of ``now``."""
    ends_at = min(began + seconds, _ENDS_AT.get())
    before = _ENDS_AT.set(ends_at)
    try:
        async with asyncio.timeout_at(ends_at):
            yield
    finally:
        _ENDS_AT.reset(before)


def check() -> None:
    """Raises ``TimeoutError`` where the time is up."""
    if now() >= _ENDS_AT.get():
        raise TimeoutError("the time for this is up")
