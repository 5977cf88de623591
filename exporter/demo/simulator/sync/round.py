"""One round of HubSpot's synchronisation, as the org lives through it.

HubSpot's own automatic retries of errors are not played: an error stays until somebody resyncs it, or until its
record changes again and the write succeeds.
"""

from exporter.demo.simulator.clock import iso, seconds_of
from exporter.demo.simulator.names import SELF_CLEARING
from exporter.demo.simulator.state.org_state import OrgState, Suspension
from exporter.demo.simulator.state.records import Record
from exporter.demo.simulator.state.salesforce_records import FIELD_OF, PROPERTY_OF
from exporter.demo.simulator.state.sync_errors import SyncError
from exporter.demo.simulator.sync.conditions import reason_holds, reason_to_suspend

_TYPE_OF_CAUSE = {"field": "salesforce_field_permissions", "object": "insufficient_salesforce_access"}


def run_round(org: OrgState, now: float) -> None:
    """Suspend or resume if there is reason to; then settle what was resynced, then sync what changed."""
    _resume(org)
    if not _suspend(org, now) and not org.silent:
        if not org.silent_to_hubspot:
            _take_over(org, now)
        if not org.silent_to_salesforce:
            _settle_resynced(org, now)
            _sync_changed(org, now)


def _take_over(org: OrgState, now: float) -> None:
    """What others have written in Salesforce reaches HubSpot, a call a record."""
    while org.records.written_elsewhere and not _suspend(org, now):
        hubspot_id = next(iter(org.records.written_elsewhere))
        org.records.written_elsewhere.pop(hubspot_id).take_over(now, org.settings.sync_written_late)
        org.calls.add(org.settings.connected_app)
    _take_over_values(org, now)


def _resume(org: OrgState) -> None:
    suspension = org.suspension
    if suspension and suspension.reason in SELF_CLEARING and not reason_holds(org, suspension.reason):
        org.suspension = None


def _suspend(org: OrgState, now: float) -> bool:
    """Is the integration suspended, from before or from now on?"""
    if org.suspension is None:
        reason = reason_to_suspend(org)
        if reason is not None:
            org.suspension = Suspension(reason, now)
    return org.suspension is not None


def _settle_resynced(org: OrgState, now: float) -> None:
    """A resynced error comes back under a new id while its cause holds; its call is already paid for."""
    resynced, org.resynced = org.resynced, []
    for error in resynced:
        record = org.records.by_id[error.hubspot_id]
        if error.cause is not None and org.cause_holds(error.cause):
            org.errors.add(_renewed(error, now))
        else:
            _write(org, record, now)


def _sync_changed(org: OrgState, now: float) -> None:
    """Each changed record costs a call; HubSpot may have to suspend in the middle of it."""
    while org.records.waiting and not _suspend(org, now):
        hubspot_id = next(iter(org.records.waiting))
        record = org.records.waiting.pop(hubspot_id)
        if hubspot_id in org.records.in_salesforce.oddities.lost_syncs:
            continue
        org.calls.add(org.settings.connected_app)
        former = org.errors.of_record(hubspot_id)
        if former is not None and former.cause is not None and org.cause_holds(former.cause):
            org.errors.seen_again(former, now)
        else:
            _write(org, record, now)


def _write(org: OrgState, record: Record, now: float) -> None:
    """The write itself: it succeeds and ends the record's error, or a missing permission makes a new one."""
    cause = org.access.obstacle(record.salesforce_object)
    if cause is not None:
        org.errors.add(_permission_error(record, cause, now))
        return
    former = org.errors.of_record(record.hubspot_id)
    if former is not None:
        org.errors.remove(former)
    org.records.waiting.pop(record.hubspot_id, None)
    record.mark_synced(now, org.settings.sync_written_late)
    mapped = {FIELD_OF[name]: value for name, value in record.written.items() if name in FIELD_OF}
    if record.salesforce_id is not None and mapped:
        values = {name: seconds_of(value) for name, value in mapped.items()}
        org.records.in_salesforce.take(record.salesforce_id, values, now)


def _take_over_values(org: OrgState, now: float) -> None:
    """The fields that somebody changed in Salesforce, where they are mapped."""
    changed, org.records.in_salesforce.waiting = org.records.in_salesforce.waiting, {}
    by_salesforce_id = {record.salesforce_id: record for record in org.records.by_id.values()} if changed else {}
    for salesforce_id, fields in changed.items():
        record = by_salesforce_id.get(salesforce_id)
        if record is not None and record.hubspot_id not in org.records.in_salesforce.oddities.lost_syncs:
            org.calls.add(org.settings.connected_app)
            values = org.records.in_salesforce.of(salesforce_id).values
            shown = {PROPERTY_OF[name]: iso(values[name]) for name in fields if name in PROPERTY_OF}
            record.write(shown, now, "SALESFORCE")
            record.take_over(now, org.settings.sync_written_late)


def _renewed(error: SyncError, now: float) -> SyncError:
    return SyncError(
        number=0,
        category=error.category,
        error_type=error.error_type,
        details=error.details,
        cause=error.cause,
        object_type=error.object_type,
        hubspot_id=error.hubspot_id,
        salesforce_id=error.salesforce_id,
        affected_records=error.affected_records,
        last_seen=now,
    )


def _permission_error(record: Record, cause: str, now: float) -> SyncError:
    kind, _, name = cause.partition(":")
    return SyncError(
        number=0,
        category="permissions",
        error_type=_TYPE_OF_CAUSE[kind],
        details=f"The integration user lacks permission on {name}.",
        cause=cause,
        object_type=record.object_type,
        hubspot_id=record.hubspot_id,
        salesforce_id=record.salesforce_id,
        affected_records=1,
        last_seen=now,
    )
