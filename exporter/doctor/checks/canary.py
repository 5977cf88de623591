"""The canary: its two records are the configured ones, its property may be written, its field can be seen, and for the
way back the other field edited. Nothing is written: whether a change travels its first round shows.

Facts: Salesforce REST API Developer Guide, *sObject Describe*: ``updateable`` of an object and of each of its fields is
what the user who asks may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.config.settings import Canary, Salesforce
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, failed, good, not_tried
from exporter.doctor.patient import Patient
from exporter.errors import UnknownColumn, UpstreamError
from exporter.schemas.json_schema import checked
from exporter.sources.probe.records import (
    LINKS,
    hubspot_trouble,
    key_of,
    properties_trouble,
    query_of,
    salesforce_trouble,
)
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
            f"{key_of(canary, error.column)}: its API name; or Salesforce Setup → Object Manager → "
            f"{canary.salesforce_object} → Fields & Relationships → {error.column} → Set Field-Level Security",
            subject=subject,
        )
    trouble = salesforce_trouble(rows, canary)
    if trouble is not None:
        return failed(trouble, subject=subject)
    shown = f"{subject} can be read, with {canary.field}"
    if canary.back is None:
        return good(shown, subject)
    path = f"sobjects/{canary.salesforce_object}/describe"
    described = checked(await salesforce.get_json(path), "salesforce_object", f"GET {path}")
    unable = _cannot_write_back(described, canary, configured(patient.settings.salesforce, "Salesforce org"))
    if unable is not None:
        return failed(*unable, subject=subject)
    return good(f"{shown}, and {canary.back.field} edited", subject)


def _cannot_write_back(described: Any, canary: Canary, settings: Salesforce) -> tuple[str, str] | None:
    """Why the field of the way back cannot be written, and what to change."""
    name = canary.salesforce_object
    place = f"Salesforce Setup → Users → Permission Sets → a set of {places.own_user(settings)}"
    field = configured(canary.back, "way back").field
    if not described["updateable"]:
        return (
            f"the exporter's user may not edit {name}, as canary.back takes",
            f"{place} → Object Settings → {name}: Edit",
        )
    one = next((one for one in described["fields"] if one["name"].casefold() == field.casefold()), None)
    if one is None or one["updateable"]:
        return None
    if one.get("calculated"):
        return f"{name}.{field} is calculated, so nobody can write it", "canary.back.field: a Date/Time or Text field"
    return (
        f"the exporter's user may not edit {name}.{field} (canary.back.field)",
        f"{place} → Object Settings → {name} → Field Permissions → {field}: Edit",
    )


CHECK = Check(
    "canary",
    sections.CANARY,
    "the canary cannot be carried out",
    lambda patient: patient.settings.canary is not None,
    examine,
    needs=("token", "api"),
)
