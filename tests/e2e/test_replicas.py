"""What several replicas share on a real PostgreSQL, beside jobs and polls: what was reported, what may be sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from exporter.clients.hubspot.call_pace import CALLS, INTERVAL
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.polling.reports import REPORT_LOOK
from exporter.remediation.queues import QUEUE_LOOK
from exporter.service import Service
from exporter.store.database import Database, open_database
from exporter.store.paces import DurationStore
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.e2e.postgresql import Server
from tests.pages import look
from tests.remediation.payloads import notification, sync_errors

pytestmark = pytest.mark.faults

DEADLINE = 30.0
TOKEN = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], url: str) -> Config:
    return load_config(write_config(config_data | {"store": url}))


@contextlib.asynccontextmanager
async def at_work(*services: Service) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(service.run()) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await seen():  # noqa: ASYNC110  what is waited for is seen, not signalled
            await asyncio.sleep(0.02)


# --- reports of suspensions


async def report(http: httpx.AsyncClient, **body: Any) -> None:
    answer = await http.post("/api/v1/suspensions", json={"integration": "acme", **body}, headers=TOKEN)
    assert answer.status_code == 202


async def test_a_report_is_seen_by_every_replica(
    start: Start,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    clock: ManualClock,
    url: str,
) -> None:
    """Two seconds later, by page and gate: of a suspension, of its end, of another; whoever was told."""
    # Else the bridge's newer statement would win.
    config_data["integrations"][0]["intervals"] = {"sync_health": "off"}
    config = load_config(write_config(config_data | {"store": url}))
    async with (
        start(config) as one,
        start(config) as other,
        client_of(one) as http,
        client_of(other) as http2,
        at_work(one, other),
    ):
        for told, asked, value, body in (
            (http, http2, 1, {"suspended": True, "reason": "unknown_error"}),
            (http, http2, 0, {"suspended": False}),
            (http2, http, 1, {"suspended": True, "reason": "salesforce_org_locked"}),
        ):
            await report(told, **body)
            clock.advance(REPORT_LOOK)
            await until(partial(_shows, asked, value))
        alert = notification(sync_errors("other"))
        assert (await http.post("/alertmanager/webhook", json=alert, headers=TOKEN)).status_code == 200
        refused = (await http.get("/api/v1/resyncs")).json()["refusals"]
        assert [refusal["reason"] for refusal in refused] == ["suspended"]


async def _shows(http: httpx.AsyncClient, suspended: int) -> bool:
    return (await look(http)).value("suspended", integration="acme") == suspended


async def test_a_store_that_is_away_is_said_once(
    start: Start, config: Config, clock: ManualClock, server: Server
) -> None:
    """However often it is looked at meanwhile; what was reported before it went is seen when it is back."""
    async with start(config) as one, start(config) as other, client_of(one) as http, client_of(other) as http2:
        watching = asyncio.create_task(other._reports.watch())
        with structlog.testing.capture_logs() as lines:
            await report(http, suspended=True)
            server.stop()
            try:
                for _ in range(5):
                    await asyncio.sleep(0.05)
                    clock.advance(REPORT_LOOK)
                await until(lambda: _logged(lines, "reports of suspensions not seen"))
            finally:
                server.start()

            async def seen() -> bool:
                clock.advance(REPORT_LOOK)
                return await _shows(http2, 1)

            await until(seen)
        watching.cancel()
    told = [line["event"] for line in lines if "reports" in line["event"]]
    assert told == ["reports of suspensions not seen", "reports of suspensions seen again"]


async def _logged(lines: list[Any], event: str) -> bool:
    return any(line["event"] == event for line in lines)


async def test_a_report_of_an_integration_that_another_replica_does_not_have(
    start: Start, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], url: str
) -> None:
    """In the middle of an update of the configuration: it shows nothing of it, and goes on."""
    config = load_config(write_config(config_data | {"store": url}))
    config_data["integrations"].pop(0)
    smaller = load_config(write_config(config_data | {"store": url}))
    async with start(config) as one, start(smaller) as other, client_of(one) as http, client_of(other) as http2:
        await report(http, suspended=True)
        await report(http, integration="beta", suspended=True)
        await other._reports.look()
        page = await look(http2)
        assert not page.series(integration="acme")
        assert page.value("suspended", integration="beta") == 1


# --- queues


async def test_a_queue_is_seen_by_every_replica(start: Start, config: Config, clock: ManualClock) -> None:
    """Also by one that took no webhook of it, half a minute later at most."""
    async with start(config) as one, start(config) as other, client_of(one) as http, client_of(other) as http2:
        answer = await http.post("/alertmanager/webhook", json=notification(sync_errors("other")), headers=TOKEN)
        assert answer.status_code == 202
        watching = asyncio.create_task(other._crew.queues.watch())

        await asyncio.sleep(0)
        clock.advance(QUEUE_LOOK)

        async def seen() -> bool:
            return (await look(http2)).value("resync_jobs", integration="acme", state="queued") == 1

        await until(seen)
        oldest = (await look(http2)).value("resync_oldest_queued_timestamp_seconds", integration="acme")
        assert oldest == clock.time() - QUEUE_LOOK
        watching.cancel()


# --- paces and budget


async def run_replicas(count: int, *arguments: str) -> list[Any]:
    """What so many replicas print that are at it at the same time."""
    command = (sys.executable, "-m", "tests.e2e.replica", *arguments)
    processes = [await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(count)]
    async with asyncio.timeout(DEADLINE):
        said = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * count
    return [json.loads(out) for out, _ in said]


async def test_replicas_keep_one_pace_of_an_account(url: str) -> None:
    """Two processes with more to send than is allowed: together nine tenths of it, and never more than all."""
    await (await open_database(url)).close()
    one, other = await run_replicas(2, "turns", url, "4")
    both = [at for at in sorted([*one, *other]) if max(one[0], other[0]) <= at <= min(one[-1], other[-1])]
    rate = (len(both) - 1) / (both[-1] - both[0])
    assert 0.9 * CALLS / INTERVAL <= rate <= CALLS / INTERVAL
    most = max(index + 1 - bisect_left(both, at - 2.0) for index, at in enumerate(both))
    assert most <= 2.0 * CALLS / INTERVAL + 2
    assert min(len(one), len(other)) > 0.3 * len(both)


async def test_a_pace_is_kept_by_the_servers_clock(database: Database) -> None:
    """Stretches follow each other, a hold moves the next, and one far ahead is not believed."""
    paces = DurationStore(database)
    assert await paces.reserve("a", 1.0, 0.0) == 0.0
    assert await paces.reserve("a", 1.0, 0.0) == pytest.approx(1.0, abs=0.5)
    assert await paces.reserve("a", 0.0, 5.0) == pytest.approx(5.0, abs=0.5)
    assert await paces.reserve("a", 1000.0, 0.0) == pytest.approx(5.0, abs=0.5)
    assert await paces.reserve("a", 1.0, 0.0) == pytest.approx(60.0, abs=0.5)
    assert await paces.reserve("b", 1.0, 0.0) == 0.0
    await paces.forget_old()
    assert await paces.reserve("b", 1.0, 0.0) == pytest.approx(1.0, abs=0.5)


async def test_processes_share_the_budget(url: str) -> None:
    """Two that spend at the same time spend the cap to the last call, and not one more."""
    await (await open_database(url)).close()
    spent = await run_replicas(2, "spend", url, "150", "120")
    assert sum(spent) == 150
    assert min(spent) > 0
