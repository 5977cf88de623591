"""The permission set of HubSpot's package, or the one that is configured."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import looks_at_user
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    access = await patient.access.get()
    error = patient.access_parts.get("permission_set")
    if access.permission_set_assigned is None and error is not None:
        return (failed(str(error), subject=settings.permission_set),)
    if access.permission_set_assigned is None:
        return (
            doubtful(
                f'the org has no permission set whose name begins with "{settings.permission_set}"',
                "salesforce.permission_set: the one that gives the integration user its rights",
            ),
        )
    if not access.permission_set_assigned:
        page = places.integration_user(settings)
        return (
            failed(
                f'no permission set whose name begins with "{settings.permission_set}" is assigned, or none in force',
                f"{page} → Permission Set Assignments → Edit Assignments",
            ),
        )
    return (good(f'"{settings.permission_set}…" is assigned'),)


CHECK = Check(
    "permission set",
    sections.USER,
    "the permission set is not assigned",
    looks_at_user,
    examine,
    needs=("user",),
)
