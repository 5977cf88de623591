"""The records of an integration that have not reached Salesforce, found by searching HubSpot.

Of these the stale ones can be cured by a touch. One that was never synced only if it is a contact of the inclusion
segment, or what else HubSpot creates in Salesforce: so those are looked for only where somebody names them, or where
search filters say which these are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import structlog

from exporter.catalog.catalog import CREATED, NEVER_SYNCED, STALE, UNSYNCED
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.refusals import concerns_account
from exporter.clients.hubspot.unsynced_records import Span, UnsyncedRecord, newest_sync, spans_of, unsynced_records
from exporter.clock import Clock
from exporter.config.settings import Unsynced
from exporter.errors import AuthError, InvalidAnswer, UpstreamError
from exporter.model import WaitingRecord
from exporter.remediation.listing import is_among
from exporter.sources.hubspot_unsynced import span_of

MOST_FOUND = 50_000
"""Records of an object and kind, the oldest: about five minutes of searches, and what fits into memory by far."""

log = structlog.get_logger(__name__)


class Backlog:
    """Raises ``UpstreamError``; ``grace`` is for how many seconds HubSpot is left to sync by itself."""

    def __init__(self, client: HubSpotClient, settings: Unsynced, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock

    @property
    def grace(self) -> float:
        return self._settings.grace

    async def find(
        self, kinds: Iterable[str], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[WaitingRecord, ...]:
        """The records of these kinds, the oldest change first, each as if it were an error: those of the configured
        window, or since this time. An object that is refused to the exporter costs the records of that object alone."""
        span = span_of(self._settings, self._clock.time())
        span = span if since is None else replace(span, start=min(since, span.end))
        found: list[WaitingRecord] = []
        refused: list[UpstreamError] = []
        for name in self._settings.objects:
            try:
                for kind in sorted(kinds):
                    for one in await self._spans(name, kind, span, since):
                        found += await self._of_object(name, kind, one, selected)
            except (AuthError, InvalidAnswer) as error:
                if concerns_account(error):
                    raise
                log.warning("records not looked for", object_type=name, error=str(error))
                refused.append(error)
        if refused and len(refused) == len(self._settings.objects):
            raise refused[0]
        return tuple(sorted(found, key=lambda one: one.changed_at))

    async def _spans(self, name: str, kind: str, span: Span, since: float | None) -> tuple[Span, ...]:
        """Where a time is named, what waits from then on was synced before it."""
        return (span,) if since is not None or kind != STALE else spans_of(span, await newest_sync(self._client, name))

    async def _of_object(self, name: str, kind: str, span: Span, selected: Collection[str]) -> list[WaitingRecord]:
        found: list[WaitingRecord] = []
        more = self._settings.filters.get(name, ())
        if kind == CREATED and not self._settings.says_what_syncs(name):
            return found
        kind = NEVER_SYNCED if kind == CREATED else kind
        async for record in unsynced_records(self._client, name, kind, span, more):
            error = _as_error(name, record, kind)
            if is_among(error, selected):
                found.append(error)
            if len(found) >= MOST_FOUND:
                log.warning("only the oldest records are taken", object_type=name, kind=kind, records=MOST_FOUND)
                break
        return found


def _as_error(object_type: str, found: UnsyncedRecord, kind: str) -> WaitingRecord:
    record = f"{object_type}/{found.hubspot_id}"
    return WaitingRecord(
        record,
        UNSYNCED,
        kind,
        record,
        object_type=object_type,
        hubspot_id=found.hubspot_id,
        changed_at=found.at,
    )
