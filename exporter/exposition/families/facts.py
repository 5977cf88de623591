"""Who said what is believed, and of when that is."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample

_SEVERAL_SAY_IT = ("org_calls_used", "org_calls_limit", "calls_used", "calls_allocated", "suspension", "errors")
"""What more than one source may state. Of anything else ``source_last_success_timestamp_seconds`` tells."""


def _samples(known: Known) -> Iterator[Sample]:
    facts = known.facts
    for fact in _SEVERAL_SAY_IT:
        if fact in facts.stated_at:
            yield "fact_timestamp_seconds", {"fact": fact, "source": facts.stated_by[fact]}, facts.stated_at[fact]


FAMILIES = Families(
    help={"fact_timestamp_seconds": "Of when the newest statement of the fact is, by the source that is believed."},
    samples=_samples,
)
