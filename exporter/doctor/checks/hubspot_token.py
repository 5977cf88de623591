"""Whether HubSpot takes the token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exporter.clients.hubspot.refusals import is_missing_scope
from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import AuthError, ConnectError, ServerError, UpstreamTimeout


async def examine(patient: Patient) -> Sequence[Finding]:
    if not has_hubspot(patient):
        return (doubtful("none, so HubSpot is not asked: no sync times, no touch", "hubspot.token_file"),)
    try:
        await patient.account.get()
    except AuthError as error:
        if not is_missing_scope(error):
            raise
    except (ConnectError, UpstreamTimeout, ServerError) as error:
        return (replace(failed(str(error)), because="HubSpot does not answer"),)
    return (good("HubSpot takes it"),)


CHECK = Check(
    "token",
    sections.HUBSPOT,
    "HubSpot does not take the token",
    lambda patient: patient.settings.hubspot is not None,
    examine,
)
