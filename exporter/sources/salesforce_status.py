"""Salesforce Status (Trust): how the instance of the org is doing.

Exports, for one org::

    hubspot_salesforce_trust_status{integration="acme",status="OK"} 1
    hubspot_salesforce_trust_status{integration="acme",status="MAJOR_INCIDENT_CORE"} 0

Source of the facts: status.salesforce.com API (see ``exporter/clients/trust.py``). Costs no API call, but for one at
the very first poll: when the configuration does not name the instance, the org is asked. The payload remembers it.
"""

from __future__ import annotations

from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.trust import TrustClient
from exporter.config.settings import Integration
from exporter.errors import InvalidAnswer
from exporter.model import TrustStatus
from exporter.schemas.json_schema import checked
from exporter.sources.source import Source, configured, remembered

TRUST_STATUSES = (
    "OK",
    *("INFORMATIONAL_CORE", "INFORMATIONAL_NONCORE"),
    *("MAINTENANCE_CORE", "MAINTENANCE_NONCORE"),
    *("MINOR_INCIDENT_CORE", "MINOR_INCIDENT_NONCORE"),
    *("MAJOR_INCIDENT_CORE", "MAJOR_INCIDENT_NONCORE"),
)
"""Every status there is, from good to bad."""

_SCHEMA = "salesforce_status"


async def fetch(connection: Connection, previous: Any) -> Any:
    """``{"instance", "org", "exists", "active", "status"}``: what was asked about, and what the page said of it.

    ``org`` is the URL of the org that named the instance, null if the configuration did. A remembered instance that is
    gone is compared with what the org says now: it may have moved.
    """
    trust = configured(connection.trust, "Salesforce org")
    if trust.configured_instance is not None:
        return await _look_up(trust, trust.configured_instance, None)
    org_instance = configured(connection.org_instance, "Salesforce org")
    org = org_instance.org
    known = _known_instance(previous, org)
    payload = await _look_up(trust, known or await org_instance.name(), org)
    if known is not None and _gone(payload):
        current = await org_instance.name()
        return payload if current == known else await _look_up(trust, current, org)
    return payload


async def _look_up(trust: TrustClient, instance: str, org: str | None) -> dict[str, Any]:
    # Incidents and maintenances stay out of the payload: nothing is made of them, and they can be long.
    answer = await trust.instance_status(instance)
    told = answer or {}
    return {
        "instance": instance,
        "org": org,
        "exists": answer is not None,
        "active": told.get("isActive"),
        "status": told.get("status"),
    }


def _gone(payload: dict[str, Any]) -> bool:
    return not payload["exists"] or payload["active"] is False


def _known_instance(previous: Any, org: str) -> str | None:
    """The instance of the last good payload, if this org named it: the configuration may have changed since."""
    told = remembered(previous, _SCHEMA)
    return str(told["instance"]) if told and told["org"] == org else None


def parse(payload: Any, _read_at: float) -> TrustStatus:
    told = checked(payload, _SCHEMA, "Salesforce Status")
    instance, status = told["instance"], told.get("status")
    hint = "if the org has moved, name its new instance in salesforce.status.instance or leave that out"
    if not told["exists"]:
        raise InvalidAnswer(f"Salesforce Status knows no instance {instance!r}; {hint}")
    if told.get("active") is False:
        raise InvalidAnswer(f"Salesforce Status says that instance {instance!r} is no longer in use; {hint}")
    if status not in TRUST_STATUSES:
        raise InvalidAnswer(f"Salesforce Status says something of instance {instance!r} that is no known status")
    return TrustStatus(instance, status)


def applies(integration: Integration) -> bool:
    return integration.salesforce is not None


SOURCE = Source("salesforce_status", applies, fetch, parse)
