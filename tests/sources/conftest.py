"""An integration whose org keeps an event log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.settings import Config, HubSpot, Integration
from tests.clocks import ManualClock
from tests.sources.log_org import FakeOrg


@pytest.fixture
def integration(config: Config) -> Integration:
    """Acme, whose HubSpot goes by its usual name."""
    account = HubSpot("https://api.hubapi.com", "2026-09", None, None, ("HubSpot",), ())
    return replace(config.integrations[0], hubspot=account)


@pytest.fixture
def connect_over(integration: Integration, clock: ManualClock) -> Callable[[httpx.AsyncBaseTransport], Connection]:
    def make(transport: httpx.AsyncBaseTransport) -> Connection:
        http = httpx.AsyncClient(transport=transport)
        return connect(integration, http, clock, lambda _integration, _api: None)

    return make


@pytest.fixture
def org() -> FakeOrg:
    return FakeOrg()


@pytest.fixture
def connection(connect_over: Callable[[httpx.AsyncBaseTransport], Connection], org: FakeOrg) -> Connection:
    return connect_over(org)
