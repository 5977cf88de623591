"""What a source is: a name, a way to fetch (I/O) and a way to parse (pure)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.model import Part


@dataclass(frozen=True, slots=True)
class Source:
    """``fetch(connection, previous)`` returns JSON; ``parse(payload, read_at)`` checks it and makes a Part; both raise
    ``UpstreamError``. ``previous`` is the last good payload, also after a restart, ``None`` if there is none.

    The payload is what the store keeps, so ``parse`` must accept again after a restart what it accepted before.
    ``asks_salesforce``: its answers come from the org, cost API calls, and state the org's usage on the side;
    ``budget_share`` is the part of the day's budget after which it gives way to sources with a larger one.
    """

    name: str
    applies: Callable[[Integration], bool]
    fetch: Callable[[Connection, Any], Awaitable[Any]]
    parse: Callable[[Any, float], Part]
    asks_salesforce: bool = False
    budget_share: float = 1.0
