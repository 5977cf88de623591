"""The heartbeat on HubSpot's records: when one was last synced, and when a record linked to Salesforce last changed.

Exports, for one object::

    hubspot_salesforce_last_sync_timestamp_seconds{integration="acme",object="contacts"} 1.79526234e+09
    hubspot_salesforce_last_change_timestamp_seconds{integration="acme",object="contacts"} 1.7952624e+09

Two searches an object. Facts: HubSpot knowledge base, *HubSpot's default properties*: ``salesforcelastsynctime``
("Last Salesforce Sync Time") stands on contacts, companies and deals; the modification date is ``lastmodifieddate`` on
contacts and ``hs_lastmodifieddate`` elsewhere. A quiet account syncs nothing and is healthy, so an old sync alone says
nothing: what counts is since when a change has waited for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import Filters, HubSpotClient
from exporter.clock import is_plausible, parse_timestamp
from exporter.config.settings import Integration
from exporter.errors import InvalidAnswer
from exporter.model import Heartbeat, ObjectHeartbeat
from exporter.schemas.json_schema import checked
from exporter.sources.source import Source, configured, remembered

SYNCED = "salesforcelastsynctime"
LINKS: Mapping[str, Sequence[str]] = {
    "contacts": ("salesforcecontactid", "salesforceleadid"),
    "companies": ("salesforceaccountid",),
    "deals": ("hs_salesforceopportunityid",),
}
"""The properties that say to which Salesforce record a record is linked; a contact has either of two."""

SLACK = 60.0
"""Seconds by which a change must be later than the last sync to count. The sync writes to the record itself, after the
time it notes, and so touches the modification date."""

_MILLISECONDS = re.compile(r"[0-9]{1,15}")


async def fetch(connection: Connection, previous: Any) -> Any:
    """Times by object, in epoch seconds; ``previous`` hands on since when a change has been waiting."""
    hubspot = configured(connection.hubspot, "HubSpot token")
    account = configured(connection.settings.hubspot, "HubSpot token")
    before = _waiting(previous)
    return {"objects": {name: await _heartbeat(hubspot, name, before.get(name)) for name in account.heartbeat_objects}}


async def _heartbeat(hubspot: HubSpotClient, name: str, before: float | None) -> dict[str, float | None]:
    changed = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
    last_sync = await _newest(hubspot, name, SYNCED, [_has(SYNCED)])
    last_change = await _newest(hubspot, name, changed, [_has(link) for link in LINKS[name]])
    waiting = waiting_since(last_sync, last_change, before)
    return {"last_sync": last_sync, "last_change": last_change, "waiting_since": waiting}


async def _newest(hubspot: HubSpotClient, name: str, prop: str, groups: Sequence[Filters]) -> float | None:
    page = await hubspot.search(name, groups, prop, (prop,))
    newest = page["results"][0]["properties"].get(prop) if page["results"] else None
    return time_of(newest, f"{name}: {prop}") if newest else None


def _has(prop: str) -> Filters:
    return ({"propertyName": prop, "operator": "HAS_PROPERTY"},)


def time_of(text: str, where: str) -> float:
    """Epoch seconds of a HubSpot datetime: epoch milliseconds, or ISO 8601 with its zone."""
    try:
        moment = int(text) / 1000 if _MILLISECONDS.fullmatch(text) else parse_timestamp(text)
    except ValueError as error:
        raise InvalidAnswer(f"{where} is neither epoch milliseconds nor an ISO 8601 time with a zone") from error
    if not is_plausible(moment):
        raise InvalidAnswer(f"{where} is before 1970 or after 2999")
    return moment


def waiting_since(last_sync: float | None, last_change: float | None, before: float | None) -> float | None:
    """The oldest change known to have been followed by no sync, ``None`` if there is none.

    Only the newest change can be searched for, so the oldest one is what ``before``, the last poll, found; it stands
    until a sync has passed it. Where nothing was ever synced nothing can be late: the object may not take part.
    """
    if last_sync is None or last_change is None or last_change <= last_sync + SLACK:
        return None
    return min(before, last_change) if before is not None and before > last_sync + SLACK else last_change


def _waiting(previous: Any) -> Mapping[str, float | None]:
    """By object."""
    told = remembered(previous, "hubspot_heartbeat")
    return {name: entry["waiting_since"] for name, entry in told["objects"].items()} if told else {}


def parse(payload: Any, _read_at: float) -> Heartbeat:
    objects = checked(payload, "hubspot_heartbeat", "heartbeat")["objects"]
    return Heartbeat(tuple(ObjectHeartbeat(name, **_times(entry)) for name, entry in objects.items()))


def _times(entry: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: entry[name] for name in ("last_sync", "last_change", "waiting_since")}


def applies(integration: Integration) -> bool:
    return integration.hubspot is not None and integration.hubspot.token is not None


SOURCE = Source("hubspot_heartbeat", applies, fetch, parse)
