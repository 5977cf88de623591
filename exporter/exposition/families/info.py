"""What others join with: settings that are facts, and where the org lives."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import Access, TrustStatus


def _samples(known: Known) -> Iterator[Sample]:
    labels = {"notify": known.snapshot.notify}
    instance = _salesforce_instance(known)
    if instance is not None:
        labels["salesforce_instance"] = instance
    yield "integration_info", labels, 1.0


def _salesforce_instance(known: Known) -> str | None:
    """Where the access check found the org; the instance that Salesforce Trust was asked about goes before it."""
    named = [access.instance for access in known.parts(Access) if access.instance]
    named += [trust.instance for trust in known.parts(TrustStatus)]
    return named[-1] if named else None


FAMILIES = Families(
    help={"integration_info": "Facts about the integration to join with, always 1."},
    samples=_samples,
)
