"""Read and edit on every object that is configured."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import looks_at_user
from exporter.doctor.finding import Finding, failed
from exporter.doctor.patient import Patient
from exporter.doctor.permissions import judged
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    access = await patient.access.get()
    error = patient.access_parts.get("objects")
    if error is not None:
        return (failed(str(error), subject="objects"),)
    place = f"Salesforce Setup → Users → Permission Sets → a set of {settings.integration_user} → Object Settings"
    objects = [one for one in access.permissions if one.field is None]
    return judged(objects, place, set_assigned=access.permission_set_assigned)


CHECK = Check(
    "objects",
    sections.USER,
    "object permissions are missing",
    lambda patient: looks_at_user(patient) and bool(configured(patient.settings.salesforce, "org").objects),
    examine,
    needs=("user",),
)
