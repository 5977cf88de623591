"""Whether a touch travels: one record is touched, and it is waited until HubSpot has synced it. Only where it is asked
for by name: it writes.

That HubSpot synced the record is told by ``salesforcelastsynctime``, which does not tell the direction; so the
Salesforce record is looked at as well, where the exporter's user may read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.salesforce.soql import soql_text
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import touches
from exporter.doctor.finding import Finding, doubtful, failed, good, not_tried
from exporter.doctor.linked_record import LinkedRecord, find_record
from exporter.doctor.patient import Patient
from exporter.doctor.suspension import suspended_by
from exporter.errors import UpstreamError
from exporter.sources.source import configured

PATIENCE = 300.0
"""Seconds. A change of a mapped property syncs at once, within a minute or two."""
LOOKS = (1.0, 2.0, 4.0, 8.0)
"""Seconds until each look, and from the last on that long between two."""
WRITTEN_LATE = 15.0
"""Seconds by which clocks differ, and a sync time may be older than the touch it comes from."""


async def examine(patient: Patient) -> Sequence[Finding]:
    object_type, hubspot_id = (patient.prove or "").split("/", 1)
    if object_type in patient.untouchable:
        return (not_tried(f"{object_type} cannot be touched"),)
    hubspot = configured(patient.connection.hubspot, "HubSpot token")
    record = await find_record(hubspot, object_type, hubspot_id)
    if record is None:
        return (failed(f"HubSpot has no record {patient.prove}", "--prove-touch: a record that is there"),)
    if record.salesforce_id is None:
        change = "--prove-touch: a record that is synced already"
        return (failed(f"{patient.prove} is not linked to a Salesforce record", change),)
    told_by = await suspended_by(patient, record.synced)
    if told_by is not None:
        says = f"HubSpot has suspended the integration, as {told_by} says, and syncs nothing"
        return (not_tried(says),)
    return (await _proved(patient, hubspot, record),)


async def _proved(patient: Patient, hubspot: HubSpotClient, record: LinkedRecord) -> Finding:
    name = configured(patient.settings.remediation.touch_property, "touch property")
    before = await _modified(patient, record)
    now = patient.clock.time()
    answer = await hubspot.batch_update(record.object_type, {name: str(round(now * 1000))}, [record.hubspot_id])
    if record.hubspot_id not in answer.written:
        refused = {**answer.refused, **answer.locked}
        why = refused.get(record.hubspot_id, answer.why)
        return failed(f"HubSpot does not write {patient.prove}: {why}", "HubSpot's validation rules of the object")
    took = await _synced_after(patient, hubspot, record, now)
    if took is None:
        return _did_not_travel(name, record.object_type, f"{patient.prove}")
    return await _seen(patient, record, before, f"{patient.prove} was touched, and synced within {took:.0f} s")


async def _synced_after(patient: Patient, hubspot: HubSpotClient, record: LinkedRecord, touched: float) -> float | None:
    """Seconds until the record's sync time had moved, ``None`` if it did not in time."""
    pauses = chain(LOOKS, repeat(LOOKS[-1]))
    while patient.clock.time() < touched + PATIENCE:
        await patient.clock.sleep(next(pauses))
        told = await hubspot.last_syncs(record.object_type, [record.hubspot_id])
        synced = told.get(record.hubspot_id)
        if synced is not None and synced > max(record.synced or 0.0, touched - WRITTEN_LATE):
            return patient.clock.time() - touched
    return None


def _did_not_travel(name: str, object_type: str, told: str) -> Finding:
    return failed(
        f"{told} was touched, and HubSpot did not sync it within {PATIENCE / 60:.0f} minutes: {name} is not mapped, "
        "or the mapping's update rule does not let HubSpot's value through, or the integration is suspended",
        f'{places.mapping(object_type)}: map {name} to a Salesforce field with the rule "Two-way" (not "Always use '
        'Salesforce", nor "Prefer Salesforce unless blank"); the record must be in the inclusion segment',
    )


async def _seen(patient: Patient, record: LinkedRecord, before: str | None, told: str) -> Finding:
    """With what became of the Salesforce record, where that can be read."""
    after = await _modified(patient, record)
    if before is None or after is None:
        return good(
            f"{told}; the exporter's user cannot read {record.salesforce_object}, so Salesforce was not looked at"
        )
    if after == before:
        return doubtful(
            f"{told}, but {record.salesforce_object} {record.salesforce_id} has not changed in Salesforce: it may have "
            "been a sync the other way",
            f'{places.mapping(record.object_type)}: the update rule "Two-way"',
        )
    return good(f"{told}, and {record.salesforce_object} {record.salesforce_id} has changed in Salesforce")


async def _modified(patient: Patient, record: LinkedRecord) -> str | None:
    """When the Salesforce record changed last, in Salesforce's words; ``None`` where it cannot be read."""
    salesforce = patient.connection.salesforce
    if salesforce is None or record.salesforce_id is None:
        return None
    query = f"SELECT SystemModstamp FROM {record.salesforce_object} WHERE Id = {soql_text(record.salesforce_id)}"  # noqa: S608
    try:
        rows = (await salesforce.query(query)).rows
    except UpstreamError:
        return None
    stamp = rows[0].get("SystemModstamp") if rows else None
    return stamp if isinstance(stamp, str) else None


CHECK = Check(
    "proof",
    sections.RESYNC,
    "a touch does not travel",
    lambda patient: touches(patient) and patient.prove is not None,
    examine,
    needs=("property", "write scope"),
)
