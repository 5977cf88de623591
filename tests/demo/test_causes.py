"""Every cause, acted out in the simulator and seen by the real sources, without processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from exporter.config.file import load_config
from exporter.demo.causes import CAUSES
from exporter.demo.observer import END_FAULTS
from exporter.demo.scenario import Act, Scenario
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.service import Service
from exporter.state.conditions import conditions_of
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR, Start
from tests.demo.views import ONLY_HUBSPOT_KNOWS

LIMIT, ALLOCATION = 3000, 1500
"""As small as those of the demo: its acts fit them."""

EXPECTED = {
    "quota_by_another_app": "salesforce_org_api_limit_exceeded",
    "trust_outage": "salesforce_org_unavailable",
    "heartbeat_stop": "unknown_error",
    "token_revoked": None,
    ONLY_HUBSPOT_KNOWS: None,
}
"""The condition of a scenario that is not named after it; ``None`` where there is none to see."""


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World(["acme"], clock.time, Settings(records_per_second=0.5, daily_limit=LIMIT, allocation=ALLOCATION))


@pytest.fixture
async def service(
    start: Start, config_data: dict[str, Any], write_config: Callable[..., Any], tmp_path: Any
) -> AsyncIterator[Service]:
    """Every source of acme, and nothing of beta."""
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    acme = config_data["integrations"][0]
    acme["salesforce"] |= {"integration_user": "hubspot@acme.example", "fields": {"Contact": ["Email"]}}
    acme["hubspot"] = {"url": f"{SIMULATOR}/acme/hubspot", "token_file": "hubspot-token"}
    config_data["integrations"] = [acme]
    async with start(load_config(write_config(config_data))) as running:
        yield running


class Stage:
    """Acts through the control API and polls until everything is known."""

    def __init__(self, service: Service, transport: httpx.ASGITransport, clock: ManualClock) -> None:
        self.service = service
        self._http = httpx.AsyncClient(transport=transport, base_url=SIMULATOR)
        self._clock = clock

    async def act(self, acts: tuple[Act, ...]) -> None:
        for verb, body in acts:
            method, path = ("DELETE", "fault") if verb == END_FAULTS else ("POST", verb)
            answer = await self._http.request(method, f"/control/acme/{path}", json=body if method == "POST" else None)
            answer.raise_for_status()

    async def poll(self) -> None:
        """A minute later HubSpot has done its round and every source is read."""
        self._clock.advance(60)
        await self.act((("tick", {}),))
        for target in self.service.poller.targets:
            await self._clock.pass_during(self.service.poller.poll(target))

    def judged(self) -> dict[str, bool]:
        snapshot = self.service.snapshots["acme"]
        return {one.reason: one.holds for one in conditions_of(snapshot, self._clock.time())}

    def raised(self) -> set[str]:
        return {reason for reason, holds in self.judged().items() if holds}


@pytest.fixture
def stage(service: Service, transport: httpx.ASGITransport, clock: ManualClock) -> Stage:
    return Stage(service, transport, clock)


@pytest.mark.parametrize("scenario", CAUSES, ids=lambda scenario: scenario.name)
async def test_a_cause_raises_its_condition_and_no_other(scenario: Scenario, stage: Stage) -> None:
    """All is judged and nothing holds; the acts raise the one condition; the last acts end it."""
    await stage.poll()
    assert (len(stage.judged()), stage.raised()) == (10, set())
    reason = EXPECTED.get(scenario.name, scenario.name)
    sets, *rest = [step.acts for step in scenario.steps if step.acts]
    await stage.act(sets)
    await stage.poll()
    assert stage.raised() == ({reason} if reason else set())
    for ends in rest:
        await stage.act(ends)
    # A credential that is refused is not tried again for minutes.
    await stage.act(((END_FAULTS, {}),))
    await stage.poll()
    assert stage.raised() == set()
