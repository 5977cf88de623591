"""Resync by touching the record: HubSpot syncs it at once when a mapped property of it changes.

The property is one made for this, and its value is the time of the job. So a record touched twice by one job, after a
crash, holds the same value both times: the second write changes nothing, and HubSpot syncs it no second time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from exporter.catalog.catalog import UNSYNCED
from exporter.clients.connection import Connection, ErrorLister
from exporter.clients.hubspot.batch_answer import GONE
from exporter.clients.hubspot.batch_writer import BatchWriter
from exporter.clients.hubspot.client import MAX_INPUTS, HubSpotClient
from exporter.clients.hubspot.sync_time import SYNCED
from exporter.clients.hubspot.touch_property import why_not
from exporter.clock import Clock
from exporter.errors import AuthError, InvalidAnswer
from exporter.model import SyncError
from exporter.remediation.actions.action import ActionKind, Final, Pair
from exporter.remediation.backlog import Backlog
from exporter.remediation.lanes import Lanes
from exporter.remediation.listing import listed
from exporter.store.job import Job

LANES = 40
"""Requests under way at once: with that many HubSpot may take two seconds to answer before its pace is not kept."""

RECHECK_AFTER = 10.0
"""Seconds a verdict holds for at least, good or bad. A good one is only looked into when a batch is refused."""

_RECORD = re.compile(r"([A-Za-z0-9_-]{1,100})/([0-9]{1,20})")
_NO_RECORD = Final("the sync error names no HubSpot record (object_type and hubspot_id), so there is nothing to touch")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of the properties of one object type: ``trouble`` is why ours cannot be written there;
    ``tells_syncs`` whether its records say when they were synced last."""

    trouble: str | None
    at: float
    tells_syncs: bool = False


class Touch:
    """The ``Action`` of an integration with a property to touch. Without a ``lister`` it knows of no errors, without a
    ``backlog`` of no records that wait without one. Its ids are those of records: ``contacts/101``; an
    error that names none keeps its own behind a ``?``, and fails with the reason."""

    name = "touch"
    batch_size = MAX_INPUTS
    lanes = LANES
    repeatable = False
    on_trial = True
    asks_hubspot = True
    proved_by_syncs = True

    def __init__(
        self,
        lister: ErrorLister | None,
        client: HubSpotClient,
        property_name: str,
        clock: Clock,
        backlog: Backlog | None = None,
    ) -> None:
        self.backlog = backlog
        self._lister = lister
        self._client = client
        self._writer = BatchWriter(client, clock)
        self._property = property_name
        self._clock = clock
        self._verdicts: dict[str, Verdict] = {}
        self._checking = asyncio.Lock()

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        """A record with several errors is found once. First come those that no error has to tell of, the oldest change
        first: they wait longest."""
        wanted = frozenset(pairs)
        kinds = {kind for category, kind in wanted if category == UNSYNCED}
        waiting = await self.backlog.find(kinds, selected, since) if kinds and self.backlog is not None else ()
        found = await listed(self._lister, wanted, selected) if self._lister is not None else ()
        records: dict[str, SyncError] = {record.id: record for record in waiting}
        for error in map(_by_record, found):
            records.setdefault(error.id, error)
        return tuple(records.values())

    async def as_of(self, category: str) -> float | None:
        return None if self._lister is None or category == UNSYNCED else await self._lister.as_of(category)

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        outcomes: dict[str, str | None] = dict.fromkeys(error_ids, _NO_RECORD)
        # HubSpot takes epoch milliseconds as text for a datetime property, in any version; they need no zone.
        values = {self._property: str(round(job.created_at * 1000))}
        for object_type, ids in _by_type(error_ids).items():
            touched = await self._touch(object_type, ids, values)
            outcomes |= {f"{object_type}/{hubspot_id}": why for hubspot_id, why in touched.items()}
        return outcomes

    async def synced_at(self, error_ids: Sequence[str]) -> Mapping[str, float | None]:
        """What HubSpot does not tell, for want of a scope or a property, is told of by the list of errors alone."""
        synced: dict[str, float | None] = {}
        for object_type, ids in _by_type(error_ids).items():
            told = await self._syncs(object_type, ids)
            synced |= {f"{object_type}/{hubspot_id}": moment for hubspot_id, moment in told.items()}
        return synced

    async def _syncs(self, object_type: str, ids: Sequence[str]) -> Mapping[str, float | None]:
        synced: dict[str, float | None] = {}

        async def ask(some: Sequence[str]) -> None:
            synced.update(await self._client.last_syncs(object_type, some))

        try:
            if await self._tells_syncs(object_type):
                async with Lanes(self.lanes) as lanes:
                    for first in range(0, len(ids), MAX_INPUTS):
                        await lanes.run(ask(ids[first : first + MAX_INPUTS]))
        except (AuthError, InvalidAnswer) as error:
            if isinstance(error, AuthError) and error.code != "MISSING_SCOPES":
                raise
            log.warning("nothing known of last syncs", object_type=object_type, error=str(error))
        return synced

    async def _tells_syncs(self, object_type: str) -> bool:
        """Where no record can have such a time, that one has none says nothing."""
        async with self._checking:
            verdict = self._verdicts.get(object_type) or await self._checked(object_type)
            return verdict.tells_syncs

    async def _touch(self, object_type: str, ids: Sequence[str], values: Mapping[str, str]) -> Mapping[str, str | None]:
        """What cannot be done to one object type costs the records of that type alone."""
        try:
            trouble = await self._trouble(object_type)
            if trouble is not None:
                return dict.fromkeys(ids, Final(trouble))
            written = await self._writer.write(object_type, values, ids, lambda: self._rechecked(object_type))
            return {record: Final(why) if why == GONE else why for record, why in written.items()}
        except AuthError as error:
            if error.code != "MISSING_SCOPES":
                raise
            self._verdicts[object_type] = Verdict(str(error), self._clock.time())
            return dict.fromkeys(ids, Final(error))

    async def _trouble(self, object_type: str) -> str | None:
        """Why the property cannot be written; HubSpot is asked before the first write of this process."""
        async with self._checking:
            verdict = self._verdicts.get(object_type)
            if verdict is None or (verdict.trouble is not None and self._is_old(verdict)):
                verdict = await self._checked(object_type)
            return verdict.trouble

    async def _rechecked(self, object_type: str) -> str | None:
        """The same when a batch was refused: somebody may have changed the property."""
        async with self._checking:
            verdict = self._verdicts.get(object_type)
            if verdict is None or self._is_old(verdict):
                verdict = await self._checked(object_type)
            return verdict.trouble

    def _is_old(self, verdict: Verdict) -> bool:
        return self._clock.time() - verdict.at >= RECHECK_AFTER

    async def _checked(self, object_type: str) -> Verdict:
        definitions = await self._client.properties(object_type)
        if definitions is None:
            trouble: str | None = f"HubSpot has no object type {object_type} in this account"
        else:
            trouble = why_not(definitions, self._property, object_type)
        names = {one.get("name") for one in definitions["results"]} if definitions is not None else set()
        self._verdicts[object_type] = verdict = Verdict(trouble, self._clock.time(), SYNCED in names)
        return verdict


def _by_record(error: SyncError) -> SyncError:
    record = f"{error.object_type}/{error.hubspot_id}"
    return replace(error, id=record if _RECORD.fullmatch(record) else f"?{error.id}")


def _by_type(error_ids: Iterable[str]) -> dict[str, list[str]]:
    """HubSpot ids by object type, without what is no record's."""
    by_type: dict[str, list[str]] = {}
    for match in filter(None, map(_RECORD.fullmatch, error_ids)):
        by_type.setdefault(match[1], []).append(match[2])
    return by_type


def _made_from(connection: Connection) -> Touch | None:
    name, hubspot, account = (
        connection.settings.remediation.touch_property,
        connection.hubspot,
        connection.settings.hubspot,
    )
    if name is None or hubspot is None or account is None:
        return None
    backlog = Backlog(hubspot, account.unsynced, connection.clock) if account.unsynced.objects else None
    if connection.lister is None and backlog is None:
        return None
    return Touch(connection.lister, hubspot, name, connection.clock, backlog)


KIND = ActionKind(Touch.name, _made_from)
