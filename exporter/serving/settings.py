"""A web configuration as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.serving.server_context import ServerContext


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A request every ``interval`` seconds on average, and ``burst`` at once."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What ``--web.config.file`` says; without a ``context`` plain HTTP is served, without ``users`` to everybody.

    ``users`` are the bcrypt hashes of passwords by user name; ``notes`` say what is accepted but not acted on.
    """

    context: ServerContext | None = field(default=None)
    headers: tuple[tuple[str, str], ...] = ()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate_limit: RateLimit | None = None
    notes: tuple[str, ...] = ()
