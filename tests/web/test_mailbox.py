"""From HubSpot's e-mails to the metrics and pages of a service that has nothing but a mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.imap.server import serving_mail
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.service import Service
from tests.clocks import ManualClock
from tests.conftest import Start, client_of
from tests.web.conftest import poll_all
from tests.web.described import is_as_described

COUNTER = "hubspot_salesforce_mailbox_messages_total"


@pytest.fixture
async def config(world: World, write_config: Callable[[dict[str, Any]], Path], tmp_path: Path) -> AsyncIterator[Config]:
    """Only of a mailbox, which the simulator serves."""
    (tmp_path / "mail-password").write_text(world.settings.mailbox_password)
    async with serving_mail(world) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "tls": "off", "password_file": "mailbox"}
        mailbox |= {"username": "crm-alerts@acme.example", "password_file": "mail-password"}
        yield load_config(write_config({"integrations": [{"name": "acme", "mailbox": mailbox}]}))


async def page_of(service: Service, path: str, accept: str = "text/plain") -> str:
    async with client_of(service) as client:
        return (await client.get(path, headers={"Accept": accept})).text


async def test_a_suspension_is_seen_over_a_restart_until_it_is_over(
    config: Config, start: Start, acme: Org, clock: ManualClock
) -> None:
    """Nobody else knows of it. What was counted goes on where it was."""
    acme.suspend("salesforce_org_locked")
    acme.tick()
    async with start(config) as service:
        await poll_all(service)
        page = await page_of(service, "/metrics")
        assert 'hubspot_salesforce_suspended{integration="acme"} 1.0' in page
        assert 'hubspot_salesforce_suspension_reason{integration="acme",reason="salesforce_org_locked"} 1.0' in page
        assert f"# TYPE {COUNTER} counter" in page
        assert f'{COUNTER}{{integration="acme",result="matched"}} 1.0' in page
        assert f'{COUNTER}{{integration="acme",result="unmatched"}} 0.0' in page
        assert "SUSPENDED: Salesforce organization locked" in await page_of(service, "/")
    clock.advance(60.0)
    assert acme.clear_suspension() is None
    acme.tick()
    async with start(config) as service:
        assert f'{COUNTER}{{integration="acme",result="matched"}} 1.0' in await page_of(service, "/metrics")
        await poll_all(service)
        page = await page_of(service, "/metrics", "application/openmetrics-text; version=1.0.0")
    assert 'hubspot_salesforce_suspended{integration="acme"} 0.0' in page
    assert f"# TYPE {COUNTER.removesuffix('_total')} counter" in page
    assert f'{COUNTER}{{integration="acme",result="matched"}} 2.0' in page


async def test_of_sync_errors_it_says_when_they_were_told(config: Config, start: Start, acme: Org) -> None:
    """On the integration's page and in the API, as the document describes it; no number comes of it."""
    acme.add_errors("picklists", "restricted_picklist_value", 3)
    acme.tick()
    async with start(config) as service:
        await poll_all(service)
        page = await page_of(service, "/integrations/acme", "text/html")
        async with client_of(service) as client:
            client.event_hooks = {"response": [is_as_described]}
            (entry,) = (await client.get("/api/v1/integrations")).json()["integrations"]
    assert "e-mails last told of new errors in Picklists" in page
    assert [notice["category"] for notice in entry["error_notices"]] == ["picklists"]
    assert entry["errors"] is None
