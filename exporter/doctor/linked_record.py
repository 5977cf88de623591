"""A HubSpot record and the Salesforce record it is linked to."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.record_properties import LINKS
from exporter.clients.hubspot.sync_time import SYNCED, time_of

OBJECT_TYPES = tuple(LINKS)


@dataclass(frozen=True, slots=True)
class LinkedRecord:
    """``synced``: epoch seconds of its last sync, ``None`` before the first; ``salesforce_id`` is ``None`` if it is not
    linked."""

    object_type: str
    hubspot_id: str
    synced: float | None
    salesforce_object: str
    salesforce_id: str | None


async def find_record(hubspot: HubSpotClient, object_type: str, hubspot_id: str) -> LinkedRecord | None:
    """The record of this id, ``None`` if there is none, or it was merged into another; raises ``UpstreamError``."""
    links = LINKS[object_type]
    record = await hubspot.record(object_type, hubspot_id, (*links, SYNCED))
    if record is None or record["id"] != hubspot_id:
        return None
    properties = record["properties"]
    synced = properties.get(SYNCED)
    linked = next(((name, value) for name in links if (value := properties.get(name))), None)
    return LinkedRecord(
        object_type,
        hubspot_id,
        time_of(synced, SYNCED) if synced else None,
        links[linked[0]] if linked else next(iter(links.values())),
        linked[1] if linked else None,
    )
