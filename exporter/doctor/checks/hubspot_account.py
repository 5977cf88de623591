"""Which HubSpot account it is, and its API calls of the day."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    try:
        details = await patient.account.get()
    except UpstreamError as error:
        if not is_missing_scope(error):
            raise
        return (failed(scopes_told(error), places.scope("what it names"), subject="account"),)
    found = [good(f"account {details.body['portalId']}")]
    if details.quota is None:
        try:
            await configured(patient.connection.hubspot, "HubSpot token").daily_usage()
        except UpstreamError as error:
            found.append(doubtful(f"its API calls of the day are not told of: {error}", subject="api usage"))
    return tuple(found)


CHECK = Check(
    "account",
    sections.HUBSPOT,
    "the HubSpot account is not known",
    lambda patient: has_hubspot(patient) and patient.reads("hubspot_account"),
    examine,
    needs=("token",),
)
