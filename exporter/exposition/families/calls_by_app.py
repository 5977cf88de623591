"""Whose the org's Salesforce API calls are, by the event log: some hours old.

The ten largest apps have a series each, and so have ``other`` and ``unnamed``, always; an app that had one keeps it
while it is within a tenth of who would take its place, so that series do not come and go with every poll.
"""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import UsageLog


def _samples(known: Known) -> Iterator[Sample]:
    for log in known.parts(UsageLog):
        for app, calls in () if log.is_over(known.now) else log.by_app:
            yield "org_api_calls_by_app", {"app": app}, float(calls)


FAMILIES = Families(
    help={
        "org_api_calls_by_app": "Salesforce API calls of 24 hours by connected app: the ten largest, other, unnamed.",
    },
    samples=_samples,
)
