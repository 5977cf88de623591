"""The Salesforce objects that HubSpot writes to: their rows, who wrote to them when, and the fields of the canary.

As in Salesforce `SystemModstamp` moves with `LastModifiedDate`, and besides when Salesforce itself touches a record. No
time there has a fraction of a second.
"""

from typing import Any

from exporter.demo.simulator.clock import salesforce_time
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.records import Record, Written
from exporter.demo.simulator.state.salesforce_records import FIELDS, SalesforceRecord

USER_ID = "005000000000001SIM"
SOMEBODY_ID = "005000000000009SIM"
RECORD_FIELDS = ("Id", "LastModifiedById", "LastModifiedDate", "SystemModstamp", *FIELDS)
WRITTEN_OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task")


def record_rows(object_name: str, org: Org) -> list[dict[str, Any]]:
    """Every record of an object. HubSpot has written no campaign and no task here."""
    return [
        _row(org, record, record.salesforce_id)
        for record in org.records.by_id.values()
        if record.salesforce_object == object_name and record.salesforce_id is not None
    ]


def _row(org: Org, record: Record, salesforce_id: str) -> dict[str, Any]:
    known = org.records.in_salesforce.by_id.get(salesforce_id)
    written = _newest(record, known)
    values = known.values if known else {}
    return {
        "Id": salesforce_id,
        "LastModifiedById": USER_ID if written.by_integration else SOMEBODY_ID,
        "LastModifiedDate": salesforce_time(int(written.at)),
        "SystemModstamp": salesforce_time(int(written.touched)),
        **{name: _shown(org, name, values.get(name)) for name in FIELDS},
    }


def _newest(record: Record, known: SalesforceRecord | None) -> Written:
    """The newest write, to whichever field."""
    made = record.synced or record.created
    written = record.written_in or Written(made, by_integration=False, touched=made)
    if known is None or known.modified <= written.at:
        return written
    return Written(known.modified, known.by_integration, max(known.modified, written.touched))


def _shown(org: Org, name: str, value: float | None) -> str | None:
    if value is None:
        return None
    oddities = org.records.in_salesforce.oddities
    if name in oddities.text_fields:
        return str(round(value * 1000))
    text = salesforce_time(int(value))
    return text.partition("T")[0] if name in oddities.date_fields else text
