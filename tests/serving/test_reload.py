"""A reload of the configuration is one of the web configuration too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clock import Clock
from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.service import Service, open_service
from exporter.serving.guard import Guard
from exporter.serving.live import LiveWebConfig
from exporter.serving.queues import EACH
from tests.serving.conftest import HASHED, PASSWORD, Write


@pytest.fixture
async def guarded(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    write: Write,
    clock: Clock,
    transport: httpx.ASGITransport,
) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    """A service with a user, as ``serve --web.enable-lifecycle`` has it."""
    file, web = write_config(config_data), LiveWebConfig(write({"basic_auth_users": {"alice": HASHED}}))
    opened = open_service(load_config(file), clock, transport, config_file=file, lifecycle=True, reload_web=web.reload)
    async with opened as service:
        guard = httpx.ASGITransport(Guard(service.app, web.current, service.needs_no_user, service.metrics))
        async with httpx.AsyncClient(transport=guard, base_url="http://exporter", auth=("alice", PASSWORD)) as http:
            yield service, http


async def test_a_bad_web_configuration_is_told_and_changes_nothing(
    guarded: tuple[Service, httpx.AsyncClient], write: Write
) -> None:
    """400 with every problem, and the configuration beside it stays as it was."""
    service, http = guarded
    assert (await http.post("/-/reload")).status_code == 200
    file = write({"colour": "red", "basic_auth_users": {"bob": HASHED}})
    answer = await http.post("/-/reload")
    assert (answer.status_code, f"{file}:" in answer.text, "unknown key 'colour'" in answer.text) == (400, True, True)
    with pytest.raises(ConfigError, match="colour"):
        await service.reload()  # as SIGHUP does
    assert "hubspot_salesforce_config_last_reload_successful 0" in (await http.get("/metrics")).text
    write({"basic_auth_users": {"bob": HASHED}})
    await service.reload()
    assert (await http.get("/metrics")).status_code == 401
    assert "_successful 1" in (await http.get("/metrics", auth=("bob", PASSWORD))).text


async def test_users_are_let_in_side_by_side(guarded: tuple[Service, httpx.AsyncClient]) -> None:
    """However many ask at once, and whoever else guesses meanwhile."""
    _service, http = guarded
    asked = [http.get("/-/healthy", auth=("alice", PASSWORD if number % 2 else f"{number}")) for number in range(EACH)]
    statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert statuses == [200 if number % 2 else 401 for number in range(EACH)]


def test_a_file_of_users_can_be_written_as_json(write: Write) -> None:
    """JSON is YAML."""
    assert LiveWebConfig(write('{\t"basic_auth_users": {}}')).current().users == {}
