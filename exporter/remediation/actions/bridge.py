"""Resync through the Sync Health bridge, which does what the page's *Resync* button does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.clients.bridge import MAX_RESYNC_IDS, BridgeClient
from exporter.clients.connection import Connection
from exporter.model import SyncError
from exporter.remediation.actions.action import ActionKind, Pair


class BridgeResync:
    """The ``Action`` of an integration with a bridge."""

    name = "bridge"
    batch_size = MAX_RESYNC_IDS

    def __init__(self, client: BridgeClient) -> None:
        self._client = client

    async def find(self, pairs: Iterable[Pair]) -> tuple[SyncError, ...]:
        found: dict[str, SyncError] = {}
        for (category, error_type), wanted in _questions(frozenset(pairs)).items():
            async for error in self._client.sync_errors(category, error_type):
                if CATALOG.classify(error.category, error.error_type) in wanted:
                    found[error.id] = error
        return tuple(found.values())

    async def resync(self, error_ids: Sequence[str]) -> Mapping[str, str | None]:
        answer = await self._client.resync(error_ids)
        return {
            error_id: None if error_id in answer.accepted else answer.rejected.get(error_id, "not answered")
            for error_id in error_ids
        }


def _questions(pairs: frozenset[Pair]) -> dict[tuple[str, str | None], frozenset[Pair]]:
    """What to ask the bridge for, and which pairs of the answer count: a single named type by its name, else the
    whole category, since the bridge may have names of its own for what is ``unknown`` here."""
    questions: dict[tuple[str, str | None], frozenset[Pair]] = {}
    for category in dict.fromkeys(category for category, _ in sorted(pairs)):
        wanted = frozenset(pair for pair in pairs if pair[0] == category)
        only = next(iter(wanted))[1] if len(wanted) == 1 else UNKNOWN
        questions[category, None if only == UNKNOWN else only] = wanted
    return questions


def _made_from(connection: Connection) -> BridgeResync | None:
    return None if connection.bridge is None else BridgeResync(connection.bridge)


KIND = ActionKind(BridgeResync.name, _made_from)
