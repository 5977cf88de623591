"""A simulated life: the service as a newcomer configures it against one org, on a clock that moves by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from math import ceil
from pathlib import Path
from typing import Any

import httpx

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.service import Service, open_service
from exporter.state.conditions import conditions_change_at
from exporter.state.snapshot import Snapshot
from tests.clocks import LoneClock, ManualClock
from tests.polling.habits import Habit
from tests.polling.samples import Samples

NAME = "acme"
HOUR = 3600.0
MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
ROUND = 900.0
"""HubSpot looks every 15 minutes."""

SELDOM: Mapping[str, str] = {
    **dict.fromkeys(("salesforce_limits", "salesforce_status", "hubspot_heartbeat", "hubspot_account"), "25m"),
    "salesforce_heartbeat": "20m",
}
"""As seldom as the rules allow: what is judged is the same as at the default intervals, for a tenth of the polls."""

_NOWHERE = "http://127.0.0.1:1"
"""Nothing listens there: requests go to the simulator in this process."""
TOKEN = "a-token-for-reports"

Event = tuple[float, Callable[[], object]]


@dataclass
class Life:
    """A service, the org it watches, the habits of that org, and what was scraped so far; hours are of the week."""

    service: Service
    org: Org
    clock: ManualClock
    habits: tuple[Habit, ...]
    hour: float
    samples: Samples
    polls: dict[str, int] = field(default_factory=dict)
    _scraped: Snapshot | None = None
    _changes_at: float = 0.0

    async def until(self, end: float) -> None:
        """Polls what is due when it is due, and acts, rounds and scrapes in between."""
        begin, self.hour = self.hour, end
        for moment, do in self._events(MONDAY + begin * HOUR, MONDAY + end * HOUR):
            await self._poll_until(moment)
            do()

    async def report(self, suspended: bool, reason: str | None = None) -> None:
        """Somebody read HubSpot's e-mail, and tells the exporter."""
        transport = httpx.ASGITransport(self.service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
            answer = await client.post(
                "/api/v1/suspensions",
                json={"integration": NAME, "suspended": suspended, "reason": reason},
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        assert answer.status_code == httpx.codes.ACCEPTED

    def _events(self, begin: float, end: float) -> Iterator[Event]:
        acts = sorted((MONDAY + hour * HOUR, act) for habit in self.habits for hour, act in habit.acts.items())
        return merge(
            ((moment, lambda act=act: act(self.org)) for moment, act in acts if begin <= moment < end),  # type: ignore[misc]
            ((moment + 7, self.org.tick) for moment in _every(ROUND, begin, end)),
            ((moment + self.samples.seconds, self._scrape) for moment in _every(self.samples.seconds, begin, end)),
            key=lambda event: event[0],
        )

    def _scrape(self) -> None:
        """The page is written only where it can have changed: by a poll, a report, or because time has come."""
        snapshot, now = self.service.snapshots[NAME], self.clock.time()
        if snapshot is self._scraped and now < self._changes_at:
            self.samples.repeat()
            return
        self._scraped, self._changes_at = snapshot, conditions_change_at(snapshot, now)
        self.samples.scrape(self.service.exposition.page("")[0].decode())

    async def _poll_until(self, moment: float) -> None:
        poller = self.service.poller
        while (due_at := poller.due_at(target := min(poller.targets, key=poller.due_at))) < moment:
            self.clock.advance(max(0.0, due_at - self.clock.time()))
            assert await poller.take_turn(target)
            self.polls[target.source.name] = self.polls.get(target.source.name, 0) + 1
        self.clock.advance(max(0.0, moment - self.clock.time()))


def _every(seconds: float, begin: float, end: float) -> Iterator[float]:
    """On the clock's own grid, so that a life goes on in any steps."""
    first, last = (ceil(round(moment / seconds, 6)) for moment in (begin, end))
    return (number * seconds for number in range(first, last))


@asynccontextmanager
async def living(
    config: Config,
    habits: tuple[Habit, ...],
    begin: float,
    scrape: float = 300.0,
    clock: ManualClock | None = None,
) -> AsyncIterator[Life]:
    """A life from an hour of the week on, scraped every so many seconds; a day of traffic lies behind the org."""
    clock = clock or LoneClock(MONDAY + begin * HOUR - HOUR)
    usual = {"records": 100, "daily_limit": 40_000, "event_log_lag": 3 * HOUR}
    world = World([NAME], clock.time, Settings(**(usual | _settings_of(habits))))
    org = world.orgs[NAME]
    for hours in range(25):
        org.use_api_calls("HubSpot", 20, seconds_ago=hours * HOUR)
        org.use_api_calls("Data Loader", 200, seconds_ago=hours * HOUR)
    for habit in habits:
        habit.begin(org)
    async with open_service(config, clock, httpx.ASGITransport(build_app(world, sync_interval=None))) as service:
        yield Life(service, org, clock, habits, begin, Samples(MONDAY + begin * HOUR, scrape))


def _settings_of(habits: Iterable[Habit]) -> dict[str, Any]:
    return {key: value for habit in habits for key, value in habit.settings.items()}


def newcomers(
    folder: Path,
    intervals: Mapping[str, str],
    fields: Mapping[str, list[str]] | None = None,
    allocated_api_calls: int | None = None,
) -> Config:
    """What a newcomer writes: the org, the integration user, the account. No bridge."""
    secrets = {"client": Settings().client_secret, "hubspot": Settings().hubspot_token, "reports": TOKEN}
    for name, text in secrets.items():
        (folder / name).write_text(text)
    credentials = {"client_id": Settings().client_id, "client_secret_file": "client"}
    salesforce = {
        "url": f"{_NOWHERE}/{NAME}/salesforce",
        "auth": {"client_credentials": credentials},
        "status": {"url": f"{_NOWHERE}/status"},
        "integration_user": f"hubspot@{NAME}.example",
        "fields": fields or {},
    }
    hubspot: dict[str, Any] = {"url": f"{_NOWHERE}/{NAME}/hubspot", "token_file": "hubspot"}
    if allocated_api_calls is not None:
        hubspot["allocated_api_calls"] = allocated_api_calls
    entry = {"name": NAME, "salesforce": salesforce, "hubspot": hubspot, "intervals": dict(intervals)}
    file = folder / "exporter.yml"
    file.write_text(
        json.dumps(
            {
                "store": "sqlite:///exporter.db",
                "integrations": [entry],
                "remediation": {"webhook_token_file": "reports"},
            }
        )
    )
    return load_config(file)
