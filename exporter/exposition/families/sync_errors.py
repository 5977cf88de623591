"""Current sync errors. Once those of a category are known, every pair of it is there, at 0 if need be."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.catalog.catalog import CATALOG
from exporter.exposition.families.entry import Families, Known, Sample


def _samples(known: Known) -> Iterator[Sample]:
    if known.facts.errors is None:
        return
    reported = {(count.category, count.error_type): count for count in known.facts.errors}
    known_of = known.facts.error_categories
    pairs = (pair for pair in CATALOG.pairs if known_of is None or pair[0] in known_of)
    for category, error_type in dict.fromkeys((*pairs, *reported)):
        labels = {"category": category, "error_type": error_type}
        count = reported.get((category, error_type))
        errors, records = (count.errors, count.affected_records) if count else (0, 0)
        if errors is not None:
            yield "sync_errors", labels, float(errors)
        if records is not None:
            yield "sync_error_affected_records", labels, float(records)


FAMILIES = Families(
    help={
        "sync_errors": "Current sync errors.",
        "sync_error_affected_records": "Records that current sync errors keep from syncing.",
    },
    samples=_samples,
    made_of=lambda known: (known.facts.errors, known.facts.error_categories),
)
