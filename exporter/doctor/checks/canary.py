"""The canary: its two records are the configured ones, its property may be written, its field can be seen. Nothing is
written: whether a change travels its first round shows."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.config.settings import Canary
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, failed, good, not_tried
from exporter.doctor.patient import Patient
from exporter.errors import UnknownColumn, UpstreamError
from exporter.sources.probe.records import LINKS, hubspot_trouble, properties_trouble, query_of, salesforce_trouble
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    canary = configured(patient.settings.canary, "canary")
    subject = f"{canary.object}/{canary.hubspot_id}"
    if canary.object in patient.unsearchable:
        return (not_tried(f"{canary.object} cannot be read", subject),)
    hubspot = configured(patient.connection.hubspot, "HubSpot token")
    record = await hubspot.record(canary.object, canary.hubspot_id, [LINKS[canary.salesforce_object]])
    trouble = hubspot_trouble(record, canary)
    if trouble is not None:
        return (failed(trouble, subject=subject),)
    return (await _property(patient, canary, subject), await _in_salesforce(patient, canary))


async def _property(patient: Patient, canary: Canary, subject: str) -> Finding:
    try:
        trouble = properties_trouble(await patient.definitions(canary.object), canary)
    except UpstreamError as error:
        if not is_missing_scope(error):
            raise
        if canary.object in patient.untouchable:
            return not_tried(f"the properties of {canary.object} cannot be read", subject)
        return failed(scopes_told(error), places.scope(f"crm.schemas.{canary.object}.read"), subject=subject)
    if trouble is not None:
        return failed(trouble, subject=subject)
    return good(f"{subject} is linked to {canary.salesforce_id}, and {canary.property} may be written", subject)


async def _in_salesforce(patient: Patient, canary: Canary) -> Finding:
    subject = f"{canary.salesforce_object}/{canary.salesforce_id}"
    salesforce = configured(patient.connection.salesforce, "Salesforce org")
    try:
        rows = (await salesforce.query(query_of(canary))).rows
    except UnknownColumn as error:
        return failed(
            f"{canary.salesforce_object} has no field {error.column}, or the exporter's user may not read it",
            f"canary.field: its API name; or Salesforce Setup → Object Manager → {canary.salesforce_object} → Fields & "
            f"Relationships → {error.column} → Set Field-Level Security",
            subject=subject,
        )
    trouble = salesforce_trouble(rows, canary)
    if trouble is not None:
        return failed(trouble, subject=subject)
    return good(f"{subject} can be read, with {canary.field}", subject)


CHECK = Check(
    "canary",
    sections.CANARY,
    "the canary cannot be carried out",
    lambda patient: patient.settings.canary is not None,
    examine,
    needs=("token", "api"),
)
