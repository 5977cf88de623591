"""What stands on the Salesforce records themselves, as far as somebody has written it: mapped fields, and when."""

from dataclasses import dataclass, field

# The Salesforce fields of mapped properties that are probed, and which side's change is passed on.
FIELD_OF = {"salesforce_canary": "HubSpot_Canary__c"}
PROPERTY_OF = {"HubSpot_Canary_Back__c": "salesforce_canary_back"}
FIELDS = (*FIELD_OF.values(), *PROPERTY_OF)


@dataclass(slots=True)
class SalesforceRecord:
    """`values` are epoch seconds by field; `modified` is when one was written last, `by_integration` by whom."""

    values: dict[str, float] = field(default_factory=dict)
    modified: float = 0.0
    by_integration: bool = True


@dataclass(slots=True)
class Oddities:
    """What is odd about single records and fields."""

    lost_syncs: frozenset[str] = frozenset()  # HubSpot records whose changes get lost on their way, either way
    merged: dict[str, str] = field(default_factory=dict)  # HubSpot id by the id it had before
    archived: frozenset[str] = frozenset()  # HubSpot records
    date_fields: frozenset[str] = frozenset()  # Salesforce fields that hold a day instead of a time
    text_fields: frozenset[str] = frozenset()  # and those that hold a text
    uneditable: frozenset[str] = frozenset()  # objects and fields (`Contact.Email`) that who monitors may not edit


class SalesforceRecords:
    """By Salesforce id. `waiting` are those that somebody changed in Salesforce: HubSpot takes them over in its next
    round."""

    def __init__(self) -> None:
        self.by_id: dict[str, SalesforceRecord] = {}
        self.waiting: dict[str, set[str]] = {}
        self.oddities = Oddities()

    def of(self, salesforce_id: str) -> SalesforceRecord:
        """What is known of a record; nothing of one that nobody has written."""
        return self.by_id.setdefault(salesforce_id, SalesforceRecord())

    def take(self, salesforce_id: str, values: dict[str, float], now: float) -> None:
        """HubSpot writes these fields; values that are there already are no change."""
        record = self.of(salesforce_id)
        if any(record.values.get(name) != value for name, value in values.items()):
            record.values.update(values)
            record.modified, record.by_integration = now, True

    def write(self, salesforce_id: str, values: dict[str, float], now: float) -> None:
        """Somebody else writes them."""
        record = self.of(salesforce_id)
        record.values.update(values)
        record.modified, record.by_integration = now, False
        self.waiting.setdefault(salesforce_id, set()).update(values)
