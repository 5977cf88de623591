"""How many requests are worked on at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.self_metrics import SelfMetrics
from exporter.web.rooms import Rooms

AT_ONCE = 3
PATHS = ("/metrics", "/alertmanager/webhook", "/api/v1/sync-errors", "/", "/-/healthy")


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.inside = 0
        self.is_full = asyncio.Event()
        self.go_on = asyncio.Event()
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        self.metrics = SelfMetrics()
        self.transport = httpx.ASGITransport(Rooms(app, self.metrics, AT_ONCE))

    async def _answer(self, request: Request) -> Response:
        self.inside += 1
        if self.inside == AT_ONCE:
            self.is_full.set()
        if "wait" in request.query_params:
            await self.go_on.wait()
        return PlainTextResponse("answered")


@contextlib.asynccontextmanager
async def full(slow: Slow, path: str) -> AsyncIterator[httpx.AsyncClient]:
    """As many at this path as there is room for."""
    async with httpx.AsyncClient(transport=slow.transport, base_url="http://exporter") as http:
        waiting = [asyncio.create_task(http.get(f"{path}?wait")) for _ in range(AT_ONCE)]
        async with asyncio.timeout(5):
            await slow.is_full.wait()
        yield http
        slow.go_on.set()
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200] * AT_ONCE


@pytest.mark.parametrize("path", PATHS[:-1])
async def test_a_full_room_is_said_to_be(path: str) -> None:
    """503, after which Alertmanager sends again; as soon as there is room again there is an answer."""
    slow = Slow()
    async with full(slow, path) as http:
        refused = await http.get(path)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "too many requests" in refused.json()["error"]
    async with httpx.AsyncClient(transport=slow.transport, base_url="http://exporter") as http:
        assert (await http.get(path)).status_code == 200


async def test_a_notification_that_is_put_off_is_logged_and_counted() -> None:
    """As those that are looked at; others are counted as what they are."""
    slow = Slow()
    async with full(slow, "/alertmanager/webhook") as http:
        with structlog.testing.capture_logs() as logs:
            assert (await http.post("/alertmanager/webhook")).status_code == 503
    assert [(line["event"], line["status"], line["cause"]) for line in logs] == [
        ("webhook rejected", 503, "too many at a time")
    ]
    counted = slow.metrics.registry.get_sample_value
    assert counted("hubspot_salesforce_webhook_notifications_total", {"result": "unavailable"}) == 1
    assert counted("hubspot_salesforce_http_requests_refused_total", {"reason": "busy"}) == 1


@pytest.mark.parametrize(
    ("crowded", "free"),
    [
        ("/metrics", ["/alertmanager/webhook", "/", "/-/healthy", "/-/ready"]),
        ("/api/v1/sync-errors", ["/metrics", "/alertmanager/webhook", "/alertmanager/webhook/", "/-/healthy"]),
        ("/alertmanager/webhook", ["/metrics", "/api/v1/resyncs", "/integrations/acme", "/-/healthy"]),
    ],
)
async def test_a_crowd_keeps_no_other_out(crowded: str, free: list[str]) -> None:
    """Scrapes, notifications and people have a room each; whether the exporter lives is always answered."""
    async with full(Slow(), crowded) as http:
        assert [(await http.get(path)).status_code for path in free] == [200] * len(free)


async def test_whether_it_lives_is_answered_to_any_number() -> None:
    """It costs nothing."""
    async with full(Slow(), "/-/healthy") as http:
        assert (await http.get("/-/healthy")).status_code == 200


async def test_a_path_that_is_none_is_answered_like_others() -> None:
    """HTTP knows ``OPTIONS *``."""
    slow = Slow()
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        sent.append(str(message))

    scope = {"type": "http", "method": "OPTIONS", "path": "*", "headers": [], "query_string": b"", "root_path": ""}
    await slow.transport.app(scope, receive, send)
    assert "404" in sent[0]
