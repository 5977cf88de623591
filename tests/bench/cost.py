"""Row d: what a day of monitoring asks of Salesforce and HubSpot, source by source, counted on simulated time.

Without mailbox, which asks neither, and without canary: about 40 Salesforce calls and 96 HubSpot calls more where both
ways are configured.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from exporter.config import defaults
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.service import open_service
from tests.bench.fleet import NOWHERE
from tests.bench.table import Row, Target
from tests.clocks import LoneClock
from tests.e2e.load import org_names, write_config

DAY, HOUR = 86_400.0, 3_600.0
QUARTER = 900.0
"""Seconds: HubSpot's round."""

CHEAP = Target(350)
"""Salesforce calls a day with everything on."""


@dataclass(frozen=True, slots=True)
class Size:
    hours: float = 24.0


class Counting(httpx.AsyncBaseTransport):
    """Carries requests to the simulator, and counts them by the API and the source that is at work."""

    def __init__(self, world: World) -> None:
        self._simulator = httpx.ASGITransport(build_app(world, sync_interval=None))
        self.source = ""
        self.calls: Counter[tuple[str, str]] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "/services/data/" in request.url.path:
            self.calls["Salesforce", self.source] += 1
        elif "/hubspot/" in request.url.path:
            self.calls["HubSpot", self.source] += 1
        return await self._simulator.handle_async_request(request)


def rows(size: Size) -> Iterator[Row]:
    """Of the first day, the dearer one: the log files of the day before are read too."""
    calls = asyncio.run(lived(size))
    limits = {
        "Salesforce": (defaults.MAX_API_CALLS_PER_DAY, "the exporter's own cap"),
        "HubSpot": (Settings().hubspot_calls_per_day, "what the account may make"),
    }
    a_day = 24.0 / size.hours
    for api, (limit, against) in limits.items():
        of_api = {source: count * a_day for (asked, source), count in calls.items() if asked == api}
        target = CHEAP if api == "Salesforce" else None
        yield Row("d", f"{api} calls a day", float(sum(of_api.values())), "", against, float(limit), target)
        for source, count in sorted(of_api.items(), key=lambda entry: -entry[1]):
            yield Row("d", f"{api} calls a day, {source}", float(count), "", against, float(limit))


async def lived(size: Size) -> Counter[tuple[str, str]]:
    """One integration, its sources at their default intervals; polls happen one after the other, when they are due."""
    clock = LoneClock(time.time())
    world = World(org_names(1), clock.time, Settings(records_per_second=0.01, event_log_lag=3 * HOUR))
    org = world.orgs[org_names(1)[0]]
    for hours in range(28):
        org.use_api_calls("HubSpot", 10, seconds_ago=hours * HOUR)
    wire = Counting(world)
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder), NOWHERE, 1, defaults.INTERVALS)
        async with open_service(config, clock, wire) as service:
            poller, ends_at, next_round = service.poller, clock.time() + size.hours * HOUR, clock.time()
            while (due_at := poller.due_at(target := min(poller.targets, key=poller.due_at))) < ends_at:
                clock.advance(max(0.0, due_at - clock.time()))
                if clock.time() >= next_round:
                    org.tick()
                    next_round += QUARTER
                wire.source = target.source.name
                assert await poller.take_turn(target)
    return wire.calls
