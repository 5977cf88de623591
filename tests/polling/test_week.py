"""A healthy org of 2026, configured by default but for longer intervals: a simulated week in which nobody is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.bundled.rule_files import rules_directory
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.service import open_service
from tests.polling.habits import DAY, HABITS, QUIET_WEEKEND, SUNDAY, WEEK, WORKING_HOURS, Habit
from tests.polling.week import HOUR, MONDAY, SCRAPE, Life, LoneClock, Samples, settings_of
from tests.rules import promtool

INTERVALS = dict.fromkeys(("salesforce_limits", "salesforce_status", "hubspot_heartbeat"), "25m")
"""As seldom as the rules allow: a week at the default ones takes five minutes; what is judged is the same."""

HEALTHY = (WORKING_HOURS, *HABITS)


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path) -> Config:
    """What a newcomer writes: the org, the integration user, the account. No bridge."""
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    entry = config_data["integrations"][0]
    del entry["sync_health"]
    entry["salesforce"]["integration_user"] = "hubspot@acme.example"
    entry["hubspot"] = {"url": "http://127.0.0.1:1/acme/hubspot", "token_file": "hubspot-token"}
    entry["intervals"] = INTERVALS
    return load_config(write_config(config_data | {"integrations": [entry]}))


async def live(config: Config, habits: tuple[Habit, ...], begin: float, end: float) -> Samples:
    """What was scraped from one hour of the week to another; a day of traffic lies behind the org."""
    clock = LoneClock(MONDAY + begin * HOUR - HOUR)
    world = World(["acme"], clock.time, Settings(event_log_lag=3 * HOUR, **settings_of(habits)))
    org = world.orgs["acme"]
    for hours in range(25):
        org.use_api_calls("HubSpot", 20, seconds_ago=hours * HOUR)
        org.use_api_calls("Data Loader", 500, seconds_ago=hours * HOUR)
    for habit in habits:
        habit.begin(org)
    async with open_service(config, clock, httpx.ASGITransport(build_app(world, sync_interval=None))) as service:
        return await Life(service, org, clock, habits).between(begin, end)


def fired(samples: Samples, folder: Path, but: str = "") -> str:
    """What promtool has to say of every alert that ever fired, evaluated over the samples with all the rules."""
    minutes = SCRAPE / 60
    content = {
        "rule_files": [str(file.resolve()) for file in sorted(rules_directory().glob("*.rules.yml"))],
        "evaluation_interval": f"{minutes:.0f}m",
        "tests": [
            {
                "interval": f"{minutes:.0f}m",
                "input_series": list(samples.input_series()),
                "promql_expr_test": [
                    {
                        "expr": f'count_over_time(ALERTS{{alertstate="firing",alertname!="{but}"}}[1w])',
                        "eval_time": f"{samples.scrapes * minutes:.0f}m",
                        "exp_samples": [],
                    }
                ],
            }
        ],
    }
    file = folder / "week.test.yml"
    file.write_text(json.dumps(content), encoding="utf-8")
    return promtool.complaints_of_test(file)


def assert_healthy(samples: Samples) -> None:
    """No cause of a suspension is ever seen, and no source ever fails. Eight causes can be judged: without configured
    fields and an allocation not those two, and missing mappings never."""
    conditions = samples.of("suspension_condition")
    assert len(conditions) == 8
    assert {one: values for one, values in conditions.items() if values != {0}} == {}
    sources = samples.of("source_up")
    assert len(sources) == 5
    assert {one: values for one, values in sources.items() if values != {1}} == {}


async def test_a_week_of_a_healthy_org(config: Config, tmp_path: Path) -> None:
    """No condition holds, no source fails, no alert fires."""
    samples = await live(config, HEALTHY, 0, WEEK)
    assert_healthy(samples)
    assert fired(samples, tmp_path) == ""


async def test_a_weekend_without_any_sync(config: Config, tmp_path: Path) -> None:
    """A lone change that never syncs is no suspension; it is left to the warning that says so."""
    samples = await live(config, (QUIET_WEEKEND, *HABITS[3:]), 4 * DAY + 12, SUNDAY)
    assert_healthy(samples)
    assert "HubSpotSalesforceSyncStale" in fired(samples, tmp_path)
    assert fired(samples, tmp_path, but="HubSpotSalesforceSyncStale") == ""


async def test_a_stop_is_still_seen(config: Config) -> None:
    """With the same habits HubSpot falls silent on Monday at ten: seen soon after eleven."""
    stop = Habit("HubSpot falls silent", acts={10.02: lambda org: setattr(org, "silent", True)})
    samples = await live(config, (WORKING_HOURS, *HABITS, stop), 0, 13)
    held = [one for one, values in samples.of("suspension_condition").items() if 1 in values]
    assert len(held) == 1
    assert 'reason="unknown_error"' in held[0]
    first = min(number for number, value in samples.series[held[0]].items() if value == 1)
    assert 11 <= (first + 1) * SCRAPE / HOUR <= 11.5
