"""What the commands do that ask once and end: ``poll`` and ``errors``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import httpx

from exporter.catalog.catalog import CATALOG
from exporter.clients.bridge import SyncError
from exporter.clients.connection import connect
from exporter.clock import SystemClock
from exporter.config.settings import Config, Integration
from exporter.errors import UsageError
from exporter.exposition.page import PLAIN
from exporter.remediation.actions.bridge import BridgeResync
from exporter.service import open_service


async def poll_once(config: Config, names: Sequence[str]) -> tuple[str, bool]:
    """Reads every source of these integrations (all, if none is named) once: the exposition, and whether all worked.

    It counts against the budget like any other poll, and a running exporter on the same store takes up what was read.
    """
    chosen = tuple(_integration(config, name) for name in names) or config.integrations
    async with open_service(replace(config, integrations=chosen), SystemClock(), take_over=False) as service:
        await asyncio.gather(*(service.poller.poll(target) for target in service.poller.targets))
        page, _ = service.exposition.page(PLAIN)
        worked = all(reading.up for snapshot in service.snapshots for reading in snapshot.readings)
    return page.decode(), worked


async def list_errors(config: Config, name: str, category: str | None) -> tuple[SyncError, ...]:
    """The current errors of an integration, asked of its bridge; raises ``UpstreamError`` or ``UsageError``."""
    integration = _integration(config, name)
    async with httpx.AsyncClient() as http:
        bridge = connect(integration, http, SystemClock(), lambda _name, _api: None).bridge
        if bridge is None:
            raise UsageError(f"{name}: sync_health.url is not configured, so there is no bridge to ask")
        return await BridgeResync(bridge).find(CATALOG.select([category] if category else [], []))


def _integration(config: Config, name: str) -> Integration:
    found = config.integration(name)
    if found is None:
        known = ", ".join(entry.name for entry in config.integrations)
        raise UsageError(f"no integration is called {name!r}; there are: {known}")
    return found
