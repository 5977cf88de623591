"""Whether the records are those that the configuration means, and what keeps a round from being carried out. Pure.

Facts: HubSpot knowledge base, *HubSpot's default properties*: the id of the Salesforce record that a record is synced
with stands in ``salesforcecontactid`` or ``salesforceleadid`` (contacts), ``salesforceaccountid`` (companies) and
``hs_salesforceopportunityid`` (deals). A Salesforce id has 15 characters, in which case tells, or the same with three
more that make it safe where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exporter.clients.hubspot import record_properties
from exporter.clients.hubspot.touch_property import why_not
from exporter.clients.salesforce.soql import soql_text
from exporter.config.settings import Canary
from exporter.sources.probe.value import is_day

LINKS: Mapping[str, str] = {
    linked: name for links in record_properties.LINKS.values() for name, linked in links.items()
}
"""By Salesforce object: the property that names the record."""

TYPES = ("datetime", "string")
"""Of HubSpot properties that hold a time, in one form or another."""

_TELLING = 15
"""Characters of a Salesforce id that tell it from others."""


def query_of(canary: Canary) -> str:
    """SOQL for the record."""
    fields = dict.fromkeys(("Id", canary.field, *([canary.back.field] if canary.back else []), "LastModifiedDate"))
    where = f"Id = {soql_text(canary.salesforce_id)}"
    return f"SELECT {', '.join(fields)} FROM {canary.salesforce_object} WHERE {where}"  # noqa: S608  names are checked


def key_of(canary: Canary, field: str) -> str:
    """Which key of the configuration names this Salesforce field."""
    back = canary.back
    return "canary.back.field" if back is not None and field.casefold() == back.field.casefold() else "canary.field"


def hubspot_trouble(record: Mapping[str, Any] | None, canary: Canary) -> str | None:
    """Why this is not the record to write to, with the remedy; ``None`` if it is."""
    named = f"{canary.object} {canary.hubspot_id}"
    if record is None:
        return f"HubSpot has no {named}, or it is archived: name a record made for this in canary.hubspot_id"
    if record["id"] != canary.hubspot_id:
        return f"{named} was merged into {record['id']}: name a record made for this in canary.hubspot_id"
    link = LINKS[canary.salesforce_object]
    told = record["properties"].get(link)
    if not told:
        return (
            f"{named} is not synced with Salesforce (its {link} is empty): wait for its first sync, or name another "
            "in canary.hubspot_id"
        )
    if told[:_TELLING] != canary.salesforce_id[:_TELLING]:
        return f"{named} is synced with another Salesforce record ({link}): name that one in canary.salesforce_id"
    return None


def properties_trouble(definitions: Mapping[str, Any] | None, canary: Canary) -> str | None:
    """Why the property cannot be written, or the one of the way back not be awaited."""
    if definitions is None:
        return f"HubSpot has no object type {canary.object} in this account"
    trouble = why_not(definitions, canary.property, canary.object, "canary.property", TYPES)
    if trouble is None and canary.back is not None:
        trouble = why_not(definitions, canary.back.property, canary.object, "canary.back.property", TYPES)
    return trouble


def salesforce_trouble(rows: Sequence[Mapping[str, Any]], canary: Canary) -> str | None:
    """Why the field cannot be looked at."""
    named = f"{canary.salesforce_object} {canary.salesforce_id}"
    if not rows:
        return (
            f"Salesforce shows no {named}: it is deleted, or the user of salesforce.auth may not see it; name it in "
            "canary.salesforce_id"
        )
    if is_day(rows[0].get(canary.field)):
        return f"{canary.field} of {named} holds a day and no time: name a Date/Time or Text field in canary.field"
    return None
