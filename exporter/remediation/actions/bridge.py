"""Resync through the Sync Health bridge, which does what the page's *Resync* button does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exporter.clients.bridge import MAX_RESYNC_IDS, BridgeClient
from exporter.clients.connection import Connection
from exporter.model import SyncError
from exporter.remediation.actions.action import ActionKind, Pair
from exporter.remediation.listing import listed
from exporter.store.job import Job


class BridgeResync:
    """The ``Action`` of an integration with a bridge."""

    name = "bridge"
    batch_size = MAX_RESYNC_IDS
    lanes = 1
    repeatable = False

    def __init__(self, client: BridgeClient) -> None:
        self._client = client

    async def find(self, pairs: Iterable[Pair]) -> tuple[SyncError, ...]:
        return await listed(self._client, pairs)

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        del job  # the bridge is told of errors only
        answer = await self._client.resync(error_ids)
        return {
            error_id: None if error_id in answer.accepted else answer.rejected.get(error_id, "not answered")
            for error_id in error_ids
        }


def _made_from(connection: Connection) -> BridgeResync | None:
    return None if connection.bridge is None else BridgeResync(connection.bridge)


KIND = ActionKind(BridgeResync.name, _made_from)
