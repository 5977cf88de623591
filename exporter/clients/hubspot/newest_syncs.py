"""The records of a HubSpot object that were synced with Salesforce last, found by a search."""

from __future__ import annotations

from exporter.clients.hubspot.client import Filters, HubSpotClient
from exporter.clients.hubspot.sync_time import SYNCED, time_of


async def newest_syncs(
    client: HubSpotClient, object_type: str, among: Filters = (), limit: int = 1
) -> dict[str, float]:
    """By record when that was, in epoch seconds, the newest first; ``among`` are conditions on all of them. Raises
    ``UpstreamError``."""
    synced = {"propertyName": SYNCED, "operator": "HAS_PROPERTY"}
    page = await client.search(object_type, [(synced, *among)], SYNCED, (SYNCED,), limit=limit)
    return {
        record["id"]: time_of(text, f"{object_type}: {SYNCED}")
        for record in page["results"]
        if (text := record["properties"].get(SYNCED))
    }
