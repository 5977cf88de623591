"""Waiting for a real program that a test has started."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def await_ready(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Returns once ``ready`` says so; fails with what the program has logged if it ends before, or takes longer.

    Pauses between two looks and waits for nothing else: how long it takes is the program's own time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None, f"ended with status {process.returncode}:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"not ready within {seconds:g} s:\n{log.read_text()}"
        time.sleep(0.02)


async def until(look: Callable[[], Awaitable[T]], good: Callable[[T], bool], seconds: float = 150.0) -> T:
    """What is seen once it is good; fails with it after so many seconds."""
    ends_at = time.monotonic() + seconds
    while not good(seen := await look()):
        assert time.monotonic() < ends_at, seen
        await asyncio.sleep(0.02)
    return seen
