"""State of the polled sources. A report by hand is not polled."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.state.statement import NOT_POLLED


def _samples(known: Known) -> Iterator[Sample]:
    """How old is what one sees: a source that says of when its answer is counts from then, so a bridge that repeats
    yesterday's page shows as old."""
    polled = [reading for reading in known.snapshot.readings if reading.source not in NOT_POLLED]
    for reading in sorted(polled, key=lambda reading: reading.source):
        yield "source_up", {"source": reading.source}, float(reading.up)
        if reading.true_at is not None:
            yield "source_last_success_timestamp_seconds", {"source": reading.source}, reading.true_at
        for part in reading.parts:
            yield "source_part_up", {"source": reading.source, "part": part.name}, float(part.failure is None)


FAMILIES = Families(
    help={
        "source_up": "1 if the last poll of the source worked.",
        "source_last_success_timestamp_seconds": "When the source was last read successfully.",
        "source_part_up": "1 if the last poll of the source could read this part of it.",
    },
    samples=_samples,
)
