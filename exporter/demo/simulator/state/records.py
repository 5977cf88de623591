"""The HubSpot records of an org: when each was made, changed and last synced, and which ones wait for a sync."""

from dataclasses import dataclass, field, replace
from itertools import cycle, islice

from exporter.demo.simulator.state.salesforce_records import SalesforceRecords

OBJECT_TYPES = ("contacts", "companies", "deals")
LEAD_EVERY = 5  # every fifth contact is a lead in Salesforce
ID_PREFIX = {"Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006"}
SALESFORCE_ID_PROPERTY = {
    "Lead": "salesforceleadid",
    "Contact": "salesforcecontactid",
    "Account": "salesforceaccountid",
    "Opportunity": "hs_salesforceopportunityid",
}
_HOUR = 3_600.0
_QUARTER = 900.0
_LEFT_BEHIND = 12
_LEFT_EVERY = 300.0
_MIX = ("contacts",) * 5 + ("companies",) * 3 + ("deals",) * 2


_REMEMBERED = 5


@dataclass(frozen=True, slots=True)
class Former:
    """How a record was until some moment."""

    until: float
    changed: float
    synced: float | None
    salesforce_id: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """The newest write to a record in Salesforce, by whom; `touched` is later where Salesforce itself touched it."""

    at: float
    by_integration: bool
    touched: float


@dataclass(slots=True)
class Record:
    """One HubSpot record. Times are epoch seconds; `salesforce_id` is None until its first sync, and so is
    `written_in`, what Salesforce knows of its newest write there."""

    hubspot_id: str
    object_type: str
    salesforce_object: str
    salesforce_id: str | None
    created: float
    changed: float
    synced: float | None
    written: dict[str, str] = field(default_factory=dict)  # properties set by batch update, or by the sync
    history: list[tuple[str, str, float, str]] = field(default_factory=list)  # name, value, when and whence
    in_segment: bool = True  # one outside the inclusion segment is never created in Salesforce
    former: tuple[Former, ...] = ()
    written_in: Written | None = None

    def value(self, name: str) -> str | float | None:
        """A property: a text, epoch *milliseconds* for a time, None when it has none."""
        if name == "salesforcelastsynctime":
            return None if self.synced is None else self.synced * 1000
        if name == "createdate":
            return self.created * 1000
        if name == ("lastmodifieddate" if self.object_type == "contacts" else "hs_lastmodifieddate"):
            return self.changed * 1000
        if name == SALESFORCE_ID_PROPERTY[self.salesforce_object]:
            return self.salesforce_id
        return self.hubspot_id if name == "hs_object_id" else self.written.get(name)

    def write(self, properties: dict[str, str], now: float, source: str) -> None:
        """Properties get values, from a `source` as HubSpot names it (`INTEGRATION`, `SALESFORCE`)."""
        self.written.update(properties)
        self.history += [(name, value, now, source) for name, value in properties.items()]

    def touch(self, now: float) -> None:
        """A property of the record changed, whichever."""
        self._remember(now)
        self.changed = now

    def mark_synced(self, now: float, late: float = 0.0) -> None:
        """HubSpot wrote the record to Salesforce; a new one has its Salesforce id from now on.

        `late`: HubSpot notes it on the record so many seconds later, which changes the record.
        """
        self._remember(now + late)
        self.synced = now
        if late:
            self.changed = max(self.changed, now + late)
        if self.salesforce_id is None:
            self.salesforce_id = _salesforce_id(self)
        self.written_in = Written(now, by_integration=True, touched=now)

    def change_in_salesforce(self, now: float) -> None:
        """Somebody else wrote to the record in Salesforce."""
        self.written_in = Written(now, by_integration=False, touched=now)

    def touch_in_salesforce(self, now: float) -> None:
        """Salesforce itself touched the record, as when a picklist value is replaced: nobody wrote."""
        if self.written_in is not None:
            self.written_in = replace(self.written_in, touched=now)

    def take_over(self, now: float, late: float = 0.0) -> None:
        """HubSpot took over what was written in Salesforce; noted `late`, as when it writes."""
        self._remember(now + late)
        self.synced = now
        self.changed = max(self.changed, now + late)

    def _remember(self, until: float) -> None:
        former = Former(until, self.changed, self.synced, self.salesforce_id)
        self.former = (*self.former[1 - _REMEMBERED :], former)

    def as_of(self, moment: float) -> "Record":
        """The record as it was at a moment, which lies not long ago."""
        former = next((one for one in self.former if moment < one.until), None)
        if former is None:
            return self
        return replace(self, changed=former.changed, synced=former.synced, salesforce_id=former.salesforce_id)


class RecordBook:
    """All records by id and by type, and those that changed since HubSpot last looked."""

    def __init__(self, count: int, now: float) -> None:
        self.by_id: dict[str, Record] = {}
        self.by_type: dict[str, list[Record]] = {name: [] for name in OBJECT_TYPES}
        self.waiting: dict[str, Record] = {}
        self.written_elsewhere: dict[str, Record] = {}  # in Salesforce, for HubSpot to take over
        self.in_salesforce = SalesforceRecords()
        for position, object_type in enumerate(islice(cycle(_MIX), count)):
            # A quiet past: all linked, the newest synced one minute ago.
            record = self.add(object_type, now - 60 - position)
            record.mark_synced(record.changed)
        self._regular = cycle(tuple(self.by_id.values()))
        self._busy = count > 0

    def add(self, object_type: str, now: float, in_segment: bool = True) -> Record:
        """A new record, not yet in Salesforce and not waiting either."""
        siblings = self.by_type[object_type]
        hubspot_id = str(101 + len(self.by_id))
        record = Record(
            hubspot_id=hubspot_id,
            object_type=object_type,
            salesforce_object=_salesforce_object(object_type, len(siblings)),
            salesforce_id=None,
            created=now,
            changed=now,
            synced=None,
            in_segment=in_segment,
        )
        siblings.append(record)
        self.by_id[hubspot_id] = record
        return record

    def add_linked(self, object_type: str, now: float) -> Record:
        """A new record that synced an hour ago and has changed just now."""
        record = self.add(object_type, now - 2 * _HOUR)
        record.mark_synced(now - _HOUR)
        record.changed = now
        return record

    def change(self, record: Record, now: float) -> None:
        """A mapped property of the record changed: HubSpot syncs it in its next round, if it ever does."""
        record.touch(now)
        if record.in_segment or record.salesforce_id is not None:
            self.waiting[record.hubspot_id] = record

    def lose(self, count: int) -> None:
        """HubSpot comes back to so many of those that wait, the first, no more: only a further change syncs them."""
        for hubspot_id in list(islice(self.waiting, count)):
            del self.waiting[hubspot_id]

    def change_in_salesforce(self, object_type: str, count: int, now: float) -> None:
        """Others write to so many linked records in Salesforce: HubSpot takes that over in its next round."""
        for record in islice((one for one in self.by_type[object_type] if one.salesforce_id is not None), count):
            record.change_in_salesforce(now)
            self.written_elsewhere[record.hubspot_id] = record

    def change_unmapped(self, object_type: str, count: int, now: float) -> None:
        """Properties that are not mapped changed on so many linked records: no round ever syncs them."""
        for record in islice((one for one in self.by_type[object_type] if one.salesforce_id is not None), count):
            record.touch(now)

    def stop_at(self, moment: float, now: float) -> None:
        """The past as if no record had synced for a quarter of an hour before `moment`, and records of every type had
        changed from then on, one every five minutes, as on any working day."""
        for record in self.by_id.values():
            record.changed = min(record.changed, moment - _QUARTER)
            if record.synced is not None:
                record.synced = min(record.synced, moment - _QUARTER)
        for number, record in enumerate(islice(self.by_id.values(), _LEFT_BEHIND)):
            self.change(record, min(moment + _LEFT_EVERY * number, now))

    def change_next(self, count: int, now: float, since: float | None = None) -> None:
        """Everyday traffic: the next records in turn change, one after the other from `since` on, or all at once.
        Records added later take no part in it."""
        if self._busy:
            since = now if since is None else since
            for number, record in enumerate(islice(self._regular, count), start=1):
                self.change(record, since + (now - since) * number / count)


def _salesforce_object(object_type: str, position: int) -> str:
    if object_type == "contacts":
        return "Lead" if position % LEAD_EVERY == LEAD_EVERY - 1 else "Contact"
    return "Account" if object_type == "companies" else "Opportunity"


def _salesforce_id(record: Record) -> str:
    return f"{ID_PREFIX[record.salesforce_object]}{int(record.hubspot_id):012d}SIM"
