"""What the exporter itself lacks shows where people and Prometheus look."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.self_metrics import SelfMetrics
from exporter.service import Service, open_service
from exporter.state.upkeep import Upkeep
from exporter.web.pages.status_page import render
from exporter.web.pages.upkeep_lines import NOT_RELOADED, upkeep_lines
from tests.clocks import ManualClock
from tests.pages import look

NO_WRITES = "The store takes no writes, so that nothing is resynced and webhooks are refused"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def file(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]) -> Path:
    return write_config(config_data)


@pytest.fixture
async def service(file: Path, clock: ManualClock, transport: httpx.ASGITransport) -> AsyncIterator[Service]:
    """One that can reload its configuration."""
    async with open_service(load_config(file), clock, transport, file) as running:
        yield running


async def test_a_store_that_was_deleted(service: Service, http: httpx.AsyncClient, tmp_path: Path) -> None:
    """It is down, and the status page says why, in the words of ``/-/ready``."""
    assert NO_WRITES not in (await http.get("/")).text
    (tmp_path / "exporter.db").unlink()
    await service.upkeep.look()
    assert (await look(http)).value("store_up") == 0
    text = (await http.get("/")).text
    assert NO_WRITES in text
    assert "exporter.db is gone (No such file or directory): put it back, or restart." in text
    assert NOT_RELOADED not in text


async def test_a_reload_that_failed(service: Service, http: httpx.AsyncClient, file: Path) -> None:
    """The status page says what to do, and nothing of what stands in the file, until one is applied."""
    good, seen = file.read_text(), []
    for content in (f"{good}\nhunter2: hunter2\n", good):
        file.write_text(content)
        with contextlib.suppress(ConfigError):
            await service.reload()
        text = (await http.get("/")).text
        assert "hunter2" not in text
        assert NO_WRITES not in text
        seen.append(NOT_RELOADED in text)
    assert seen == [True, False]


def test_what_a_store_says_is_no_markup() -> None:
    """Its path may hold anything."""
    upkeep = Upkeep(_never, SelfMetrics())
    upkeep.store_problem = "store: /<b>/exporter.db is gone"
    assert ": /&lt;b&gt;/exporter.db is gone." in render([], 0.0, upkeep_lines(upkeep))


async def _never() -> None:
    raise AssertionError
