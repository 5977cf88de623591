"""Whether HubSpot takes the token."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot
from exporter.doctor.finding import Finding, good
from exporter.doctor.patient import Patient
from exporter.errors import AuthError

_MISSING_SCOPES = "MISSING_SCOPES"


async def examine(patient: Patient) -> Sequence[Finding]:
    try:
        await patient.account.get()
    except AuthError as error:
        if error.code != _MISSING_SCOPES:
            raise
    return (good("HubSpot takes it"),)


CHECK = Check(
    "token",
    sections.HUBSPOT,
    "HubSpot does not take the token",
    has_hubspot,
    examine,
)
