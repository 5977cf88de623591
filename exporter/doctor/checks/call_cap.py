"""Whether the cap on Salesforce API calls leaves enough for a look."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_salesforce
from exporter.doctor.finding import Finding, failed, good
from exporter.doctor.patient import Patient
from exporter.sources.source import configured

NEEDED = 10
"""Calls of a look, with the downloads of some log files."""


async def examine(patient: Patient) -> Sequence[Finding]:
    cap = configured(patient.settings.salesforce, "Salesforce org").max_api_calls_per_day
    spent = await patient.calls.spent() or 0
    if spent + NEEDED > cap:
        return (
            failed(
                f"{spent} of {cap} calls of the last 24 hours are spent, too many for a look",
                "salesforce.max_api_calls_per_day: raise it, or wait until calls are free again",
            ),
        )
    return (good(f"{spent} of {cap} calls of the last 24 hours are spent"),)


CHECK = Check(
    "call cap",
    sections.SALESFORCE,
    "salesforce.max_api_calls_per_day is spent",
    has_salesforce,
    examine,
)
