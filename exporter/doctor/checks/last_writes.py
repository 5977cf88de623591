"""The newest writes of HubSpot's user in Salesforce, for which the exporter's user has to see the records."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import looks_at_user
from exporter.doctor.finding import Finding, failed, good
from exporter.doctor.patient import Patient
from exporter.sources import salesforce_heartbeat
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    told = await salesforce_heartbeat.fetch(patient.connection, None)
    readable = [name for name, error in told.parts.items() if error is None]
    findings = [good(f"the newest writes to {', '.join(readable)} can be read")] if readable else []
    for name, error in told.parts.items():
        if error is not None:
            place = f"a set of {places.own_user(settings)} → Object Settings → {name}: Read, View All Records"
            change = f"Salesforce Setup → Users → Permission Sets → {place}"
            findings.append(failed(f"{name}: {error}", change, subject=name))
    return findings


CHECK = Check(
    "last writes",
    sections.USER,
    "the records cannot be read",
    lambda patient: (
        looks_at_user(patient)
        and patient.reads("salesforce_heartbeat")
        and salesforce_heartbeat.applies(patient.settings)
    ),
    examine,
    needs=("user",),
)
