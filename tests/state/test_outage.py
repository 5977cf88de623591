"""Which words of Salesforce Trust mean an outage."""

from __future__ import annotations

import pytest

from exporter.model import TrustStatus
from exporter.sources.salesforce_status import TRUST_STATUSES
from exporter.state.outage import is_outage


@pytest.mark.parametrize("status", TRUST_STATUSES)
def test_only_a_major_incident_on_core_is_an_outage(status: str) -> None:
    """Announced work, notices, degradation and what is not core are none."""
    assert is_outage(TrustStatus("NA1", status)) is (status == "MAJOR_INCIDENT_CORE")


@pytest.mark.parametrize(
    ("words", "outage"),
    [
        (None, None),
        ("INFORMATIONAL", None),
        ("UNPLANNED_MAINTENANCE_CORE", None),
        ("MAJOR_MAINTENANCE_CORE", None),
        ("MAJOR_INCIDENT", None),
        ("MAJOR_INCIDENT_NON_CORE", None),
        ("MAJOR_DISRUPTION_NONCORE", None),
        ("RESOLVED_MAJOR_INCIDENT_CORE", None),
        ("SCORE_MAJORITY", None),
        ("OK_CORE", None),
        ("MAJOR_RELEASE_CORE", None),
        ("PLANNED_MAJOR_OUTAGE_CORE", None),
        ("MAJOR_UPGRADE_CORE", None),
        ("NO_MAJOR_INCIDENT_CORE", None),
        ("MAJOR_INCIDENT_CORE_MITIGATED", None),
        ("MAJOR_DISRUPTION_CORE", True),
        ("UNPLANNED_MAJOR_INCIDENT_CORE", True),
        ("major outage (core)", True),
    ],
)
def test_a_word_that_is_not_known_speaks_for_neither(words: str | None, outage: bool | None) -> None:
    """But one that tells of something major on core is not taken for fine."""
    assert is_outage(TrustStatus("NA1", None, words)) is outage
