"""Asks the person at the terminal."""

from __future__ import annotations

import asyncio
import sys

from exporter.errors import UsageError

_YES = ("y", "yes")


def may_ask() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def refuse_unless_agreed(*, yes: bool) -> None:
    """Raises ``UsageError`` where nobody can be asked and nobody has agreed before."""
    if not yes and not may_ask():
        raise UsageError("there is no terminal to ask on: add --yes to agree, or --dry-run only to see the plan")


async def agreed(question: str) -> bool:
    """Whether the answer is yes; no answer is none. The event loop goes on meanwhile, so Ctrl-C is heard."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not answered.done():
            answered.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        answer = await answered
    except asyncio.CancelledError:
        sys.stderr.write("\n")
        raise
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return answer.strip().lower() in _YES
