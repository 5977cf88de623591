"""Records that have not reached Salesforce."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.catalog.catalog import NEVER_SYNCED, STALE
from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import Unsynced


def _samples(known: Known) -> Iterator[Sample]:
    for unsynced in known.parts(Unsynced):
        for one in unsynced.objects:
            for kind, count in ((STALE, one.stale), (NEVER_SYNCED, one.never_synced)):
                if count is not None:
                    yield "unsynced_records", {"object": one.object, "kind": kind}, count


FAMILIES = Families(
    help={
        "unsynced_records": "Records of a HubSpot object that changed since their last sync, or were created and never "
        "synced, within hubspot.unsynced.window and not in its grace: an upper bound.",
    },
    samples=_samples,
)
