"""What Salesforce Trust says of the instance on which the org lives."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import TrustStatus
from exporter.sources.salesforce_status import TRUST_STATUSES


def _samples(known: Known) -> Iterator[Sample]:
    """Words that are no known status are none of them: all 0. A page that says nothing leaves all unknown."""
    for trust in known.parts(TrustStatus):
        if trust.status is None and trust.words is None:
            continue
        for status in TRUST_STATUSES:
            yield "trust_status", {"status": status}, float(status == trust.status)


FAMILIES = Families(
    help={"trust_status": "1 for what Salesforce Trust says of the org's instance, 0 for the other statuses."},
    samples=_samples,
)
