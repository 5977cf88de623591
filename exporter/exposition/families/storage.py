"""Storage of the org, data and files."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample


def _samples(known: Known) -> Iterator[Sample]:
    for storage in known.facts.storage:
        yield "storage_used_bytes", {"kind": storage.kind}, float(storage.used_bytes)
        yield "storage_limit_bytes", {"kind": storage.kind}, float(storage.limit_bytes)


FAMILIES = Families(
    help={
        "storage_used_bytes": "Storage of the org in use.",
        "storage_limit_bytes": "Storage the org may use.",
    },
    samples=_samples,
)
