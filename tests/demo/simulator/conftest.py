"""A world that stands still until a test moves its clock."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World

NOON = 1_795_262_400.0  # 2026-11-21T12:00:00Z
QUIET = Settings(records=20, records_per_second=0.0)


class ManualClock:
    """Shows the same time until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Later."""
        self.now += seconds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make_org(clock: ManualClock) -> Callable[..., Org]:
    """An org with these settings; quiet ones by default."""

    def make(settings: Settings = QUIET) -> Org:
        return Org("acme", clock, settings)

    return make


@pytest.fixture
def org(make_org: Callable[..., Org]) -> Org:
    """A quiet org of twenty records."""
    return make_org()


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World(["acme", "beta"], clock, QUIET)


@pytest.fixture
def acme(world: World) -> Org:
    """The org behind `/acme`."""
    return world.orgs["acme"]


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the simulator without a network; it has no credentials of its own."""
    transport = httpx.ASGITransport(app=build_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as http:
        yield http


@pytest.fixture
async def salesforce(client: httpx.AsyncClient, world: World) -> httpx.AsyncClient:
    """The client, logged in to acme's Salesforce."""
    client.headers["Authorization"] = f"Bearer {world.orgs['acme'].sessions.issue()}"
    client.base_url = httpx.URL("http://simulator/acme/salesforce/services/data/v62.0/")
    return client


@pytest.fixture
async def bridge(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client, with the token of acme's bridge."""
    client.headers["Authorization"] = f"Bearer {QUIET.bridge_token}"
    client.base_url = httpx.URL("http://simulator/acme/bridge/")
    return client


@pytest.fixture
async def hubspot(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client, with the token of acme's HubSpot account."""
    client.headers["Authorization"] = f"Bearer {QUIET.hubspot_token}"
    client.base_url = httpx.URL("http://simulator/acme/hubspot/crm/objects/2026-09/")
    return client
