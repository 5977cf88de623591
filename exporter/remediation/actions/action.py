"""What an action is: a way to find sync errors and to resync them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.clients.connection import Connection
from exporter.model import SyncError

Pair = tuple[str, str]
"""Category and error type, as the catalogue names them."""


class Action(Protocol):
    """Resyncs for one integration; both methods raise ``UpstreamError``. ``name`` is a value of
    ``resync_records_total{action}``, ``batch_size`` how many errors one request may name.

    Between finding an error and resyncing it a job keeps its ``id``, for hours maybe and across restarts. So whatever
    an action needs to know of an error to resync it stands in the ``id`` that it gives it.
    """

    name: str
    batch_size: int

    async def find(self, pairs: Iterable[Pair]) -> tuple[SyncError, ...]:
        """The current errors of these pairs, each id once."""

    async def resync(self, error_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Asks for at most ``batch_size`` resyncs: ``None`` for an id that was accepted, else why it was not."""


@dataclass(frozen=True, slots=True)
class ActionKind:
    """An entry of the table. ``made_from`` makes the action of one integration, or says ``None`` where nothing is
    configured for it; it sends nothing."""

    name: str
    made_from: Callable[[Connection], Action | None]
