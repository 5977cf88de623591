"""``/api/v1``, health and readiness."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clock import format_timestamp
from exporter.config.file import load_config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.model import Suspension
from exporter.service import Service
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.remediation.payloads import alert, notification
from tests.web.conftest import WEBHOOK, Post, poll_all

NOW = "2027-01-15T08:00:00.000Z"


async def integration(http: httpx.AsyncClient, name: str = "acme") -> dict[str, Any]:
    listed = (await http.get("/api/v1/integrations")).json()["integrations"]
    found: dict[str, Any] = next(entry for entry in listed if entry["name"] == name)
    return found


def sources(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {source["source"]: source for source in entry["sources"]}


# --- integrations


async def test_each_fact_names_its_source(service: Service, http: httpx.AsyncClient, acme: Org) -> None:
    """Calls, storage, suspension and errors, and who said so."""
    acme.use_api_calls("HubSpot", 41_200)
    acme.add_errors("picklists", "restricted_picklist_value", 12, affected_records=2)
    acme.suspend("missing_field_mappings")
    await poll_all(service)
    entry = await integration(http)
    calls = entry["api_calls"]
    assert (calls["used"], calls["allocated"], calls["org_limit"]) == (41_200, 60_000, 100_000)
    assert calls["org_used"] >= 41_200
    assert [storage["kind"] for storage in entry["storage"]] == ["data", "file"]
    assert entry["suspension"] == {"suspended": True, "reason": "missing_field_mappings", "since": NOW, "detail": None}
    assert entry["errors"] == [
        {"category": "picklists", "error_type": "restricted_picklist_value", "errors": 12, "affected_records": 24}
    ]
    stated_by = entry["stated_by"]
    assert {stated_by[fact] for fact in ("calls_used", "calls_allocated", "suspension", "errors")} == {"sync_health"}
    assert stated_by["storage"] == "salesforce_limits"
    assert stated_by["org_calls_used"] in ("salesforce_limits", "sforce_limit_info")
    assert entry["stated_at"] == dict.fromkeys(stated_by, NOW)


async def test_what_nobody_said_is_null(http: httpx.AsyncClient) -> None:
    """Before the first poll nothing is known, and nothing is 0."""
    entry = await integration(http)
    assert entry["api_calls"] == {"org_used": None, "org_limit": None, "used": None, "allocated": None}
    assert entry["hubspot_api_calls"] == {"used": None, "limit": None}
    assert (entry["suspension"], entry["errors"], entry["storage"], entry["sources"]) == (None, None, [], [])
    assert (entry["stated_by"], entry["stated_at"]) == ({}, {})


async def test_a_source_that_fails_says_how(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock
) -> None:
    """Kind and message of the failure, when it was tried, and when it last worked."""
    await poll_all(service)
    clock.advance(90)
    acme.faults.put(Fault("bridge", "server_error"))
    await poll_all(service)
    listed = sources(await integration(http))
    assert listed["salesforce_limits"]["up"] is True
    assert listed["salesforce_limits"]["failure"] is None
    health = listed["sync_health"]
    assert (health["up"], health["failure"]["kind"]) == (False, "server")
    assert "status 500" in health["failure"]["message"]
    assert (health["succeeded_at"], health["attempted_at"]) == (NOW, format_timestamp(clock.time()))


async def test_what_was_said_too_long_ago_is_not_said_any_more(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock
) -> None:
    """After three intervals without success a fact is unknown again, while the source still shows when it worked."""
    await poll_all(service)
    clock.advance(180)
    entry = await integration(http)
    assert entry["suspension"] is None
    assert "suspension" not in entry["stated_by"]
    assert sources(entry)["sync_health"]["succeeded_at"] == NOW


async def test_when_it_was_read_and_of_when_it_is_stand_side_by_side(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], start: Start, tmp_path: Path
) -> None:
    """Of a dropped file that nobody renews, and of the cause it speaks of; most sources say what is true when read."""
    config_data["integrations"][1]["sync_health"] = {"directory": str(tmp_path)}
    page = {"as_of": "2027-01-09T08:00:00Z", "api_calls": {"used_24h": 1, "allocated": 9}}
    (tmp_path / "sync-health.json").write_text(json.dumps(page))
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        await poll_all(service)
        entry = await integration(http, "beta")
        text = (await http.get("/")).text
    listed = sources(entry)
    assert (listed["sync_health"]["succeeded_at"], listed["sync_health"]["as_of"]) == (NOW, "2027-01-09T08:00:00.000Z")
    assert (listed["salesforce_limits"]["succeeded_at"], listed["salesforce_limits"]["as_of"]) == (NOW, None)
    (cleared,) = [one["cleared_by"] for one in entry["conditions"] if one["reason"] == "hubspot_api_limit_exceeded"]
    assert (cleared["at"], cleared["as_of"]) == (NOW, "2027-01-09T08:00:00.000Z")
    assert "▲ Old: sync_health" in text


async def test_a_page_of_a_time_to_come_is_of_when_it_was_first_read(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    start: Start,
    tmp_path: Path,
    clock: ManualClock,
) -> None:
    """A clock that is ahead, and then nobody who renews the page: who says something later is believed."""
    config_data["integrations"][1]["sync_health"] = {"directory": str(tmp_path)}
    page = {"as_of": "2031-01-01T00:00:00Z", "suspension": {"suspended": True}, "first_read_at": 1.0}
    (tmp_path / "sync-health.json").write_text(json.dumps(page))
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        await poll_all(service)
        assert (await integration(http, "beta"))["stated_at"]["suspension"] == NOW
        clock.advance(60)
        service.snapshots.report("beta", Suspension(False, None, None), clock.time())
        clock.advance(60)
        await poll_all(service)
        entry = await integration(http, "beta")
        assert (entry["stated_by"]["suspension"], entry["suspension"]["suspended"]) == ("report", False)
        assert sources(entry)["sync_health"]["as_of"] == NOW


# --- health


async def test_healthy_from_the_start(http: httpx.AsyncClient) -> None:
    """The process answers: that is all this says."""
    answer = await http.get("/-/healthy")
    assert (answer.status_code, answer.text) == (200, "hubspot-salesforce-exporter is healthy.\n")


async def test_ready_when_everything_was_tried(service: Service, http: httpx.AsyncClient, acme: Org) -> None:
    """503 until every source was read once, or could not be: a failure is an answer too."""
    assert (await http.get("/-/ready")).status_code == 503
    acme.faults.put(Fault("bridge", "server_error"))
    *others, last = service.poller.targets
    for target in others:
        await service.poller.poll(target)
    assert (await http.get("/-/ready")).status_code == 503
    await service.poller.poll(last)
    assert (await http.get("/-/ready")).status_code == 200


async def test_ready_without_what_is_slow_by_nature(
    start: Start, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path
) -> None:
    """Searches, log files, exports: nobody waits for them."""
    entry = config_data["integrations"][0]
    (tmp_path / "token").write_text("a-token")
    entry["hubspot"] = {"url": "http://127.0.0.1:1", "token_file": "token"}
    exported = {"name": "exported", "sync_health": {"directory": "."}}
    async with start(load_config(write_config(config_data | {"integrations": [entry, exported]}))) as service:
        slow = {target.key for target in service.poller.targets if target.slow}
        assert {("acme", "hubspot_unsynced"), ("acme", "hubspot_account"), ("exported", "sync_health")} <= slow
        for target in service.poller.targets:
            if not target.slow:
                assert not service.poller.ready()
                await service.poller.poll(target)
        assert service.poller.ready()
        assert not service.poller.tried()


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1", "/api/v2/integrations", "/-/", "/metrics.json"])
async def test_nothing_is_elsewhere(http: httpx.AsyncClient, path: str) -> None:
    """404."""
    assert (await http.get(path)).status_code == 404


async def test_no_answer_holds_a_secret(service: Service, http: httpx.AsyncClient, acme: Org, post: Post) -> None:
    """Neither after success nor after failure of any kind, on any page."""
    texts: list[str] = []
    for fault in (None, "unauthorized", "server_error", "cut_json", "wrong_types"):
        for api in ("salesforce", "bridge"):
            acme.faults.clear()
            if fault:
                acme.sessions.expire_all()
                acme.faults.put(Fault(api, fault))
            await poll_all(service)
            for path in ("/metrics", "/api/v1/integrations", "/api/v1/resyncs", "/-/ready", "/-/healthy", "/nowhere"):
                texts.append((await http.get(path)).text)
    texts.append((await post(notification(alert()))).text)
    texts.append((await http.post(WEBHOOK, headers={"Authorization": "Bearer wrong"})).text)
    everything = "\n".join(texts)
    settings = Settings()
    for secret in (settings.client_secret, settings.bridge_token, WEBHOOK_TOKEN, acme.sessions.issue()):
        assert secret not in everything
    assert "Bearer wrong" not in everything
