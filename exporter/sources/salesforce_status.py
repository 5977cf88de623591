"""Salesforce Status (Trust): how the instance of the org is doing.

Exports, for one org::

    hubspot_salesforce_trust_status{integration="acme",status="OK"} 1
    hubspot_salesforce_trust_status{integration="acme",status="MAJOR_INCIDENT_CORE"} 0

Source of the facts: status.salesforce.com API (see ``exporter/clients/trust.py``). Costs no API call, but for one at
the very first poll: when the configuration does not name the instance, the org is asked. The payload remembers it.
"""

from __future__ import annotations

import re
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
"""Every status that is documented, from good to bad. Others are seen (``INFORMATIONAL``,
``UNPLANNED_MAINTENANCE_CORE``): the page has answered all the same, so the source is up and the status not known."""

MOST_LETTERS = 100
"""What is kept of a status."""

_SCHEMA = "salesforce_status"
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


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
    status = told.get("status")
    return {
        "instance": instance,
        "org": org,
        "exists": answer is not None,
        "active": told.get("isActive"),
        "status": status[:MOST_LETTERS] if isinstance(status, str) else status,
    }


def _gone(payload: dict[str, Any]) -> bool:
    return not payload["exists"] or payload["active"] is False


def _known_instance(previous: Any, org: str) -> str | None:
    """The instance of the last good payload, if this org named it: the configuration may have changed since."""
    told = remembered(previous, _SCHEMA)
    return str(told["instance"]) if told and told["org"] == org else None


def parse(payload: Any, _read_at: float) -> TrustStatus:
    told = checked(payload, _SCHEMA, "Salesforce Status")
    instance = told["instance"]
    hint = (
        "if the org has moved, name its new instance in salesforce.status.instance or leave that out; "
        "an instance that has no page there: salesforce.status: off"
    )
    if not told["exists"]:
        raise InvalidAnswer(f"Salesforce Status knows no instance {instance!r}; {hint}")
    if told.get("active") is False:
        raise InvalidAnswer(f"Salesforce Status says that instance {instance!r} is no longer in use; {hint}")
    words = _printable(told.get("status") or "")
    status = _BETWEEN_WORDS.sub("_", words).upper()
    return TrustStatus(instance, status) if status in TRUST_STATUSES else TrustStatus(instance, None, words or None)


def _printable(text: str) -> str:
    """A status is shown to people: without what no page can show, and without blanks around it."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def applies(integration: Integration) -> bool:
    """``status: off`` switches it off."""
    return integration.salesforce is not None and integration.salesforce.status is not None


SOURCE = Source("salesforce_status", applies, fetch, parse)
