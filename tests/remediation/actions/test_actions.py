"""The table of actions, and which of them an integration gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.settings import Config
from exporter.remediation.actions import ACTIONS, action_of
from tests.clocks import ManualClock


@pytest.fixture
async def connection(config: Config, clock: ManualClock) -> AsyncIterator[Connection]:
    """An integration with everything there is."""
    async with httpx.AsyncClient() as http:
        yield connect(config.integrations[0], http, clock, lambda _name, _api: None)


def test_every_action_has_a_name_of_its_own() -> None:
    """It stands in the store and in a label: a job is resumed by the action that began it."""
    assert len({kind.name for kind in ACTIONS}) == len(ACTIONS)


async def test_an_action_goes_by_the_name_of_its_entry(connection: Connection) -> None:
    """Else its counters would not be those that stand at 0 from the start."""
    for kind in ACTIONS:
        action = kind.made_from(connection)
        assert action is not None
        assert action.name == kind.name


async def test_an_integration_resyncs_by_what_is_configured_for_it(connection: Connection) -> None:
    """By its bridge if it has one; with nothing to resync by it has no action."""
    action = action_of(connection)
    assert action is not None
    assert action.name == "bridge"
    assert action_of(replace(connection, bridge=None)) is None
