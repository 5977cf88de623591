"""The exporter's own service watches simulated companies, on a clock that jumps from scrape to scrape."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import stamina
import yaml

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.remediation.lease import LEASE
from exporter.service import Service, open_service
from exporter.store.database import open_database
from exporter.store.jobs import JobStore
from tests.dashboards.scrapes import Scrapes
from tests.dashboards.story_clock import StoryClock

HOUR, DAY = 3_600.0, 86_400.0
SCRAPE = 240.0
"""Seconds between scrapes. Prometheus bridges five minutes, so nothing reads differently at the usual 15."""

WEBHOOK_TOKEN = "a-webhook-token"
NOWHERE = "http://127.0.0.1:1"
"""Nothing listens there: requests go to the simulator in this process."""

INTERVALS = {
    "salesforce_limits": "20m",
    "salesforce_heartbeat": "20m",
    "salesforce_status": "20m",
    "hubspot_heartbeat": "20m",
    "hubspot_account": "20m",
    "sync_health": "12m",
}
"""Less often than by default, so that two days pass in seconds."""

HUBSPOT_CALLS_A_DAY = {"acme": 30_000, "apac": 26_000, "emea": 10_000}
OTHER_CALLS_A_DAY = {"acme": 34_000, "apac": 18_000, "emea": 9_000}
"""Of the org's other apps."""
HUBSPOT_API_CALLS_A_DAY = {"acme": 410_000, "apac": 130_000, "emea": 45_000}
"""Of HubSpot's own API, by all apps of the account."""
RECORDS_A_SECOND = 0.02
"""Records that change and sync one by one. Most of HubSpot's calls are made without them, at once."""

Happens = Callable[["Story"], Awaitable[None]]
Event = tuple[float, Happens]
"""Hours after the beginning, and what happens then."""


class Story:
    """Time that goes by for a service and the companies it watches. Events change what is open here."""

    def __init__(self, service: Service, world: World, clock: StoryClock, jobs: JobStore) -> None:
        self.service = service
        self.orgs: dict[str, Org] = world.orgs
        self.clock = clock
        self.scraped = True
        self.rush = dict.fromkeys(world.orgs, 1.0)
        self.burst = dict.fromkeys(world.orgs, 0)
        self._world = world
        self._jobs = jobs
        self._begun = clock.time()

    @property
    def hours(self) -> float:
        """Hours since the beginning."""
        return (self.clock.time() - self._begun) / HOUR

    async def live(self, hours: float, events: Sequence[Event], scrapes: Scrapes) -> None:
        """Lives through so many hours, from scrape to scrape."""
        waiting = sorted(events, key=lambda event: event[0])
        for number in range(1, round(hours * HOUR / SCRAPE) + 1):
            scraped_at = self._begun + number * SCRAPE
            self.clock.move_to(scraped_at)
            while waiting and waiting[0][0] <= self.hours:
                await waiting.pop(0)[1](self)
            self._traffic()
            self._world.tick()
            await self._poll()
            await self._work()
            began = time.perf_counter()
            page, _ = self.service.exposition.page("text/plain")
            took = time.perf_counter() - began
            scrapes.add(page.decode() if self.scraped else None, scraped_at, took)

    async def post(self, body: dict[str, Any] | bytes, answered: int, token: str = WEBHOOK_TOKEN) -> None:
        """Alertmanager posts; ``answered`` is the status it gets."""
        content = body if isinstance(body, bytes) else httpx.Request("POST", NOWHERE, json=body).content
        async with self._http() as http:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await http.post("/alertmanager/webhook", content=content, headers=headers)
        assert answer.status_code == answered, answer.text

    async def page(self, path: str) -> str:
        """A page of the exporter's own."""
        async with self._http() as http:
            answer = await http.get(path)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.text

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.service.app), base_url="http://exporter")

    def _traffic(self) -> None:
        for name, org in self.orgs.items():
            share = rhythm(self.clock.time() - self._begun) * SCRAPE / DAY
            if org.suspension is None:
                org.use_api_calls(
                    org.settings.connected_app, round(HUBSPOT_CALLS_A_DAY[name] * share * self.rush[name])
                )
            org.hubspot_day.add(round(HUBSPOT_API_CALLS_A_DAY[name] * share))
            # Beyond the limit Salesforce refuses calls, and does not count them.
            if org.calls.used() < org.daily_limit:
                org.use_api_calls("Data loader", round(OTHER_CALLS_A_DAY[name] * share) + self.burst[name])

    async def _poll(self) -> None:
        poller = self.service.poller
        for target in poller.targets:
            if poller.due_at(target) <= self.clock.time():
                await poller.poll(target)

    async def _work(self) -> None:
        while (job := await self._jobs.claim(self.clock.time(), LEASE)) is not None:
            await self.service.worker.do(job)
        while await self.service.prover.look():
            pass


def rhythm(elapsed: float) -> float:
    """Office hours: how busy a time is, 1 on the average of a day. A story begins at noon; afternoons are busy, nights
    are not."""
    return 1 + 0.6 * math.sin((elapsed + 3 * HOUR) / DAY * math.tau)


@contextlib.asynccontextmanager
async def open_story(folder: Path, begins: float) -> AsyncIterator[Story]:
    """Three companies with a day of traffic behind them, and an exporter that has just been started in ``folder``."""
    clock = StoryClock(begins)
    settings = Settings(event_log_lag=3 * HOUR, records_per_second=RECORDS_A_SECOND)
    world = World(list(HUBSPOT_CALLS_A_DAY), clock.time, settings)
    for name, org in world.orgs.items():
        for step in range(int(DAY / SCRAPE)):
            ago = step * SCRAPE
            share = rhythm(-ago) * SCRAPE / DAY
            org.use_api_calls(org.settings.connected_app, round(HUBSPOT_CALLS_A_DAY[name] * share), seconds_ago=ago)
            org.use_api_calls("Data loader", round(OTHER_CALLS_A_DAY[name] * share), seconds_ago=ago)
    config = _config(folder, world)
    transport = httpx.ASGITransport(build_app(world, sync_interval=None))
    with stamina.set_testing(True, attempts=100, cap=True):
        async with open_service(config, clock, transport) as service:
            database = await open_database(config.store)
            try:
                yield Story(service, world, clock, JobStore(database))
            finally:
                await database.close()


def _config(folder: Path, world: World) -> Config:
    settings = Settings()
    secrets = {
        "client-secret": settings.client_secret,
        "bridge-token": settings.bridge_token,
        "hubspot-token": settings.hubspot_token,
        "webhook-token": WEBHOOK_TOKEN,
    }
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    integrations = [_integration(org, settings.client_id) for org in world.orgs.values()]
    data = {"integrations": integrations, "remediation": {"webhook_token_file": "webhook-token"}}
    file = folder / "exporter.yml"
    file.write_text(yaml.safe_dump(data))
    return load_config(file)


def _integration(org: Org, client_id: str) -> dict[str, Any]:
    credentials = {"client_id": client_id, "client_secret_file": "client-secret"}
    back = {"field": "HubSpot_Canary_Back__c", "property": "salesforce_canary_back"}
    canary = {
        "object": "contacts",
        "hubspot_id": "101",
        "property": "salesforce_canary",
        "salesforce_object": "Contact",
        "salesforce_id": org.records.by_id["101"].salesforce_id,
        "field": "HubSpot_Canary__c",
    }
    canaries: dict[str, dict[str, Any]] = {"acme": {"canary": canary}, "emea": {"canary": {**canary, "back": back}}}
    return {
        "name": org.name,
        "salesforce": {
            "url": f"{NOWHERE}/{org.name}/salesforce",
            "auth": {"client_credentials": credentials},
            "status": {"url": f"{NOWHERE}/status"},
            "integration_user": org.integration_user,
            "fields": {"Contact": ["Email", "Phone"]},
        },
        "hubspot": {"url": f"{NOWHERE}/{org.name}/hubspot", "token_file": "hubspot-token"},
        "sync_health": {"url": f"{NOWHERE}/{org.name}/bridge", "token_file": "bridge-token"},
        "remediation": {"max_records": {"acme": 20}.get(org.name, 10_000)},
        "notify": {"acme": "immediate", "apac": "weekly", "emea": "daily"}[org.name],
        "intervals": INTERVALS,
        **canaries.get(org.name, {}),
    }
