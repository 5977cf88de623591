"""Whether a property may be written to make a record sync. Pure.

Facts: HubSpot's OpenAPI file of *Properties*: ``GET /crm/properties/{version}/{objectType}`` gives ``results[{name,
type, archived, calculated, hubspotDefined, hasUniqueValue, groupName, modificationMetadata: {readOnlyValue}}]``; all
but name and type are optional. Those of the Salesforce integration stand in the group ``salesforceinformation``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_INTEGRATION_GROUP = "salesforceinformation"


def why_not(
    definitions: Mapping[str, Any],
    name: str,
    object_type: str,
    key: str = "remediation.touch.property",
    types: Sequence[str] = ("datetime",),
) -> str | None:
    """Why ``name`` may not be written, with the remedy; ``None`` if it may. ``key`` is where it is configured, and
    ``types`` are those that hold what is to be written."""
    trouble = trouble_with(definitions, name, types)
    if trouble is None:
        return None
    return (
        f"the property {name} of {object_type} {trouble}: make a property of type date and time picker for nothing but "
        f"this in HubSpot, map it to a Salesforce field, and name it in {key}"
    )


def trouble_with(definitions: Mapping[str, Any], name: str, types: Sequence[str] = ("datetime",)) -> str | None:
    """The same, without object type and remedy: such as "is read-only"."""
    definition = next((one for one in definitions["results"] if one.get("name") == name), None)
    return "does not exist" if definition is None else _trouble(definition, types)


def _trouble(definition: Mapping[str, Any], types: Sequence[str]) -> str | None:
    read_only = (definition.get("modificationMetadata") or {}).get("readOnlyValue")
    rules = (
        (definition.get("archived") is True, "is archived"),
        (definition.get("hubspotDefined") is True, "is HubSpot's own, so somebody goes by it"),
        (definition.get("groupName") == _INTEGRATION_GROUP, "belongs to the Salesforce integration"),
        (definition.get("type") not in types, f"is of type {definition.get('type')}, not {' or '.join(types)}"),
        (definition.get("calculated") is True, "is calculated"),
        (read_only is True, "is read-only"),
        (definition.get("hasUniqueValue") is True, "must be unique, and many records get the same time"),
    )
    return next((trouble for holds, trouble in rules if holds), None)
