"""What a source is: a name, a way to fetch (I/O) and a way to parse (pure)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from exporter.clients.connection import Connection
from exporter.config import Integration
from exporter.model import Part


@dataclass(frozen=True, slots=True)
class Source:
    """``fetch`` returns JSON; ``parse(payload, read_at)`` checks it and makes a Part; both raise ``UpstreamError``.

    The payload is what the store keeps, so ``parse`` must accept again after a restart what it accepted before.
    """

    name: str
    applies: Callable[[Integration], bool]
    fetch: Callable[[Connection], Awaitable[Any]]
    parse: Callable[[Any, float], Part]
