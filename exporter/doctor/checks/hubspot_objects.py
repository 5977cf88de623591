"""The searches of every object that the heartbeat looks at: scope, and the properties that the sync writes."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.record_properties import LINKS
from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.clients.hubspot.sync_time import SYNCED
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot
from exporter.doctor.finding import Finding, Outcome, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import InvalidAnswer, UpstreamError
from exporter.sources.source import configured

_NO_PROPERTY = ("VALIDATION_ERROR", "HTTP_400")


async def examine(patient: Patient) -> Sequence[Finding]:
    hubspot = configured(patient.connection.hubspot, "HubSpot token")
    account = configured(patient.settings.hubspot, "HubSpot account")
    findings = {name: await _looked_at(hubspot, name) for name in account.heartbeat_objects}
    patient.unsearchable |= {name for name, one in findings.items() if one.outcome is Outcome.FAILED}
    return list(findings.values())


async def _looked_at(hubspot: HubSpotClient, name: str) -> Finding:
    """One search for each property, since HubSpot does not say which of several there is not."""
    synced = 0
    for prop in (SYNCED, *LINKS[name]):
        try:
            page = await hubspot.search(name, [({"propertyName": prop, "operator": "HAS_PROPERTY"},)], prop, (prop,))
        except UpstreamError as error:
            return _failed(error, name, prop)
        synced += page.get("total", 0) if prop == SYNCED else 0
    if not synced:
        return doubtful(f"{name} can be searched, and none was ever synced with Salesforce", subject=name)
    return good(f"{name} can be searched, and say when they were synced", name)


def _failed(error: UpstreamError, name: str, prop: str) -> Finding:
    if is_missing_scope(error):
        return failed(scopes_told(error), places.scope(f"crm.objects.{name}.read"), subject=name)
    if isinstance(error, InvalidAnswer) and error.code in _NO_PROPERTY:
        return failed(
            f"{name} have no property {prop}, as in an account that does not sync {name} with Salesforce",
            f"HubSpot → Marketplace → Connected apps → Salesforce: turn on the sync of {name}, or leave {name} out of "
            "hubspot.heartbeat_objects",
            subject=name,
        )
    return failed(f"{name}: {error}", subject=name)


CHECK = Check(
    "objects of HubSpot",
    sections.HUBSPOT,
    "HubSpot's records cannot be searched",
    lambda patient: has_hubspot(patient) and patient.reads("hubspot_heartbeat"),
    examine,
    needs=("token",),
)
