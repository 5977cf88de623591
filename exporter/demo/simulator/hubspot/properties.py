"""What HubSpot says of its properties: HubSpot's own, the integration's, and those somebody made."""

from collections.abc import Collection, Iterator
from typing import Any

from exporter.demo.simulator.settings import Settings

_TYPES = {"closedate": "datetime", "amount": "number", "salesforce_resync_requested_at": "datetime"}
_MADE_BY_SOMEBODY = frozenset({"salesforce_resync_requested_at", "notes"})
_INTEGRATION = "salesforceinformation"


def definitions(settings: Settings, absent: Collection[str], read_only: Collection[str]) -> list[dict[str, Any]]:
    """`{"name", "type", …}` of every property the account has; `absent` ones are archived, and so not among them."""
    return [one for one in _all(settings, read_only) if one["name"] not in absent]


def _all(settings: Settings, read_only: Collection[str]) -> Iterator[dict[str, Any]]:
    for name in sorted(settings.mapped_properties | settings.unmapped_properties):
        yield _definition(name, _TYPES.get(name, "string"), name not in _MADE_BY_SOMEBODY, name in read_only)
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
