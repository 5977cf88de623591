"""Whether the token may write records. Nothing is written: HubSpot is asked to update no record at all."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot, written_objects
from exporter.doctor.finding import Finding, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    hubspot = configured(patient.connection.hubspot, "HubSpot token")
    findings: list[Finding] = []
    writable: list[str] = []
    for object_type in written_objects(patient):
        try:
            await hubspot.try_writing_nothing(object_type)
        except UpstreamError as error:
            if not is_missing_scope(error):
                raise
            patient.untouchable.add(object_type)
            findings.append(
                failed(scopes_told(error), places.scope(f"crm.objects.{object_type}.write"), subject=object_type)
            )
        else:
            writable.append(object_type)
    if writable:
        findings.insert(0, good(f"the token may write {', '.join(writable)}"))
    return findings


CHECK = Check(
    "write scope",
    sections.HUBSPOT,
    "the token may not write",
    lambda patient: has_hubspot(patient) and bool(written_objects(patient)),
    examine,
    needs=("token",),
)
