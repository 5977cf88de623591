"""What HubSpot says of its properties: HubSpot's own, the integration's, and those somebody made."""

from collections.abc import Iterator
from typing import Any

from exporter.demo.simulator.org import Org

CANARY = ("salesforce_canary", "salesforce_canary_back")

_TYPES = {"closedate": "datetime", "amount": "number", "salesforce_resync_requested_at": "datetime"} | dict.fromkeys(
    CANARY, "datetime"
)
_MADE_BY_SOMEBODY = frozenset({"salesforce_resync_requested_at", "notes", *CANARY})
_INTEGRATION = "salesforceinformation"


def definitions(org: Org) -> list[dict[str, Any]]:
    """`{"name", "type", …}` of every property the account has; absent ones are archived, and so not among them."""
    return [one for one in _all(org) if one["name"] not in org.absent_properties]


def _all(org: Org) -> Iterator[dict[str, Any]]:
    types = {**_TYPES, **org.property_types}
    for name in sorted(org.settings.mapped_properties | org.settings.unmapped_properties):
        read_only = name in org.read_only_properties
        yield _definition(name, types.get(name, "string"), name not in _MADE_BY_SOMEBODY, read_only)
    yield _definition("createdate", "datetime", True, True)
    yield _definition("days_to_close", "number", True, True) | {"calculated": True}
    yield _definition("salesforcelastsynctime", "datetime", True, True) | {"groupName": _INTEGRATION}


def _definition(name: str, kind: str, hubspot_defined: bool, read_only: bool) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "type": kind,
        "fieldType": {"datetime": "date", "number": "number"}.get(kind, "text"),
        "groupName": "information",
        "hubspotDefined": hubspot_defined,
        "calculated": False,
        "archived": False,
        "hasUniqueValue": False,
        "modificationMetadata": {"archivable": not hubspot_defined, "readOnlyValue": read_only},
    }
