"""Records that changed or were created in HubSpot and have not reached Salesforce.

Exports, for one object::

    hubspot_salesforce_unsynced_records{integration="acme",object="contacts",kind="stale"} 12
    hubspot_salesforce_unsynced_records{integration="acme",object="contacts",kind="never_synced"} 3

Three searches an object, for its newest sync and for the ``total`` of each kind, and a fourth once nothing of it is
synced any more. Each object is a part: a token may lack the scope of one (``MISSING_SCOPES``), and an account without
deal sync has no property that links deals (400). What is searched for, what that misses and what it finds too many:
``exporter/clients/hubspot/unsynced_records.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exporter.catalog.catalog import NEVER_SYNCED, STALE
from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.unsynced_records import (
    SHOWN_LATE,
    Span,
    count_unsynced,
    newest_sync,
    properties_of,
    spans_of,
)
from exporter.config import settings
from exporter.config.settings import Integration
from exporter.model import Unsynced, UnsyncedObject
from exporter.schemas.json_schema import checked
from exporter.sources.by_object import read_by_object
from exporter.sources.source import Source, always, configured, fetched


def span_of(wanted: settings.Unsynced, now: float) -> Span:
    """The time that is looked at now; whatever grace is given, a search has to have seen the sync of what it finds."""
    return Span(now - wanted.window, now - max(wanted.grace, SHOWN_LATE))


async def fetch(connection: Connection, _previous: Any) -> Any:
    """Counts by object and kind; an object that cannot be read has none."""
    hubspot = configured(connection.hubspot, "HubSpot token")
    wanted = configured(connection.settings.hubspot, "HubSpot token").unsynced
    span = span_of(wanted, connection.clock.time())

    async def counts_of(name: str) -> dict[str, int]:
        return await _counts(hubspot, name, span, wanted.filters.get(name, ()))

    def what_to_check(name: str) -> str:
        return _what_to_check(name, wanted.filters.get(name, ()))

    counts, parts = await read_by_object(wanted.objects, counts_of, what_to_check)
    return fetched({"objects": counts}, parts)


async def _counts(hubspot: HubSpotClient, name: str, span: Span, more: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    spans = spans_of(span, await newest_sync(hubspot, name))
    stale = [await count_unsynced(hubspot, name, STALE, one, more) for one in spans]
    never = await count_unsynced(hubspot, name, NEVER_SYNCED, span, more)
    return {STALE: sum(stale), NEVER_SYNCED: never}


def _what_to_check(name: str, more: Sequence[Mapping[str, Any]]) -> str:
    """Where the searches of an object are refused."""
    own = ", ".join(sorted({one["propertyName"] for one in more if one["propertyName"] != settings.RECORD_ID}))
    asked = f", and those of hubspot.unsynced.filters.{name} ({own})" if own else ""
    return (
        f"does this account have the properties {', '.join(properties_of(name))} on {name}{asked}? Without the sync of "
        f"{name} it has not the first ones: then leave {name} out of hubspot.unsynced.objects"
    )


def parse(payload: Any, _read_at: float) -> Unsynced:
    told = checked(payload, "hubspot_unsynced", "unsynced records")
    return Unsynced(
        tuple(
            UnsyncedObject(name, _whole(counts.get(STALE)), _whole(counts.get(NEVER_SYNCED)))
            for name, counts in told["objects"].items()
        )
    )


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)


def applies(integration: Integration) -> bool:
    account = integration.hubspot
    return account is not None and account.token is not None and bool(account.unsynced.objects)


SOURCE = Source("hubspot_unsynced", applies, fetch, parse, slow=always, builds_on_before=False)
