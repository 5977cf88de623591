"""Clients over a transport of the test's choice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from exporter.clients.connection import connect
from exporter.clients.http.upstream import Upstream
from exporter.clients.salesforce.client import SalesforceClient
from exporter.config.settings import Config
from tests.clocks import ManualClock


@dataclass
class Sent:
    """How many requests were counted."""

    count: int = 0
    apis: list[tuple[str, str]] = field(default_factory=list)

    def one(self) -> None:
        self.count += 1

    def of(self, integration: str, api: str) -> None:
        self.count += 1
        self.apis.append((integration, api))


@pytest.fixture
def sent() -> Sent:
    return Sent()


MakeHttp = Callable[[httpx.AsyncBaseTransport | None], httpx.AsyncClient]


@pytest.fixture
async def make_http() -> AsyncIterator[MakeHttp]:
    """An HTTP client over a transport, ``None`` for the real network; closed at the end of the test."""
    made: list[httpx.AsyncClient] = []

    def make(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
        made.append(httpx.AsyncClient(transport=transport, trust_env=False))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


MakeUpstream = Callable[[httpx.AsyncBaseTransport | None], Upstream]


@pytest.fixture
def upstream_over(make_http: MakeHttp, clock: ManualClock, sent: Sent) -> MakeUpstream:
    """An Upstream that counts what it sends in ``sent``."""

    def make(transport: httpx.AsyncBaseTransport | None) -> Upstream:
        return Upstream(make_http(transport), clock, sent.one)

    return make


Client = Callable[[httpx.AsyncBaseTransport], SalesforceClient]


@pytest.fixture
def client_over(config: Config, make_http: MakeHttp, clock: ManualClock, sent: Sent) -> Client:
    """The client of acme's org over a transport."""

    def make(transport: httpx.AsyncBaseTransport) -> SalesforceClient:
        client = connect(config.integrations[0], make_http(transport), clock, sent.of).salesforce
        assert client is not None
        return client

    return make


@pytest.fixture
def client(client_over: Client, transport: httpx.ASGITransport) -> SalesforceClient:
    """A client of the simulated org."""
    return client_over(transport)
