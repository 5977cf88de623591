"""A service that has polled once, and what its HTTP side is asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from exporter.config.settings import Config
from exporter.service import Service
from exporter.web.app import in_front_of
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, client_of
from tests.remediation.bench import Bench, open_bench
from tests.web.described import is_as_described

Post = Callable[..., Awaitable[httpx.Response]]
Counted = Callable[[], Awaitable[dict[str, int]]]

WEBHOOK = "/alertmanager/webhook"
_NOTIFICATIONS = re.compile(r'^hubspot_salesforce_webhook_notifications_total\{result="(\w+)"\} (\S+)$', re.MULTILINE)


async def poll_all(service: Service) -> None:
    for target in service.poller.targets:
        await service.poller.poll(target)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def post_to(client: httpx.AsyncClient, payload: Any) -> httpx.Response:
    """A notification with the right token: bytes as they are, anything else as JSON."""
    headers = {**bearer(WEBHOOK_TOKEN), "Content-Type": "application/json"}
    if isinstance(payload, bytes):
        return await client.post(WEBHOOK, content=payload, headers=headers)
    return await client.post(WEBHOOK, json=payload, headers=headers)


@pytest.fixture
def post(http: httpx.AsyncClient) -> Post:
    async def posted(payload: Any) -> httpx.Response:
        return await post_to(http, payload)

    return posted


@pytest.fixture
def counted(http: httpx.AsyncClient) -> Counted:
    """Notifications answered so far, by result; what is 0 is left out."""

    async def count() -> dict[str, int]:
        page = (await http.get("/metrics")).text
        return {result: int(float(value)) for result, value in _NOTIFICATIONS.findall(page) if float(value)}

    return count


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, whose every answer has to be as the OpenAPI document says."""
    async with client_of(service) as client:
        client.event_hooks = {"response": [is_as_described]}
        yield client


@pytest.fixture
async def bench(config: Config, clock: ManualClock, transport: httpx.ASGITransport) -> AsyncIterator[Bench]:
    """The remediation, to be worked step by step; everything was polled once."""
    async with open_bench(config, clock, transport) as opened:
        await opened.poll()
        yield opened


@pytest.fixture
async def api(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP side of the bench, likewise."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(in_front_of(bench.app)), base_url="http://exporter"
    ) as client:
        client.event_hooks = {"response": [is_as_described]}
        yield client
