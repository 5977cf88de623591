"""Of several replicas on a real PostgreSQL one polls a source at a time, whatever happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
import yaml

from exporter.clients.connection import Connection
from exporter.clock import SystemClock
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.processes import Program, end, free_port, running
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.model import OrgLimits, OrgUsage, Part
from exporter.polling.budget import Budget
from exporter.polling.poller import Poller
from exporter.polling.target import Target
from exporter.self_metrics import SelfMetrics
from exporter.service import Service
from exporter.sources import Source
from exporter.state.snapshots import Snapshots
from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from exporter.store.polls import PollStore
from tests.clocks import ManualClock
from tests.conftest import Start
from tests.e2e.postgresql import Server
from tests.e2e.test_replicas import until

pytestmark = pytest.mark.faults

POLL_SECONDS = 4.0
"""A poll of six searches takes a third of it."""

SEARCHES = 6


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], url: str) -> Config:
    return load_config(write_config(config_data | {"store": url}))


async def test_a_poll_under_way_keeps_the_next_from_beginning(database: Database) -> None:
    """However soon it is due, and though its round is known, until it has ended, was let go, or its time is up."""
    store = PollStore(database)
    assert await store.begin("acme", "sync_health", 0, 5.0, 30.0)
    assert not await store.begin("acme", "sync_health", 1, 5.0, 30.0)
    row = await store.one("acme", "sync_health")
    assert row is not None
    assert row.lease_left == pytest.approx(30.0, abs=5.0)
    assert await store.finish(row)
    row = await store.one("acme", "sync_health")
    assert row is not None
    assert row.lease_left is None
    assert await store.begin("acme", "sync_health", 1, 5.0, 0.0)
    row = await store.one("acme", "sync_health")
    assert row is not None
    assert row.lease_left is not None
    assert row.lease_left <= 0
    assert await store.begin("acme", "sync_health", 2, 5.0, 30.0)
    assert not await store.finish(row)
    await store.let_go("acme", "sync_health", 3, 7.0)
    assert await store.begin("acme", "sync_health", 3, 5.0, 30.0)


class Slow:
    """A source that takes longer than its interval; notes how many are at it at once."""

    def __init__(self) -> None:
        self.polls = self.at_once = self.most_at_once = 0
        self.source = Source("sync_health", lambda _integration: True, self._fetch, self._parse)

    async def _fetch(self, _connection: Connection, _previous: Any) -> int:
        self.polls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.4)
        finally:
            self.at_once -= 1
        return self.polls

    @staticmethod
    def _parse(payload: int, read_at: float) -> Part:
        return OrgLimits(OrgUsage(payload, 100, read_at), ())


async def test_a_source_slower_than_its_interval_is_polled_by_one(config: Config) -> None:
    """Three replicas whose polls take four intervals: never two at once, and each shows what the others have read."""
    slow, clock = Slow(), SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        service = Service(config, await _opened(stack, config.store), lambda _network: http, ManualClock())
        target = Target("acme", slow.source, 0.1, service.poller.targets[0].connection)
        pollers, shown = [], []
        for _ in range(3):
            replica = await _opened(stack, config.store)
            snapshots, budget = Snapshots(config.integrations), Budget(CallStore(replica), clock)
            pollers.append(Poller([target], PollStore(replica), snapshots, budget, SelfMetrics(), clock, 5.0))
            await pollers[-1].restore()
            shown.append(snapshots)
        tasks = [asyncio.create_task(poller.run()) for poller in pollers]

        async def seen() -> bool:
            readings = [snapshots["acme"].reading("sync_health") for snapshots in shown]
            return slow.polls >= 6 and all(reading and reading.succeeded_at for reading in readings)

        await until(seen)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert slow.most_at_once == 1


async def _opened(stack: contextlib.AsyncExitStack, url: str) -> Database:
    database = await open_database(url)
    stack.push_async_callback(database.close)
    return database


async def test_a_replica_without_the_store_leaves_polling_to_the_others_for_a_while(
    start: Start, config: Config, clock: ManualClock, server: Server, acme: Org
) -> None:
    """It may be the only one that cannot reach it: it polls by itself an interval later, and half as often."""
    async with start(config) as service:
        target = next(one for one in service.poller.targets if one.key == ("acme", "sync_health"))
        assert await service.poller.poll(target)
        server.stop()
        try:
            clock.advance(service.poller.due_at(target) - clock.time())
            assert not await service.poller.poll(target)
            clock.advance(target.interval)
            assert await service.poller.poll(target)
            clock.advance(service.poller.due_at(target) - clock.time())
            assert not await service.poller.poll(target)
        finally:
            server.start()
        assert acme.requests["bridge.sync_health"] == 2
        assert await service.poller.poll(target)


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[str]:
    address = f"http://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    command = (sys.executable, "-m", "exporter.demo.simulator", f"--port={port}", "--sync-interval=0")
    async with running(Program("simulator", command, f"{address}/control/acme"), tmp_path / "simulator.log"):
        yield address


@contextlib.asynccontextmanager
async def polling(config: Path, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A replica as a process of its own."""
    command = (sys.executable, "-m", "tests.e2e.replica", str(config), str(POLL_SECONDS))
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stderr=output, env=None)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        await end(process, 5.0)


@pytest.mark.parametrize("blow", [signal.SIGSTOP, signal.SIGKILL], ids=lambda blow: blow.name)
async def test_a_poll_is_taken_over(tmp_path: Path, url: str, simulator: str, blow: signal.Signals) -> None:
    """A replica stands still, or dies, in the middle of a poll: another one polls as soon as the time of that poll is
    up. The one that wakes later sends nothing more of it."""
    config = tmp_path / "exporter.yml"
    (tmp_path / "token").write_text(Settings().hubspot_token)
    # Unsynced records are looked for by searches, too, and at a random time of the first half minute.
    hubspot = {"url": f"{simulator}/acme/hubspot", "token_file": "token", "unsynced": {"objects": []}}
    entry = {"name": "acme", "hubspot": hubspot, "intervals": {"hubspot_heartbeat": "20s"}}
    config.write_text(yaml.safe_dump({"store": url, "integrations": [entry]}))
    async with httpx.AsyncClient(trust_env=False) as http:

        async def searches() -> int:
            org = (await http.get(f"{simulator}/control/acme")).json()
            return int(org["requests"].get("hubspot.search", 0))

        async def in_the_middle() -> bool:
            return await searches() >= 2

        async with polling(config, tmp_path / "one.log") as one:
            await until(in_the_middle)
            one.send_signal(blow)
            struck_at = time.monotonic()
            sent = await _settled(searches)
            assert sent < SEARCHES
            async with polling(config, tmp_path / "other.log"):

                async def taken_over() -> bool:
                    return await searches() == sent + SEARCHES

                await until(taken_over)
                assert time.monotonic() - struck_at > POLL_SECONDS - 2
                if blow == signal.SIGSTOP:
                    one.send_signal(signal.SIGCONT)
                    await until(lambda: _says(tmp_path / "one.log", "poll dropped"))
                assert await _settled(searches) == sent + SEARCHES
    assert "error" not in (tmp_path / "other.log").read_text()


async def _settled(count: Callable[[], Awaitable[int]]) -> int:
    """The count once it no longer moves."""
    seen = await count()
    while True:
        await asyncio.sleep(0.5)
        if seen == (seen := await count()):
            return seen


async def _says(log: Path, text: str) -> bool:
    return text in log.read_text()


async def test_a_transaction_whose_process_stands_still_is_ended_by_the_server(database: Database, url: str) -> None:
    """So that others do not wait for its locks; a statement alone holds none."""
    async with database.transaction() as connection:
        answer = await connection.execute(sa.text("SHOW idle_in_transaction_session_timeout"))
        assert answer.scalar_one() == "3s"
    with psycopg.connect(url) as other:
        await PollStore(database).begin("acme", "sync_health", 0, 5.0, 30.0)
        assert other.execute("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'").fetchone() == (0,)
