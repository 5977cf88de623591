"""Remediation by somebody else's automation: a hook is told which records have which errors.

The list of errors is the bridge's, or what was exported. What the hook is told of an error stands in its id here, so a
job needs no second look at the list, and says the same however often it has to say it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, replace

import structlog

from exporter.catalog.catalog import CATALOG
from exporter.clients.connection import Connection, ErrorLister
from exporter.clients.hook import MAX_RECORDS, Delivery, HookClient, HookRecord, delivery_id
from exporter.model import SyncError
from exporter.remediation.actions.action import ActionKind, Final, Pair
from exporter.remediation.listing import listed
from exporter.store.job import Job

_BETWEEN = ";"
_LONGEST = 500
"""Characters that the ledger has for an id. A bridge's own has 400 at most, so it takes odd parts as well."""

log = structlog.get_logger(__name__)


class HookResync:
    """The ``Action`` of an integration with a hook, and with somebody who lists its errors."""

    name = "hook"
    batch_size = MAX_RECORDS
    lanes = 1
    repeatable = True
    on_trial = False
    asks_hubspot = False
    proved_by_syncs = False

    def __init__(self, lister: ErrorLister, hook: HookClient) -> None:
        self._lister = lister
        self._hook = hook

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        del since  # it knows of errors only
        errors = await listed(self._lister, pairs, selected)
        found = [replace(error, id=_written(_record_of(error))) for error in errors]
        fitting = tuple(error for error in found if len(error.id) <= _LONGEST)
        if len(fitting) < len(found):
            log.warning("errors with ids too long for the ledger are left out", errors=len(found) - len(fitting))
        return fitting

    async def synced_at(self, error_ids: Sequence[str]) -> Mapping[str, float | None]:
        del error_ids  # the list of errors is the proof
        return {}

    async def as_of(self, category: str) -> float | None:
        return await self._lister.as_of(category)

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        records = {error_id: _read(error_id) for error_id in sorted(error_ids)}
        delivery = Delivery(
            # A store that was thrown away counts its jobs from 1 again, so the number alone names no job for ever.
            id=delivery_id((job.integration, job.id, repr(job.created_at)), error_ids),
            integration=job.integration,
            job=job.id,
            alert=job.alert,
            attempt=job.failures + 1,
            records=tuple(records.values()),
        )
        rejected = await self._hook.deliver(delivery)
        # It is somebody's automation that has decided: it does not want to be asked again.
        return {error_id: _final(rejected.get(record.error_id)) for error_id, record in records.items()}


def _final(why: str | None) -> Final | None:
    return None if why is None else Final(why)


def _record_of(error: SyncError) -> HookRecord:
    category, error_type = CATALOG.classify(error.category, error.error_type)
    return HookRecord(error.id, error.object_type, error.hubspot_id, error.salesforce_id, category, error_type)


def _written(record: HookRecord) -> str:
    return _BETWEEN.join((part or "").replace("%", "%25").replace(_BETWEEN, "%3B") for part in astuple(record))


def _read(error_id: str) -> HookRecord:
    own, object_type, hubspot_id, salesforce_id, category, error_type = (
        part.replace("%3B", _BETWEEN).replace("%25", "%") for part in error_id.split(_BETWEEN)
    )
    return HookRecord(own, object_type or None, hubspot_id or None, salesforce_id or None, category, error_type)


def _made_from(connection: Connection) -> HookResync | None:
    if connection.lister is None or connection.hook is None:
        return None
    return HookResync(connection.lister, connection.hook)


KIND = ActionKind(HookResync.name, _made_from, unasked=False)
