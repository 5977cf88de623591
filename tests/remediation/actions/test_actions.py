"""The table of actions, and which of them an integration gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import Config, Hook, HubSpot, OwnRemediation, Unsynced
from exporter.remediation.actions import ACTIONS, ways_of
from tests.clocks import ManualClock

PROPERTY = "salesforce_resync_requested_at"


@pytest.fixture
async def connection(config: Config, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Connection]:
    """An integration with everything there is."""
    account = HubSpot("http://127.0.0.1:1", "2026-09", Secret(file=tmp_path / "token"), None, (), ())
    own = OwnRemediation(None, PROPERTY, Hook("https://hook.example", (Secret(env="HOOK_SECRET"),), timeout=10.0))
    everything = replace(config.integrations[0], hubspot=account, remediation=own)
    async with httpx.AsyncClient() as http:
        yield connect(everything, http, clock, lambda _name, _api: None)


def preferring(connection: Connection, action: str | None, touched: str | None = PROPERTY) -> Connection:
    own = OwnRemediation(action, touched)
    return replace(connection, settings=replace(connection.settings, remediation=own))


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
    """Its own action is the one it names, else its bridge; without a property nothing is touched."""
    assert (set(ways_of(connection).by_name), ways_of(connection).own) == ({kind.name for kind in ACTIONS}, "bridge")
    assert ways_of(preferring(connection, "touch")).own == "touch"
    assert "touch" not in ways_of(preferring(connection, None, None)).by_name


async def test_an_integration_with_nothing_to_resync_by_has_no_action(connection: Connection) -> None:
    """Neither a bridge nor anything to search for; what it names all the same cannot be done."""
    account = connection.settings.hubspot
    assert account is not None
    nowhere = replace(connection.settings, hubspot=replace(account, unsynced=Unsynced(objects=())))
    without = replace(connection, bridge=None, settings=nowhere)
    assert (dict(ways_of(without).by_name), ways_of(without).own) == ({}, None)
    named = ways_of(preferring(without, "touch"))
    assert (dict(named.by_name), named.own) == ({}, "touch")


async def test_without_a_bridge_a_record_is_touched_that_is_found_by_search(connection: Connection) -> None:
    """So an integration that has nobody who lists its errors has a way to resync all the same, and only this one."""
    ways = ways_of(replace(connection, bridge=None))
    assert (set(ways.by_name), ways.own) == ({"touch"}, "touch")


async def test_a_hook_is_told_of_nothing_unless_it_is_named(connection: Connection) -> None:
    """By the integration or by a policy: where there is nothing else, an integration has no way of its own."""
    hook_alone = ways_of(replace(preferring(connection, None, None), bridge=connection.bridge))
    assert ("hook" in hook_alone.by_name, hook_alone.own) == (True, "bridge")
    assert ways_of(preferring(connection, "hook")).own == "hook"
    assert next(kind for kind in ACTIONS if kind.name == "hook").unasked is False
    assert "hook" not in ways_of(replace(connection, hook=None)).by_name
    assert "hook" in connection.apis
