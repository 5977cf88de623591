"""The signs of life HubSpot shows on its records."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import Heartbeat


def _samples(known: Known) -> Iterator[Sample]:
    """An object that the newest poll could not read has none: what it said before is evidence, but not how it is."""
    for heartbeat in known.parts(Heartbeat):
        for one in (one for one in heartbeat.objects if one.read_at is None):
            if one.last_sync is not None:
                yield "last_sync_timestamp_seconds", {"object": one.object}, one.last_sync
            if one.last_change is not None:
                yield "last_change_timestamp_seconds", {"object": one.object}, one.last_change


FAMILIES = Families(
    help={
        "last_sync_timestamp_seconds": "Newest Last Salesforce Sync Time of the records of a HubSpot object.",
        "last_change_timestamp_seconds": "Newest change of a record of a HubSpot object that is linked to Salesforce.",
    },
    samples=_samples,
)
