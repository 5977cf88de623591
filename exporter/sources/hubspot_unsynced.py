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

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from exporter.catalog.catalog import NEVER_SYNCED, STALE
from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.refusals import concerns_account
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
from exporter.errors import Again, InvalidAnswer, UpstreamError, UpstreamTimeout
from exporter.model import Unsynced, UnsyncedObject
from exporter.schemas.json_schema import checked
from exporter.sources.source import Source, configured, fetched

PATIENCE = 27.0
"""Seconds for all objects, of which each has its share: less than a poll may take, so that an object whose searches
hang costs that object and not what was read of the others."""


def span_of(wanted: settings.Unsynced, now: float) -> Span:
    """The time that is looked at now; whatever grace is given, a search has to have seen the sync of what it finds."""
    return Span(now - wanted.window, now - max(wanted.grace, SHOWN_LATE))


async def fetch(connection: Connection, _previous: Any) -> Any:
    """Counts by object and kind; an object that cannot be read has none."""
    hubspot = configured(connection.hubspot, "HubSpot token")
    wanted = configured(connection.settings.hubspot, "HubSpot token").unsynced
    span = span_of(wanted, connection.clock.time())
    counts: dict[str, dict[str, int]] = {}
    parts: dict[str, UpstreamError | None] = {}
    refused: UpstreamError | None = None
    for name in wanted.objects:
        parts[name] = refused  # what is refused to the account is asked once
        if refused is None:
            try:
                more = wanted.filters.get(name, ())
                counts[name] = await _counts(hubspot, name, span, more, PATIENCE / len(wanted.objects))
            except UpstreamError as error:
                parts[name] = _explained(error, name, more)
                refused = error if concerns_account(error) else None
    return fetched({"objects": counts}, parts)


async def _counts(
    hubspot: HubSpotClient, name: str, span: Span, more: Sequence[Mapping[str, Any]], patience: float
) -> dict[str, int]:
    try:
        async with asyncio.timeout(patience):
            spans = spans_of(span, await newest_sync(hubspot, name))
            stale = [await count_unsynced(hubspot, name, STALE, one, more) for one in spans]
            never = await count_unsynced(hubspot, name, NEVER_SYNCED, span, more)
            return {STALE: sum(stale), NEVER_SYNCED: never}
    except TimeoutError as error:
        raise UpstreamTimeout(f"searches of {name} not finished within {patience:g} s") from error


def _explained(error: UpstreamError, name: str, more: Sequence[Mapping[str, Any]]) -> UpstreamError:
    """HubSpot refuses a search whose properties do not exist without saying so in a field of its own."""
    if not isinstance(error, InvalidAnswer) or error.code not in ("VALIDATION_ERROR", "HTTP_400"):
        return error
    own = ", ".join(sorted({one["propertyName"] for one in more if one["propertyName"] != settings.RECORD_ID}))
    asked = f", and those of hubspot.unsynced.filters.{name} ({own})" if own else ""
    return error.retold(
        f"{error}; does this account have the properties {', '.join(properties_of(name))} on {name}{asked}? Without "
        f"the sync of {name} it has not the first ones: then leave {name} out of hubspot.unsynced.objects",
        again=Again.LATER,
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


SOURCE = Source("hubspot_unsynced", applies, fetch, parse)
