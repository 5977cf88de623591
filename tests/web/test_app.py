"""What every answer and every request has in common, whoever asks and whatever is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from exporter.config.file import load_config
from exporter.service import Service
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.web.conftest import WEBHOOK, bearer
from tests.web.described import is_as_described


@pytest.mark.parametrize(
    "path", ["/metrics/", "/-/healthy/", "/-/ready/", "/-/reload/", "/integrations/acme/", "/api/v1/resyncs/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_no_slash_at_the_end_is_redirected(http: httpx.AsyncClient, path: str, method: str) -> None:
    """Behind a proxy that ends TLS a redirect leads to plain HTTP, and the token with it."""
    answer = await http.request(method, path, headers=bearer(WEBHOOK_TOKEN))
    assert answer.status_code in (404, 405)
    assert "location" not in answer.headers


async def test_no_route_is_redirected(service: Service, http: httpx.AsyncClient) -> None:
    """Whichever there are: with a slash at the end each is served or is nowhere."""
    assert isinstance(service.app, Starlette)
    for route in service.app.routes:
        assert isinstance(route, Route)
        path = re.sub(r"\{[^}]*\}", "1", route.path).rstrip("/")
        for method in route.methods or ():
            for sent in (path, f"{path}/", f"{path}//", f"/{path}"):
                answer = await http.request(method, f"http://exporter{sent}", json={}, headers={"Host": "evil.example"})
                assert not answer.is_redirect, (method, sent)


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/-/healthy", "/nowhere", "/api/v1/integrations", "/api/v1/openapi.json"]
)
async def test_every_answer_is_what_its_type_says(http: httpx.AsyncClient, path: str) -> None:
    """And nothing that a browser makes out of it."""
    assert (await http.get(path)).headers.get_list("x-content-type-options") == ["nosniff"]


PACKED = [
    ("POST", WEBHOOK),
    ("POST", "/api/v1/resyncs"),
    ("POST", "/api/v1/suspensions"),
    ("PUT", "/api/v1/sync-errors/exported/picklists"),
]


async def test_a_compressed_body_is_refused(
    start: Start, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> None:
    """415 before anything of it is read, so a bomb costs nothing."""
    exported = {"name": "exported", "sync_health": {"uploads": True}}
    pulled: list[str] = []

    async def bomb(encoding: str) -> AsyncIterator[bytes]:
        while True:
            pulled.append(encoding)
            yield bytes(1024)

    config = load_config(write_config(config_data | {"integrations": [exported]}))
    async with start(config) as service, client_of(service) as http:
        http.event_hooks = {"response": [is_as_described]}
        for method, path in PACKED:
            for encoding in ("gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "nonsense"):
                headers = {**bearer(WEBHOOK_TOKEN), "Content-Encoding": encoding}
                answer = await http.request(method, path, content=bomb(encoding), headers=headers)
                assert answer.status_code == 415, (path, encoding)
                assert "Content-Encoding: expected none" in answer.json()["error"]
    assert not pulled


DEEP = [
    b"[" * depth + b"]" * depth if flat else b'{"alerts":' * depth + b"1" + b"}" * depth
    for depth in (99, 500, 900, 990, 2_000, 100_000)
    for flat in (True, False)
]


@pytest.mark.parametrize(("method", "path"), PACKED)
async def test_a_body_of_any_depth_is_refused(http: httpx.AsyncClient, method: str, path: str) -> None:
    """Whether a parser can still read it or not; by whoever is let in."""
    for body in DEEP:
        for wrapped in (body, b'{"version": "4", "integration": ' + body + b', "alerts": ' + body + b"}"):
            answer = await http.request(method, path, content=wrapped, headers=bearer(WEBHOOK_TOKEN))
            assert answer.status_code in (400, 404, 413), (path, len(body))
