"""The integration of the demo as a team configures it that has no bridge. Pure."""

from __future__ import annotations

from typing import Any

from exporter.demo.mailbox import Mailbox

TOUCHED = "salesforce_resync_requested_at"
CANARY = "121"
"""A simulated contact that nothing else is done to: the first ones wait in the story."""

WINDOW_MINUTES, GRACE = 20, "2s"


def without_bridge(entry: dict[str, Any], mailbox: Mailbox) -> dict[str, Any]:
    """The same integration with a mailbox, a property to touch and a canary in place of the bridge."""
    intervals = {name: every for name, every in entry["intervals"].items() if name != "sync_health"}
    hubspot = entry["hubspot"] | {"unsynced": {"window": f"{WINDOW_MINUTES}m", "grace": GRACE}}
    kept = {name: section for name, section in entry.items() if name != "sync_health"}
    return kept | {
        "hubspot": hubspot,
        "mailbox": {
            "host": "127.0.0.1",
            "port": mailbox.port,
            "tls": "off",
            "username": mailbox.username,
            "password_file": "mailbox-password",
        },
        "remediation": {"touch": {"property": TOUCHED}},
        "canary": {
            "object": "contacts",
            "hubspot_id": CANARY,
            "property": "salesforce_canary",
            "salesforce_object": "Contact",
            "salesforce_id": f"003{int(CANARY):012d}SIM",
            "field": "HubSpot_Canary__c",
            "interval": "5s",
            "deadline": "5s",
        },
        "intervals": intervals | {"mailbox": "1s", "hubspot_unsynced": "3s"},
    }
