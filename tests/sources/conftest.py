"""An integration whose org keeps an event log, and one whose org is looked at as a user."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.file import load_config
from exporter.config.settings import Config, HubSpot, Integration
from tests.clocks import ManualClock
from tests.sources.log_org import FakeOrg

USER = "hubspot@acme.example"

Connect = Callable[..., Connection]


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


@pytest.fixture
async def connected(
    config_data: dict[str, Any], write_config: Any, transport: httpx.ASGITransport, clock: ManualClock
) -> AsyncIterator[Connect]:
    """Acme's clients with these settings of ``salesforce``, over the simulator or another transport."""
    async with contextlib.AsyncExitStack() as stack:

        def make(over: httpx.AsyncBaseTransport = transport, **salesforce: Any) -> Connection:
            http = httpx.AsyncClient(transport=over, trust_env=False)
            stack.push_async_callback(http.aclose)
            config_data["integrations"][0]["salesforce"] |= {"integration_user": USER, **salesforce}
            config: Config = load_config(write_config(config_data))
            return connect(config.integrations[0], http, clock, lambda *_: None)

        yield make
