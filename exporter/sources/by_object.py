"""Reads the objects of a HubSpot account one after the other, for a source of which each object is a part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from exporter.clients.hubspot.refusals import concerns_account
from exporter.errors import Again, InvalidAnswer, UpstreamError, UpstreamTimeout

T = TypeVar("T")

PATIENCE = 27.0
"""Seconds for all objects, of which each has its share: less than a poll may take, so that an object whose searches
hang costs that object and not what was read of the others."""


async def read_by_object(
    names: Collection[str], read: Callable[[str], Awaitable[T]], what_to_check: Callable[[str], str]
) -> tuple[dict[str, T], dict[str, UpstreamError | None]]:
    """What was read by object, and why an object could not be read. What is refused to the account is asked once.

    ``what_to_check`` is told of an object whose search HubSpot refuses: so it does where a property does not exist,
    without saying so in a field of its own.
    """
    found: dict[str, T] = {}
    parts: dict[str, UpstreamError | None] = {}
    refused: UpstreamError | None = None
    for name in names:
        parts[name] = refused
        if refused is None:
            try:
                found[name] = await _in_time(read(name), name, PATIENCE / len(names))
            except UpstreamError as error:
                parts[name] = _explained(error, what_to_check(name))
                refused = error if concerns_account(error) else None
    return found, parts


async def _in_time(reading: Awaitable[T], name: str, patience: float) -> T:
    try:
        async with asyncio.timeout(patience):
            return await reading
    except TimeoutError as error:
        raise UpstreamTimeout(f"searches of {name} not finished within {patience:g} s") from error


def _explained(error: UpstreamError, to_check: str) -> UpstreamError:
    if not isinstance(error, InvalidAnswer) or error.code not in ("VALIDATION_ERROR", "HTTP_400"):
        return error
    return error.retold(f"{error}; {to_check}", again=Again.LATER)
