"""What holds where the file says nothing, as in the README's table. Those of remediation stand with its settings."""

from __future__ import annotations

from collections.abc import Mapping

STORE = "sqlite:///hubspot-salesforce.db"
NOTIFY = "immediate"
INTERVALS: Mapping[str, float] = {
    "salesforce_limits": 1200.0,
    "salesforce_heartbeat": 345.0,
    "salesforce_access": 3600.0,
    "salesforce_status": 60.0,
    "salesforce_usage_log": 21600.0,
    "hubspot_heartbeat": 120.0,
    "hubspot_account": 300.0,
    "hubspot_unsynced": 300.0,
    "sync_health": 60.0,
    "mailbox": 60.0,
}
"""Seconds, by source. Every call to Salesforce tells the org's usage, so ``/limits`` is left with storage as long as
the heartbeat sees to it that some call is made every six minutes."""
LIMITS_ALONE = 300.0
"""Seconds between the polls of ``salesforce_limits`` where there is no heartbeat, or one that comes more seldom."""
LONGEST_HEARTBEAT = 350.0
"""Seconds between two polls so that with the poller's delays what is known of the org's usage is six minutes old at
most."""
OFF = "off"
"""Instead of an interval: the source is not read at all."""

SALESFORCE_API_VERSION = "62.0"
PERMISSION_SET = "HubSpot Integration"
OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task", "User")
STATUS_URL = "https://api.status.salesforce.com"
MAX_API_CALLS_PER_DAY = 500

HUBSPOT_URL = "https://api.hubapi.com"
HUBSPOT_API_VERSION = "2026-09"
CONNECTED_APPS = ("HubSpot",)
HEARTBEAT_OBJECTS = ("contacts", "companies", "deals")

MAILBOX_TLS = "implicit"
MAILBOX_PORTS: Mapping[str, int] = {"implicit": 993, "starttls": 143, "off": 143}
"""RFC 8314; by ``tls``."""
MAILBOX_FOLDER = "INBOX"

HOOK_TIMEOUT = 10.0
"""Seconds, as long as GitHub waits for whom it tells."""

POLICY_ACTION = "resync"
"""A policy's word for each integration's own action."""

GOOD_FOR = 48 * 3600.0
"""Seconds. Somebody exports by hand once a day, more or less: one that is late is no gap, one left out is."""
