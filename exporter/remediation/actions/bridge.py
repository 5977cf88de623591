"""The Sync Health bridge, which does what the page's buttons do: *Resync*, and *Clear Suspension* before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

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
    on_trial = True
    asks_hubspot = False
    proved_by_syncs = False

    def __init__(self, client: BridgeClient) -> None:
        self._client = client

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        del since  # it knows of errors only
        return await listed(self._client, pairs, selected)

    async def synced_at(self, error_ids: Sequence[str]) -> Mapping[str, float | None]:
        del error_ids  # the bridge's list of errors is the proof
        return {}

    async def as_of(self, category: str) -> float | None:
        return await self._client.as_of(category)

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        del job  # the bridge is told of errors only
        answer = await self._client.resync(error_ids)
        return {
            error_id: None if error_id in answer.accepted else answer.rejected.get(error_id, "not answered")
            for error_id in error_ids
        }


class ClearSuspension(BridgeResync):
    """The ``Action`` of a job that ends a suspension first, and then resyncs what that has left behind. Whether it may
    is asked before: see ``clearing``."""

    name = "clear-suspension"

    async def clear(self) -> str | None:
        """Presses the button; why it was not taken, ``None`` if it was."""
        return await self._client.clear_suspension()


def _resync(connection: Connection) -> BridgeResync | None:
    return None if connection.bridge is None else BridgeResync(connection.bridge)


def _clear(connection: Connection) -> ClearSuspension | None:
    return None if connection.bridge is None else ClearSuspension(connection.bridge)


RESYNC = ActionKind(BridgeResync.name, _resync)
CLEAR_SUSPENSION = ActionKind(ClearSuspension.name, _clear, unasked=False)
