"""Numbers for people: what is not known is said to be, and is never a 0."""

from __future__ import annotations

from collections.abc import Iterable

UNKNOWN_NUMBER = "not known how many"


def total(numbers: Iterable[int | None]) -> int | None:
    """Of those that are known; ``None`` if there are some and none is known."""
    told = list(numbers)
    known = [number for number in told if number is not None]
    return sum(known) if known or not told else None


def number(count: int | None) -> str:
    return UNKNOWN_NUMBER if count is None else f"{count:,}"


def counted(count: int | None, one: str) -> str:
    """``1 error``, ``1,234 errors``."""
    return f"{one}s: {UNKNOWN_NUMBER}" if count is None else f"{count:,} {one}{'' if count == 1 else 's'}"
