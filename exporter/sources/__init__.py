"""One file per source; ``SOURCES`` is the table of all of them."""

from __future__ import annotations

from exporter.sources import (
    canary,
    hubspot_account,
    hubspot_heartbeat,
    hubspot_unsynced,
    mailbox,
    salesforce_access,
    salesforce_heartbeat,
    salesforce_limits,
    salesforce_status,
    salesforce_usage_log,
    sync_health,
)
from exporter.sources.source import Source

SOURCES: tuple[Source, ...] = (
    salesforce_limits.SOURCE,
    salesforce_heartbeat.SOURCE,
    salesforce_access.SOURCE,
    salesforce_status.SOURCE,
    salesforce_usage_log.SOURCE,
    hubspot_heartbeat.SOURCE,
    hubspot_unsynced.SOURCE,
    hubspot_account.SOURCE,
    sync_health.SOURCE,
    mailbox.SOURCE,
    canary.SOURCE,
)

__all__ = ["SOURCES", "Source"]
