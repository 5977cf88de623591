"""The searches for records that have not reached Salesforce, with the filters of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exporter.clients.connection import Connection
from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot
from exporter.doctor.finding import Finding, failed, good, not_tried
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError
from exporter.sources import hubspot_unsynced
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    account = configured(patient.settings.hubspot, "HubSpot account")
    findings: list[Finding] = []
    for name in account.unsynced.objects:
        if name in patient.unsearchable:
            findings.append(not_tried(f"{name} cannot be searched", name))
            continue
        try:
            findings.append(good(await _counted(patient, name), name))
        except UpstreamError as error:
            findings.append(_failed(error, name))
    return findings


async def _counted(patient: Patient, name: str) -> str:
    """As the source counts them, of one object."""
    told = await hubspot_unsynced.fetch(_about(patient.connection, name), None)
    (one,) = hubspot_unsynced.parse(told.payload, patient.clock.time()).objects
    return f"{name}: {one.stale} stale, {one.never_synced} never synced"


def _about(connection: Connection, name: str) -> Connection:
    """The connection of an integration that looks at this object alone."""
    account = configured(connection.settings.hubspot, "HubSpot account")
    alone = replace(account, unsynced=replace(account.unsynced, objects=(name,)))
    return replace(connection, settings=replace(connection.settings, hubspot=alone))


def _failed(error: UpstreamError, name: str) -> Finding:
    if is_missing_scope(error):
        return failed(scopes_told(error), places.scope(f"crm.objects.{name}.read"), subject=name)
    return failed(f"{name}: {error}", f"hubspot.unsynced.filters.{name}: properties that HubSpot has", subject=name)


CHECK = Check(
    "unsynced",
    sections.HUBSPOT,
    "unsynced records cannot be searched",
    lambda patient: has_hubspot(patient) and patient.reads("hubspot_unsynced"),
    examine,
    needs=("token",),
)
