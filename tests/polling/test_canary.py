"""The canary over a whole service: its rounds go on over a restart, and what it asks counts against the cap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.polling.target import Target
from exporter.service import Service
from tests.canaries import CANARY
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR, Start
from tests.pages import Page

MINUTE = 60.0
WAY = {"integration": "acme", "direction": "to_salesforce"}


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path) -> Config:
    """Acme alone, with a canary and nothing else that is polled often."""
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    acme = config_data["integrations"][0]
    acme["hubspot"] = {"url": f"{SIMULATOR}/acme/hubspot", "token_file": "hubspot-token"}
    acme["canary"] = CANARY
    return load_config(write_config({**config_data, "integrations": [acme]}))


def canary_of(service: Service) -> Target:
    return next(target for target in service.poller.targets if target.source.name == "canary")


async def poll_until(service: Service, clock: ManualClock, end: float) -> None:
    """Polls the canary whenever it is due."""
    poller, target = service.poller, canary_of(service)
    while (due_at := poller.due_at(target)) <= end:
        clock.advance(max(0.0, due_at - clock.time()))
        await clock.pass_during(poller.poll(target))
    clock.advance(end - clock.time())


def rounds(service: Service) -> dict[str, float | None]:
    page = Page(service.exposition.page("")[0].decode())
    return {
        outcome: page.value("canary_rounds_total", outcome=outcome, **WAY) for outcome in ("synced", "late", "failed")
    }


async def test_a_round_goes_on_after_a_restart(start: Start, config: Config, clock: ManualClock, acme: Org) -> None:
    """It is written once, judged by when it arrived, and the counts are those of before."""
    began = clock.time()
    async with start(config) as first:
        await poll_until(first, clock, began + 20 * MINUTE)
        acme.tick()
        await poll_until(first, clock, began + 35 * MINUTE)
        assert rounds(first) == {"synced": 1, "late": 0, "failed": 0}
        assert acme.requests["hubspot.batch_update"] == 2
    clock.advance(2 * MINUTE)
    acme.tick()
    clock.advance(20 * MINUTE)
    async with start(config) as second:
        assert rounds(second) == {"synced": 1, "late": 0, "failed": 0}
        await poll_until(second, clock, clock.time() + MINUTE)
        assert rounds(second)["synced"] == 2
        assert acme.requests["hubspot.batch_update"] <= 3


async def test_what_a_failed_poll_has_counted_is_kept(
    start: Start, config: Config, clock: ManualClock, acme: Org
) -> None:
    """A failed round is one after a restart too, and so is the source's failure."""
    async with start(config) as first:
        await poll_until(first, clock, clock.time() + MINUTE)
        acme.tick()
        await poll_until(first, clock, clock.time() + 5 * MINUTE)
        acme.refused_writes = frozenset({"101"})
        await poll_until(first, clock, clock.time() + 30 * MINUTE)
        assert rounds(first) == {"synced": 1, "late": 0, "failed": 1}
    async with start(config) as second:
        page = Page(second.exposition.page("")[0].decode())
        assert page.value("source_up", integration="acme", source="canary") == 0
        acme.refused_writes = frozenset()
        await poll_until(second, clock, clock.time() + 40 * MINUTE)
        assert rounds(second)["failed"] == 1
        assert acme.requests["hubspot.batch_update"] == 3


async def test_its_queries_count_against_the_cap(start: Start, config: Config, clock: ManualClock, acme: Org) -> None:
    """And what they met is evidence of the org's state."""
    acme.faults.put(Fault("salesforce", "unavailable_html", None))
    async with start(config) as service:
        await poll_until(service, clock, clock.time() + MINUTE)
        page = Page(service.exposition.page("")[0].decode())
        labels = {"integration": "acme", "reason": "salesforce_org_unavailable"}
        assert page.value("suspension_condition", **labels) == 1
        assert page.value("upstream_requests_total", integration="acme", api="salesforce") is not None
        assert acme.requests["hubspot.batch_update"] == 0
