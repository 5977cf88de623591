"""The Salesforce objects that HubSpot writes to: their rows, and who wrote to them when.

As in Salesforce `SystemModstamp` moves with `LastModifiedDate`, and besides when Salesforce itself touches a record.
"""

from typing import Any

from exporter.demo.simulator.clock import salesforce_time
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.records import Record

USER_ID = "005000000000001SIM"
SOMEBODY_ID = "005000000000009SIM"
RECORD_FIELDS = ("Id", "LastModifiedById", "LastModifiedDate", "SystemModstamp")
WRITTEN_OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task")


def record_rows(object_name: str, org: Org) -> list[dict[str, Any]]:
    """Every record of an object. HubSpot has written no campaign and no task here."""
    return [_row(one) for one in org.records.by_id.values() if one.salesforce_object == object_name and one.written_in]


def _row(record: Record) -> dict[str, Any]:
    written = record.written_in
    if written is None:
        raise AssertionError("a record that was never written has no row")
    return {
        "Id": record.salesforce_id,
        "LastModifiedById": USER_ID if written.by_integration else SOMEBODY_ID,
        "LastModifiedDate": salesforce_time(written.at),
        "SystemModstamp": salesforce_time(written.touched),
    }
