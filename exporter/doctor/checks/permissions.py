"""Read and edit on every object and every field that is configured."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import looks_at_user
from exporter.doctor.finding import Finding, doubtful, failed
from exporter.doctor.patient import Patient
from exporter.doctor.permissions import judged
from exporter.sources.source import configured


async def objects(patient: Patient) -> Sequence[Finding]:
    return await _examined(patient, "objects", "Object Settings")


async def fields(patient: Patient) -> Sequence[Finding]:
    if not configured(patient.settings.salesforce, "Salesforce org").fields:
        what = "field permissions are not looked for: salesforce.fields names none"
        return (doubtful(what, "name there the fields that have to sync, such as Contact: [Email]"),)
    return await _examined(patient, "fields", "Object Settings → the object → Field Permissions")


async def _examined(patient: Patient, part: str, page: str) -> Sequence[Finding]:
    """``part`` is that of the source that asks for them, ``page`` where they are given in a permission set."""
    settings = configured(patient.settings.salesforce, "Salesforce org")
    access = await patient.access.get()
    error = patient.access_parts.get(part)
    if error is not None:
        return (failed(str(error), subject=part),)
    place = f"Salesforce Setup → Users → Permission Sets → a set of {settings.integration_user} → {page}"
    wanted = [one for one in access.permissions if (one.field is not None) == (part == "fields")]
    return judged(wanted, place, set_assigned=access.permission_set_assigned)


CHECKS = (
    Check(
        "objects",
        sections.USER,
        "object permissions are missing",
        lambda patient: looks_at_user(patient) and bool(configured(patient.settings.salesforce, "org").objects),
        objects,
        needs=("user",),
    ),
    Check(
        "fields",
        sections.USER,
        "field permissions are missing",
        looks_at_user,
        fields,
        needs=("user",),
    ),
)
