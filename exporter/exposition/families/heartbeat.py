"""The signs of life: what HubSpot notes on its records, and what its user has written in Salesforce."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import Heartbeat, LastWrites


def _samples(known: Known) -> Iterator[Sample]:
    """An object that the newest poll could not read has none: what it said before is evidence, but not how it is."""
    for heartbeat in known.parts(Heartbeat):
        for one in (one for one in heartbeat.objects if one.read_at is None):
            if one.last_sync is not None:
                yield "last_sync_timestamp_seconds", {"object": one.object}, one.last_sync
            if one.last_change is not None:
                yield "last_change_timestamp_seconds", {"object": one.object}, one.last_change
    for writes in known.parts(LastWrites):
        for write in (write for write in writes.objects if not write.is_missing):
            if write.at is not None:
                yield "last_write_timestamp_seconds", {"object": write.object}, write.at


FAMILIES = Families(
    help={
        "last_sync_timestamp_seconds": "Newest Last Salesforce Sync Time of the records of a HubSpot object.",
        "last_change_timestamp_seconds": "Newest change of a record of a HubSpot object that is linked to Salesforce.",
        "last_write_timestamp_seconds": "Newest change that the integration user made to a Salesforce object.",
    },
    samples=_samples,
)
