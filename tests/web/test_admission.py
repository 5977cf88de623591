"""Where a token is enough, although users are demanded of everybody else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import yaml
from starlette.requests import Request

from exporter.config.secret import Secret
from exporter.service import Service
from exporter.serving.guard import Guard
from exporter.serving.live import LiveWebConfig
from exporter.web.admission import needs_no_user
from exporter.web.api.openapi import document
from tests.conftest import WEBHOOK_TOKEN
from tests.remediation.payloads import alert, notification
from tests.serving.conftest import HASHED, PASSWORD
from tests.web.conftest import WEBHOOK, bearer


@pytest.fixture
def guarded(service: Service, tmp_path: Path) -> httpx.AsyncClient:
    """The service, with a user."""
    file = tmp_path / "web.yml"
    file.write_text(yaml.safe_dump({"basic_auth_users": {"alice": HASHED}}))
    guard = Guard(service.app, LiveWebConfig(file).current, service.needs_no_user, service.metrics)
    return httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://exporter")


async def test_no_path_is_read_without_a_user(guarded: httpx.AsyncClient) -> None:
    """Not one of those that the document describes, nor the pages."""
    paths = [path for path, item in document()["paths"].items() if "get" in item]
    assert len(paths) > 10
    for path in ("/", "/integrations/acme", *paths):
        assert (await guarded.get(path)).status_code == 401, path
        assert (await guarded.head(path)).status_code == 401, path
        assert (await guarded.get(path, auth=("alice", PASSWORD))).status_code != 401, path


async def test_alertmanager_needs_its_token_and_no_user(guarded: httpx.AsyncClient) -> None:
    """It sends one or the other. A user alone may not post."""
    body = notification(alert())
    assert (await guarded.post(WEBHOOK, json=body, auth=("alice", PASSWORD))).status_code == 401
    assert (await guarded.post(WEBHOOK, json=body)).status_code == 401
    assert (await guarded.post(WEBHOOK, json=body, headers=bearer(WEBHOOK_TOKEN))).status_code == 202


async def test_who_may_order_reads_what_became_of_it(guarded: httpx.AsyncClient) -> None:
    """With the same token, as ``resync --url`` does; the pages and the metrics not."""
    for path, status in (("/api/v1/resyncs", 200), ("/api/v1/integrations", 200), ("/metrics", 401), ("/", 401)):
        assert (await guarded.get(path, headers=bearer(WEBHOOK_TOKEN))).status_code == status
    assert (await guarded.get("/api/v1/resyncs", headers=bearer("another"))).status_code == 401


async def test_a_reload_needs_a_user(guarded: httpx.AsyncClient) -> None:
    """It has no token of its own."""
    assert (await guarded.post("/-/reload", headers=bearer(WEBHOOK_TOKEN))).status_code == 401


@pytest.mark.parametrize("host", ["x/api/v1/?", "x/alertmanager/webhook?", "x/api/v1/#", "x/api/v1/\\"])
async def test_who_is_let_in_is_judged_by_the_path_alone(guarded: httpx.AsyncClient, host: str) -> None:
    """``Host`` is what a client likes to say, and where it holds more than a host an address made of it has another
    path: whoever asks is not let in by that."""
    assert (await guarded.post("/-/reload", headers={"Host": host})).status_code == 401
    assert (await guarded.get("/metrics", headers={"Host": host, **bearer(WEBHOOK_TOKEN)})).status_code == 401
    assert "error" not in (await guarded.get("/metrics", headers={"Host": host})).text


def test_what_comes_in_without_a_user_demands_a_token() -> None:
    """Each operation that the document describes: with a method that writes, by a token of its own and nothing else."""
    for path, item in document()["paths"].items():
        for method in ("post", "put"):
            if method in item:
                request = Request({"type": "http", "method": method.upper(), "path": path, "headers": []})
                kinds = [kind for one in item[method].get("security", ()) for kind in one]
                assert needs_no_user(request, ()) is bool(kinds), path
                assert set(kinds) <= {"bearer", "webhook", "suspension"}


def test_reading_the_api_takes_a_token_that_can_be_read(tmp_path: Path) -> None:
    """One that cannot lets nobody in."""
    scope = {"type": "http", "method": "GET", "path": "/api/v1/resyncs", "headers": [(b"authorization", b"Bearer x")]}
    assert not needs_no_user(Request(scope), (Secret(file=tmp_path / "gone"),))
