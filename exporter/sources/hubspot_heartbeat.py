"""The heartbeat on HubSpot's records: when one was last synced, and when a record linked to Salesforce last changed.

Exports, for one object::

    hubspot_salesforce_last_sync_timestamp_seconds{integration="acme",object="contacts"} 1.79526234e+09
    hubspot_salesforce_last_change_timestamp_seconds{integration="acme",object="contacts"} 1.7952624e+09

Two searches an object, each object a part: a token may lack the scope of one (``MISSING_SCOPES``), and an account
without deal sync has no property that links deals (400). Facts: HubSpot knowledge base, *HubSpot's default properties*:
``salesforcelastsynctime`` ("Last Salesforce Sync Time") stands on contacts, companies and deals; the modification date
is ``lastmodifieddate`` on contacts and ``hs_lastmodifieddate`` elsewhere. A quiet account syncs nothing and is healthy,
so an old sync alone says nothing: what counts is since when changes have waited for one, and of how many records. The
record of the canary, which the exporter itself writes to, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import Filters, HubSpotClient
from exporter.clients.hubspot.newest_syncs import newest_syncs
from exporter.clients.hubspot.record_properties import LINKS, changed_property
from exporter.clients.hubspot.sync_time import SYNCED, time_of
from exporter.config.settings import Integration, not_the_canary
from exporter.model import Heartbeat, ObjectHeartbeat
from exporter.schemas.json_schema import checked
from exporter.sources.by_object import read_by_object
from exporter.sources.recent_syncs import NEWEST_SYNCS, recent_syncs
from exporter.sources.source import Source, always, configured, fetched, remembered
from exporter.sources.waiting_changes import Change, left_behind, waiting_records, waiting_since

NEWEST = 10
"""Changed records looked at an object and poll: the newest. Earlier ones are known from the polls before."""

GOOD_FOR = 3600.0
"""Seconds for which it still counts what an object said that cannot be read any more."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What the two searches of one object found."""

    last_sync: float | None
    changes: tuple[Change, ...]
    syncs: Mapping[str, float]
    """Of the records that were synced last."""


async def fetch(connection: Connection, previous: Any) -> Any:
    """Times by object, in epoch seconds; ``previous`` hands on since when changes have been waiting.

    An object that cannot be read keeps, for a while, what was known of it.
    """
    hubspot = configured(connection.hubspot, "HubSpot token")
    account = configured(connection.settings.hubspot, "HubSpot token")

    async def look(name: str) -> _Look:
        return await _look(hubspot, name, not_the_canary(connection.settings.canary, name))

    looks, parts = await read_by_object(account.heartbeat_objects, look, _what_to_check)
    now = connection.clock.time()
    before = _told(previous)
    kept = {
        name: before[name] for name in parts if name in before and name not in looks and _is_good(before[name], now)
    }
    newest_sync = _newest([*(look.last_sync for look in looks.values()), *(one["last_sync"] for one in kept.values())])
    objects = {
        name: _entry(look, before.get(name, {}), newest_sync, now) | {"read_at": now} for name, look in looks.items()
    }
    return fetched({"polled_at": now, "objects": objects | kept}, parts)


async def _look(hubspot: HubSpotClient, name: str, among: Filters) -> _Look:
    """``among`` is a condition on all of its records."""
    changed = changed_property(name)
    syncs = await newest_syncs(hubspot, name, among, NEWEST_SYNCS)
    linked = [({"propertyName": link, "operator": "HAS_PROPERTY"}, *among) for link in LINKS[name]]
    newest = await hubspot.search(name, linked, changed, (changed, SYNCED), limit=NEWEST)
    changes = (
        (record["id"], _time(record, changed, name), _time(record, SYNCED, name)) for record in newest["results"]
    )
    found = tuple(Change(one, at, when) for one, at, when in changes if at is not None)
    return _Look(_newest(syncs.values()), found, syncs)


def _what_to_check(name: str) -> str:
    """Where the searches of an object are refused."""
    properties = ", ".join((*LINKS[name], SYNCED))
    return (
        f"does this account have the properties {properties} on {name}? Without the sync of {name} it has not: then "
        f"leave {name} out of hubspot.heartbeat_objects"
    )


def _time(record: Mapping[str, Any], prop: str, name: str) -> float | None:
    text = record["properties"].get(prop)
    return time_of(text, f"{name}: {prop}") if text else None


def _newest(moments: Iterable[float | None]) -> float | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _entry(look: _Look, before: Mapping[str, Any], newest_sync: float | None, now: float) -> dict[str, Any]:
    last_change = _newest(change.at for change in look.changes)
    return {
        "last_sync": look.last_sync,
        "last_change": last_change,
        "waiting_since": waiting_since(look.last_sync, last_change, before.get("waiting_since")),
        "waiting": waiting_records(look.changes, newest_sync, before.get("waiting", {}), now),
        "left_behind": left_behind(look.changes, before.get("left_behind", {}), now),
        "syncs": recent_syncs(look.syncs, before.get("syncs", {})),
    }


def _told(previous: Any) -> Mapping[str, Mapping[str, Any]]:
    """By object."""
    told = remembered(previous, "hubspot_heartbeat")
    return told["objects"] if told else {}


def _is_good(entry: Mapping[str, Any], now: float) -> bool:
    return bool(entry.get("read_at", 0.0) > now - GOOD_FOR)


def parse(payload: Any, _read_at: float) -> Heartbeat:
    told = checked(payload, "hubspot_heartbeat", "heartbeat")
    return Heartbeat(tuple(_object(name, entry, told.get("polled_at")) for name, entry in told["objects"].items()))


def _object(name: str, entry: Mapping[str, Any], polled_at: float | None) -> ObjectHeartbeat:
    read_at = entry.get("read_at")
    return ObjectHeartbeat(
        name,
        entry["last_sync"],
        entry["last_change"],
        entry["waiting_since"],
        tuple(entry.get("waiting", {}).values()),
        None if read_at == polled_at else read_at,
        tuple(entry.get("left_behind", {}).values()),
        tuple(entry.get("syncs", {}).values()),
    )


def applies(integration: Integration) -> bool:
    return integration.hubspot is not None and integration.hubspot.token is not None


SOURCE = Source("hubspot_heartbeat", applies, fetch, parse, slow=always)
