"""The canary that tests configure: the first simulated contact, which is in Salesforce from the start."""

from __future__ import annotations

from typing import Any

CANARY: dict[str, Any] = {
    "object": "contacts",
    "hubspot_id": "101",
    "property": "salesforce_canary",
    "salesforce_object": "Contact",
    "salesforce_id": f"003{101:012d}SIM",
    "field": "HubSpot_Canary__c",
}
