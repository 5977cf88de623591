"""What watching an integration costs: no more than 350 Salesforce calls a day with every source on, and the org's usage
is known all day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.hubspot.search_pace import SEARCHES_PER_SECOND
from exporter.config import defaults
from exporter.config.file import load_config
from exporter.config.intervals import HEARTBEAT, LIMITS, intervals_of
from exporter.config.settings import Config
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.model import CanaryRounds
from exporter.polling.schedule import FILLS_IN_JITTER, JITTER
from exporter.service import Service, open_service
from exporter.sources import SOURCES
from exporter.state.facts import org_use_told_until
from exporter.store.calls import WINDOW_MINUTES, CallStore
from exporter.store.database import open_database
from tests.canaries import CANARY
from tests.clocks import LoneClock, ManualClock

HOUR, DAY = 3_600.0, 86_400.0
MOST_CALLS = 350

OLDEST_USAGE = 360.0
"""Seconds: what is known of the org's calls is never older."""

CALLS_A_POLL = {
    "salesforce_limits": 1,  # GET /limits
    "salesforce_heartbeat": 1,  # one composite request
    "salesforce_access": 1,  # one composite request
    "salesforce_usage_log": 1,  # the query that lists the log files
}
LOG_FILES_A_DAY = 24
"""One an hour, each downloaded once, each download a call."""
FIRST_LOG_FILES = 15
"""Of the day before, on the first day on top."""
CANARY_ROUNDS, CANARY_CHECKS = 48, 1
"""A day; and the query that finds whether its records are the configured ones."""
MISSED = 0.4
"""Part of the canary's two calls a round, at most, that take no turn."""
BOTH_WAYS = {**CANARY, "back": {"field": "HubSpot_Canary_Back__c", "property": "salesforce_canary_back"}}
QUARTER = 900.0
"""HubSpot's round."""
INSTANCE_QUERIES_A_DAY = 1
"""On which instance the org lives, for Trust."""
FREE = ("salesforce_status", "hubspot_heartbeat", "hubspot_account", "hubspot_unsynced", "sync_health")
"""Sources that cost no Salesforce call. A whole day of them takes half a minute, so a day has fewer."""

DATA_CALLS = tuple(f"salesforce.{group}" for group in ("limits", "query", "composite", "log_file", "update"))
"""The simulator's counters of requests to the org's REST API."""


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to the simulator and notes when searches and Salesforce calls were sent."""

    def __init__(self, world: World, clock: ManualClock) -> None:
        self._simulator = httpx.ASGITransport(build_app(world, sync_interval=None))
        self._clock = clock
        self.searches: list[float] = []
        self.calls: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/search"):
            self.searches.append(self._clock.time())
        elif "/services/data/" in request.url.path:
            self.calls.append(self._clock.time())
        return await self._simulator.handle_async_request(request)


@dataclass(frozen=True)
class Life:
    """A service, the world it watches, and the clock both go by."""

    service: Service
    org: Org
    wire: Wire
    clock: ManualClock
    ages: list[float] = field(default_factory=list)
    """How old was what is known of the org's calls just before each poll: the oldest it ever got."""

    async def until(self, end: float) -> None:
        """Polls whatever is due, when it is due; the world moves on with HubSpot's rounds."""
        poller = self.service.poller
        next_round = self.clock.time()
        while (due_at := poller.due_at(target := min(poller.targets, key=poller.due_at))) < end:
            self.clock.advance(max(0.0, due_at - self.clock.time()))
            if self.clock.time() >= next_round:
                self.org.tick()
                next_round += QUARTER
            told_until = org_use_told_until(self.service.snapshots["acme"], self.clock.time())
            if told_until is not None:
                self.ages.append(self.clock.time() - told_until)
            assert await poller.take_turn(target)
        self.clock.advance(end - self.clock.time())


@pytest.fixture
def clock() -> LoneClock:
    return LoneClock()


@pytest.fixture
def world(clock: LoneClock) -> World:
    """One org that a day of traffic lies behind; its hourly log files come three hours late, as Salesforce's do."""
    world = World(["acme"], clock.time, Settings(records_per_second=0.01, event_log_lag=3 * HOUR))
    for hours in range(28):
        world.orgs["acme"].use_api_calls("HubSpot", 10, seconds_ago=hours * HOUR)
    return world


@pytest.fixture
def configured(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path
) -> Callable[[dict[str, str]], Config]:
    """Every source on, at the default intervals but for those given."""

    def loaded(intervals: dict[str, str]) -> Config:
        entry = config_data["integrations"][0]
        entry["salesforce"] |= {"integration_user": "hubspot@acme.example", "fields": {"Contact": ["Email", "Phone"]}}
        entry["hubspot"] = {"url": "http://127.0.0.1:1/acme/hubspot", "token_file": "hubspot-token"}
        entry["canary"] = BOTH_WAYS
        entry["intervals"] = intervals
        (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
        return load_config(write_config(config_data | {"integrations": [entry]}))

    return loaded


def most_within(seconds: float, moments: Iterable[float]) -> int:
    """The most of these moments, in order, in any span of that length, wherever it begins."""
    window: list[float] = []
    most = 0
    for moment in moments:
        window = [*(earlier for earlier in window if earlier > moment - seconds), moment]
        most = max(most, len(window))
    return most


def test_the_schedule_costs_no_more() -> None:
    """Computed, of the first day. ``/limits`` and the access check take the turn of a heartbeat, and so do the calls of
    a canary that goes both ways, but for those that miss it."""
    asking = {source.name for source in SOURCES if source.asks_salesforce} - {"canary"}
    assert asking == set(CALLS_A_POLL)
    turns = DAY / defaults.INTERVALS["salesforce_heartbeat"]
    canary = MISSED * 2 * CANARY_ROUNDS + CANARY_CHECKS
    calls = turns + LOG_FILES_A_DAY + FIRST_LOG_FILES + INSTANCE_QUERIES_A_DAY + canary
    assert round(calls) == 330
    assert calls <= MOST_CALLS < defaults.MAX_API_CALLS_PER_DAY


def test_the_org_is_asked_every_six_minutes_whatever_is_configured() -> None:
    """A heartbeat that is off, comes seldom or has nobody to ask about leaves it to ``/limits``."""
    watched = {"salesforce": {"integration_user": "hubspot@acme.example"}}
    entries: tuple[dict[str, Any], ...] = (
        watched,
        {"salesforce": {}},
        watched | {"intervals": {"salesforce_heartbeat": "off"}},
        watched | {"intervals": {"salesforce_heartbeat": "1h"}},
        {"salesforce": {"integration_user": "hubspot@acme.example", "objects": ["User"]}},
    )
    for entry in entries:
        intervals = intervals_of(entry)
        assert min(intervals[LIMITS], intervals.get(HEARTBEAT, DAY)) * (1 + FILLS_IN_JITTER) < OLDEST_USAGE
        assert intervals[LIMITS] == (1200 if entry is watched else 300)


@pytest.mark.faults
async def test_a_day_costs_no_more(
    configured: Callable[[dict[str, str]], Config], world: World, clock: LoneClock
) -> None:
    """Lived through: by the simulator's own count, and by the ledger behind the cap. What is known of the org's calls
    is never older than six minutes, nor the last writes than four intervals.

    The first day is the dearer one: the log files of the day before are read too.
    """
    wire, org = Wire(world, clock), world.orgs["acme"]
    config = configured(dict.fromkeys(FREE, "1h"))
    async with open_service(config, clock, wire) as service:
        assert {target.source.name for target in service.poller.targets} >= {*CALLS_A_POLL, "canary"}
        life = Life(service, org, wire, clock)
        for _day in (1, 2):
            asked_before = asked(org)
            await life.until(clock.time() + DAY)
            assert org.calls.used(org.settings.monitoring_app) <= MOST_CALLS
        assert all(reading.up for reading in service.snapshots["acme"].readings)
        heartbeat = service.snapshots["acme"].reading("salesforce_heartbeat")
        canary = service.snapshots["acme"].reading("canary")
    second_day = asked(org) - asked_before
    # With those the simulator refused because their session had expired, which it does not count.
    assert second_day.total() <= MOST_CALLS
    # Nothing was saved by not asking: limits wait for a turn, and no longer.
    longest = defaults.INTERVALS["salesforce_limits"] * (1 + JITTER) + defaults.INTERVALS["salesforce_heartbeat"]
    assert second_day["salesforce.limits"] >= DAY / longest - 1
    assert second_day["salesforce.log_file"] >= LOG_FILES_A_DAY
    assert max(life.ages) <= OLDEST_USAGE
    assert canary is not None
    assert isinstance(canary.part, CanaryRounds)
    for direction in canary.part.directions:
        assert dict(direction.rounds)["synced"] >= 0.9 * 2 * CANARY_ROUNDS
        assert dict(direction.rounds) | {"synced": 0} == {"synced": 0, "late": 0, "failed": 0}
    assert heartbeat is not None
    assert clock.time() - heartbeat.attempted_at <= heartbeat.interval == 4 * 345
    assert asked(org).total() == len(wire.calls)
    oldest = int(clock.time() // 60) - WINDOW_MINUTES
    assert await ledger(config, clock) == sum(moment // 60 >= oldest for moment in wire.calls)


async def test_searches_keep_hubspots_pace(
    configured: Callable[[dict[str, str]], Config], world: World, clock: LoneClock
) -> None:
    """An hour of heartbeats and of looks for unsynced records, at the default intervals: never more than five searches
    in any second, none refused."""
    wire = Wire(world, clock)
    async with open_service(configured({}), clock, wire) as service:
        await Life(service, world.orgs["acme"], wire, clock).until(clock.time() + HOUR)
        readings = [service.snapshots["acme"].reading(name) for name in ("hubspot_heartbeat", "hubspot_unsynced")]
    assert all(reading is not None and reading.up for reading in readings)
    assert len(wire.searches) >= 6 * (28 + 11)
    assert most_within(1.0, wire.searches) <= SEARCHES_PER_SECOND


def asked(org: Org) -> Counter[str]:
    """Requests to the org's REST API that have reached the simulator."""
    return Counter({group: org.requests[group] for group in DATA_CALLS})


async def ledger(config: Config, clock: LoneClock) -> int:
    """What the budget believes was spent in the last 24 hours."""
    database = await open_database(config.store)
    try:
        return await CallStore(database).spent("acme", clock.time())
    finally:
        await database.close()
