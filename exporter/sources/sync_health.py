"""The Sync Health page, as a bridge, a dropped file or exported errors state it: calls, suspension, errors.

Exports, for one integration::

    hubspot_salesforce_integration_api_calls_used{integration="acme"} 41200
    hubspot_salesforce_suspended{integration="acme"} 0
    hubspot_salesforce_sync_errors{integration="acme",category="picklists",error_type="restricted_picklist_value"} 12

Every part but ``as_of`` may be null or absent and is then unknown. Errors outside the catalogue are counted under
``error_type="unknown"``. A page that says it is of a time to come is of when it was read first: where a clock is ahead
and the page stands still, it must not stay the newest statement for ever.
"""

from __future__ import annotations

from typing import Any

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.model import SyncHealth
from exporter.schemas.json_schema import checked
from exporter.sources import exported_health
from exporter.sources.health_page import page_of, page_read
from exporter.sources.source import Source, configured, remembered


async def fetch(connection: Connection, previous: Any) -> Any:
    """The page as JSON, from the bridge or the directory, with what was exported beside it."""
    if connection.exported is not None:
        return await exported_health.fetch(connection, connection.exported, previous)
    page = await configured(connection.sync_health, "bridge or directory").sync_health()
    return page_read(page, remembered(previous, "sync_health"), connection.clock.time())


def parse(payload: Any, _read_at: float) -> SyncHealth:
    if isinstance(payload, dict) and "exports" in payload:
        told = checked(payload, exported_health.SCHEMA, "exported errors")
        return exported_health.merged(None if told["page"] is None else page_of(told["page"]), told)
    return page_of(payload)


def applies(integration: Integration) -> bool:
    return integration.sync_health is not None


def _is_exported(integration: Integration) -> bool:
    return integration.sync_health is not None and integration.sync_health.url is None


SOURCE = Source("sync_health", applies, fetch, parse, slow=_is_exported)
