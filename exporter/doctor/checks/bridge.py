"""The Sync Health bridge: reached, with its token, and what it says."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, doubtful, good
from exporter.doctor.patient import Patient
from exporter.model import SyncHealth
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    bridge = configured(patient.connection.bridge, "bridge")
    page = await patient.page.get()
    await bridge.error_page(None, None, None, 1)
    unknown = _unknown(page)
    found = [good("answers, and lists errors")]
    if unknown:
        found.append(doubtful(f"it does not say: {', '.join(unknown)}"))
    return tuple(found)


def _unknown(page: SyncHealth) -> list[str]:
    parts = {"API calls": page.api_calls_used, "suspension": page.suspension, "errors": page.errors}
    return [name for name, part in parts.items() if part is None]


CHECK = Check(
    "bridge",
    sections.SYNC_HEALTH,
    "the bridge does not answer",
    lambda patient: patient.connection.bridge is not None and patient.reads("sync_health"),
    examine,
)
