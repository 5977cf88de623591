"""The directory into which somebody drops what HubSpot's page shows."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import ConnectError


async def examine(patient: Patient) -> Sequence[Finding]:
    try:
        page = await patient.page.get()
    except ConnectError as error:
        return (failed(str(error), "drop the file there, or check sync_health.directory"),)
    age = max(0.0, patient.clock.time() - page.as_of)
    return (good(f"sync-health.json is readable, and {age / 60:.0f} minutes old"),)


CHECK = Check(
    "directory",
    sections.SYNC_HEALTH,
    "sync_health.directory cannot be read",
    lambda patient: (
        patient.settings.sync_health is not None
        and patient.settings.sync_health.directory is not None
        and patient.reads("sync_health")
    ),
    examine,
)
