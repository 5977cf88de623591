"""The clients of one integration, made from its configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from exporter.clients.bridge import BridgeClient
from exporter.clients.directory import SyncHealthDirectory
from exporter.clients.salesforce import SalesforceClient
from exporter.clients.upstream import Upstream
from exporter.clock import Clock
from exporter.config import Integration
from exporter.model import OrgUsage


class SyncHealthReader(Protocol):
    """A bridge or a directory."""

    async def sync_health(self) -> Any:
        """What the Sync Health page shows, as unchecked JSON."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What one integration's sources and actions may talk to; ``None`` where nothing is configured."""

    salesforce: SalesforceClient | None
    bridge: BridgeClient | None
    sync_health: SyncHealthReader | None

    @property
    def org_usage(self) -> OrgUsage | None:
        """The org's API calls as the newest Salesforce answer stated them."""
        return self.salesforce.usage if self.salesforce else None


CountRequest = Callable[[str, str], None]
"""Called with integration and API for every request sent."""


def connect(integration: Integration, http: httpx.AsyncClient, clock: Clock, count: CountRequest) -> Connection:
    """Builds the clients; sends nothing."""

    def upstream(api: str) -> Upstream:
        return Upstream(http, clock, lambda: count(integration.name, api))

    salesforce = bridge = directory = None
    if integration.salesforce is not None:
        salesforce = SalesforceClient(integration.salesforce, upstream("salesforce"), clock)
    feed = integration.sync_health
    if feed is not None and feed.url is not None:
        bridge = BridgeClient(feed.url, feed.token, upstream("bridge"))
    if feed is not None and feed.directory is not None:
        directory = SyncHealthDirectory(feed.directory)
    return Connection(salesforce, bridge, bridge or directory)
