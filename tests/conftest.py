"""What most tests need: a clock, the simulated companies, a service that talks to them in this process."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import stamina
import yaml

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.service import Service, open_service
from exporter.web.app import in_front_of
from tests.binaries import in_front, write_refusals
from tests.clocks import ManualClock

# The same examples on every machine: a red build must be red again when somebody looks into it.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")

WEBHOOK_TOKEN = "a-webhook-token"
SIMULATOR = "http://127.0.0.1:1"
"""Nothing listens there: requests go to the simulator in this process."""

REFUSALS = pytest.StashKey[Path]()
"""Where they stand until the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Writes the programs that refuse."""
    folder = tempfile.TemporaryDirectory(prefix="refusals-")
    config.add_cleanup(folder.cleanup)
    config.stash[REFUSALS] = write_refusals(Path(folder.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test without the mark, and the fixtures that are made for it, cannot start what there are two sets of."""
    if item.get_closest_marker("binaries"):
        return (yield)
    with in_front(item.config.stash[REFUSALS]):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """What the machine's environment says of proxies is not what the tests are about; one that is sets its own."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            environment.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _no_waiting_between_retries() -> Iterator[None]:
    """Retries happen as often as in production, but at once."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(autouse=True)
def _no_authorities_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading some hundred certificates takes longer than most tests."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    """Two simulated orgs on the test's clock; nothing moves until ``world.tick()``."""
    return World(["acme", "beta"], clock.time, Settings(records_per_second=0))


@pytest.fixture
def acme(world: World) -> Org:
    return world.orgs["acme"]


@pytest.fixture
def transport(world: World) -> httpx.ASGITransport:
    """Carries requests to the simulator without a network."""
    return httpx.ASGITransport(build_app(world, sync_interval=None))


@pytest.fixture
def config_data() -> dict[str, Any]:
    """A configuration for both simulated orgs; tests change it before they load it."""
    return {
        "store": "sqlite:///exporter.db",
        "integrations": [_integration("acme"), _integration("beta")],
        "remediation": {"webhook_token_file": "webhook-token"},
    }


def _integration(name: str) -> dict[str, Any]:
    credentials = {"client_id": Settings().client_id, "client_secret_file": "client-secret"}
    return {
        "name": name,
        "salesforce": {
            "url": f"{SIMULATOR}/{name}/salesforce",
            "auth": {"client_credentials": credentials},
            "status": {"url": f"{SIMULATOR}/status"},
        },
        "sync_health": {"url": f"{SIMULATOR}/{name}/bridge", "token_file": "bridge-token"},
    }


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes a configuration and the secrets it names."""

    def write(data: dict[str, Any]) -> Path:
        (tmp_path / "client-secret").write_text(Settings().client_secret)
        (tmp_path / "bridge-token").write_text(Settings().bridge_token)
        (tmp_path / "webhook-token").write_text(WEBHOOK_TOKEN + "\n")
        file = tmp_path / "exporter.yml"
        file.write_text(yaml.safe_dump(data))
        return file

    return write


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]) -> Config:
    return load_config(write_config(config_data))


Start = Callable[[Config], AbstractAsyncContextManager[Service]]


@pytest.fixture
def start(clock: ManualClock, transport: httpx.ASGITransport) -> Start:
    """Opens the service of a configuration; opening it again is a restart on the same store."""

    def opened(config: Config) -> AbstractAsyncContextManager[Service]:
        return open_service(config, clock, transport)

    return opened


@pytest.fixture
async def service(start: Start, config: Config) -> AsyncIterator[Service]:
    """A service that polls and works only when a test says so."""
    async with start(config) as running:
        yield running


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service's own HTTP side."""
    async with client_of(service) as client:
        yield client


@contextlib.asynccontextmanager
async def client_of(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(in_front_of(service.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
        yield client
