"""The canary on the pages and in the API."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest

from exporter.config.file import load_config
from exporter.demo.simulator.settings import Settings
from exporter.model import CanaryDirection, CanaryRounds
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.web.pages.canary_lines import CanaryLine, canary_lines, half_within
from exporter.web.pages.status_page import render, status_row
from tests.canaries import CANARY
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR, Start, client_of

NOW = 1_800_000_000.0
ROUNDS = (("synced", 1_200), ("late", 1), ("failed", 2))
LATENCIES = ((300.0, 100), (900.0, 1_100), (3600.0, 1_200), (inf, 1_201))


def direction(name: str, success: bool | None, ended_at: float | None = NOW - 720) -> CanaryDirection:
    return CanaryDirection(name, success, ended_at, ROUNDS, LATENCIES, 600_000.0)


def snapshot(*directions: CanaryDirection, under_way_since: float | None = None) -> Snapshot:
    rounds = CanaryRounds(directions, 0.995, 3600.0, under_way_since)
    return Snapshot("acme", "immediate", None, (Reading("canary", 60.0, NOW, None, rounds, NOW),))


def test_each_direction_says_how_its_last_round_ended_and_how_all_did() -> None:
    """With when, how long it takes, and what the objective is."""
    found = snapshot(direction("to_salesforce", True), direction("to_hubspot", False), under_way_since=NOW - 180)
    told = canary_lines(found, NOW)
    assert told is not None
    rounds = "1,200 synced, 1 late, 2 failed; half of them within 15 min"
    assert told.lines == (
        CanaryLine("HubSpot → Salesforce", True, "arrived, 12 min ago", rounds),
        CanaryLine("Salesforce → HubSpot", False, "LATE: not there within 60 min, 12 min ago", rounds),
    )
    assert told.objective == "objective: 99.5 % of 30 days within 60 min; a round began 3 min ago"
    assert '<span class="bad">LATE: not there within 60 min, 12 min ago</span>' in render([status_row(found, NOW)], NOW)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (direction("to_salesforce", None, None), "no round has ended yet"),
        (direction("to_salesforce", None), "the last round could not be carried out, 12 min ago"),
    ],
)
def test_a_round_that_says_nothing_of_the_sync_is_not_bad(one: CanaryDirection, text: str) -> None:
    """Nor does it say that anything arrived."""
    told = canary_lines(snapshot(one), NOW)
    assert told is not None
    assert [(line.good, line.text) for line in told.lines] == [(True, text)]


def test_without_a_canary_nothing_is_said_of_one() -> None:
    """Neither a line nor a title."""
    assert canary_lines(snapshot(), NOW + 600) is None
    none = Snapshot("acme", "immediate", None)
    assert "Canary" not in render([status_row(none, NOW)], NOW)


@pytest.mark.parametrize(
    ("latencies", "seconds"),
    [(LATENCIES, 900.0), ((), None), (((300.0, 0), (inf, 0)), None), (((300.0, 1), (inf, 3)), None)],
)
def test_half_of_the_rounds_arrived_within_a_bound(
    latencies: tuple[tuple[float, int], ...], seconds: float | None
) -> None:
    """Unless there are none yet, or most were late."""
    assert half_within(CanaryDirection("to_salesforce", True, NOW, ROUNDS, latencies, 0.0)) == seconds


async def test_the_api_says_what_the_page_does(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    tmp_path: Path,
    start: Start,
    clock: ManualClock,
) -> None:
    """Before the first round has ended nothing is known but the objective; without a canary there is none."""
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    acme = config_data["integrations"][0]
    acme["hubspot"] = {"url": f"{SIMULATOR}/acme/hubspot", "token_file": "hubspot-token"}
    acme["canary"] = CANARY
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        (target,) = (one for one in service.poller.targets if one.source.name == "canary")
        await clock.pass_during(service.poller.poll(target))
        listed = (await http.get("/api/v1/integrations")).json()["integrations"]
    canary = {one["name"]: one["canary"] for one in listed}
    assert canary["beta"] is None
    assert (canary["acme"]["objective"], canary["acme"]["deadline_seconds"]) == (0.99, 3600.0)
    assert canary["acme"]["under_way_since"] is not None
    assert canary["acme"]["directions"] == {
        "to_salesforce": {
            "success": None,
            "ended_at": None,
            "half_within_seconds": None,
            "rounds": {"synced": 0, "late": 0, "failed": 0},
        }
    }
