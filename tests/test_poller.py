"""The poller."""

from __future__ import annotations

import httpx

from exporter.demo.simulator.org import Org
from exporter.service import Service


async def poll_all(service: Service) -> None:
    for target in service.poller.targets:
        await service.poller.poll(target)


async def test_a_poll_of_every_source_fills_the_metrics(service: Service, http: httpx.AsyncClient, acme: Org) -> None:
    """After one poll of each source the page shows what both companies said."""
    await poll_all(service)
    page = (await http.get("/metrics")).text
    assert 'hubspot_salesforce_org_api_calls_limit{integration="acme"} 100000.0' in page
    assert 'hubspot_salesforce_suspended{integration="beta"} 0.0' in page
