"""A fleet as it is once everything was polled: full readings of every source, without polling each of them."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx

from exporter.config import defaults
from exporter.config.settings import Config, Integration, Remediation, SyncHealthFeed
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.service import Service, open_service
from exporter.state.reading import Reading
from tests.clocks import LoneClock
from tests.e2e.load import org_names, write_config

NOWHERE = "http://127.0.0.1:1"
VISIBLE = 86_400.0
"""Seconds that readings are made to hold: a benchmark lasts longer than some of their intervals."""

POLLED_EVERY = 1.0
"""Seconds between polls of those integrations that are polled meanwhile."""


def fleet_config(folder: Path, integrations: int, *, polled: int = 0, remediation: Remediation | None = None) -> Config:
    """Every source on, at the default intervals. The first ``polled`` integrations have but one source, which reads a
    file: a poll with all that is the exporter's own, and no network."""
    one = write_config(folder, NOWHERE, 1, defaults.INTERVALS)
    entries = [replace(one.integrations[0], name=name) for name in org_names(integrations)]
    feed = SyncHealthFeed(url=None, token=None, directory=folder)
    for number in range(min(polled, integrations)):
        entries[number] = _polled(entries[number], feed)
    return replace(one, integrations=tuple(entries), remediation=remediation or one.remediation)


def _polled(entry: Integration, feed: SyncHealthFeed) -> Integration:
    return replace(entry, salesforce=None, hubspot=None, sync_health=feed, intervals={"sync_health": POLLED_EVERY})


async def readings_of_one(folder: Path) -> tuple[Reading, ...]:
    """What every source says of a simulated org, read by the exporter itself, now."""
    clock = LoneClock(time.time())
    world = World(org_names(1), clock.time, Settings(records=20, records_per_second=0))
    world.tick()
    config = write_config(folder, NOWHERE, 1, defaults.INTERVALS)
    async with open_service(config, clock, httpx.ASGITransport(build_app(world, sync_interval=None))) as service:
        for target in service.poller.targets:
            assert await service.poller.poll(target)
        return tuple(replace(reading, interval=VISIBLE) for reading in service.snapshots[org_names(1)[0]].readings)


def fill(service: Service, readings: tuple[Reading, ...]) -> None:
    """Every integration has these, each its own copy: so they weigh what they weigh."""
    packed = pickle.dumps(readings)
    for name in [snapshot.integration for snapshot in service.snapshots]:
        for reading in pickle.loads(packed):  # noqa: S301  our own, of a moment ago
            service.snapshots.put(name, reading)


def poll_half(service: Service, readings: tuple[Reading, ...]) -> None:
    """Every other integration has polled one of its sources since: as is so between two scrapes of 15 seconds."""
    now = time.time()
    for number, snapshot in enumerate([*service.snapshots][::2]):
        reading = readings[number % len(readings)]
        service.snapshots.put(snapshot.integration, replace(reading, attempted_at=now, succeeded_at=now))


def polls_a_second(intervals: Mapping[str, float]) -> float:
    """Of one integration with these intervals."""
    return sum(1 / seconds for seconds in intervals.values())
