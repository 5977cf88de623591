"""The store behind a real PgBouncer in transaction pooling, and with a password."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.demo.simulator.org import Org
from exporter.errors import StoreError
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from exporter.store.paces import DurationStore
from tests.clocks import ManualClock
from tests.conftest import Start, client_of
from tests.e2e.pgbouncer import pooled
from tests.e2e.postgresql import Server, running_server, time_passes
from tests.e2e.replica import NOW
from tests.pages import look
from tests.remediation.bench import open_bench
from tests.remediation.payloads import alert
from tests.store.shelf import usable

ROUNDS = 12
"""psycopg prepares a statement at its fifth use in a connection; each replica comes to that several times."""

DEADLINE = 30.0

PASSWORD = "hunter2/@:?#%"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """An empty database, by way of the pooler."""
    with pooled(server.new_database()) as through:
        yield through.replace("postgresql://", "postgres://")


async def test_replicas_behind_a_pooler_meet_no_error(
    url: str,
    start: Start,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    clock: ManualClock,
    acme: Org,
) -> None:
    """Two replicas that start together poll round after round: whichever of the server's connections they are given,
    everything is read, and nothing is complained of."""
    config = load_config(write_config(config_data | {"store": url}))
    with structlog.testing.capture_logs() as lines:
        async with start(config) as one, start(config) as other:
            for _round in range(ROUNDS):
                both = [service.poller.poll(target) for service in (one, other) for target in service.poller.targets]
                assert sum(await asyncio.gather(*both)) == len(one.poller.targets)
                clock.advance(60)
            async with client_of(one) as http, client_of(other) as http2:
                for page in (await look(http), await look(http2)):
                    assert not [name for name, _ in page.samples if name.endswith("source_errors_total")]
    assert [line for line in lines if line["log_level"] in {"error", "warning"}] == []
    assert acme.requests["bridge.sync_health"] == ROUNDS


async def test_a_resync_behind_a_pooler(
    url: str,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    clock: ManualClock,
    transport: httpx.ASGITransport,
    acme: Org,
) -> None:
    """Jobs are claimed, leased and finished by two workers at once, every record once."""
    acme.add_errors("permissions", "salesforce_field_permissions", 950)
    config = load_config(write_config(config_data | {"store": url}))
    async with open_bench(config, clock, transport) as one, open_bench(config, clock, transport) as other:
        await one.poll()
        await one.notify(alert())
        assert sum(await asyncio.gather(one.work(), other.work())) >= 1
        time_passes(url, one.verify_after)
        await asyncio.gather(one.later(one.verify_after), other.poll())
        assert sum(await asyncio.gather(one.work(), other.work())) >= 1
        (job,) = await other.listed()
    assert (job["state"], job["message"], job["records"]["succeeded"]) == ("done", "", 950)
    assert set(acme.resyncs.records.values()) == {1}


async def test_many_clients_of_one_pooler_share_the_budget(url: str, clock: ManualClock) -> None:
    """Locks hold for a transaction, which is as long as a pooler leaves a connection to one client."""
    databases = [await open_database(url.replace("postgres://", "postgresql://")) for _ in range(4)]
    try:
        stores = [CallStore(database) for database in databases]
        spent = await asyncio.gather(*(stores[number % 4].spend("acme", 40, clock.time()) for number in range(100)))
        assert sorted(spent)[-41:] == list(range(41))
    finally:
        for database in databases:
            await database.close()


async def test_many_clients_of_one_pooler_keep_one_pace(url: str) -> None:
    """Each stretch of it is taken once."""
    databases = [await open_database(url.replace("postgres://", "postgresql://")) for _ in range(4)]
    try:
        paces = [DurationStore(database) for database in databases]
        taken = await asyncio.gather(*(paces[number % 4].reserve("app", 1.0, 0.0) for number in range(40)))
        assert sorted(taken) == pytest.approx(range(40), abs=5.0)
        assert await paces[0].reserve("app", 1.0, 0.0) == pytest.approx(40.0, abs=5.0)
    finally:
        for database in databases:
            await database.close()


async def test_the_password_stands_in_a_file(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read at every new connection, so a rotated one works; wrong or gone, it is said without being shown."""
    caplog.set_level(logging.DEBUG)
    url = server.new_locked_database("exporter_a", PASSWORD)
    file = tmp_path / "password"
    file.write_bytes(b"\xef\xbb\xbf" + PASSWORD.encode() + b"\r\n")
    said = []
    await (await open_database(url, Secret(file=file))).close()
    server.set_password("exporter_a", "another")
    for content in (PASSWORD, ""):
        file.write_text(content)
        with pytest.raises(StoreError, match=r"^store: OperationalError: ") as refused:
            await open_database(url, Secret(file=file))
        said.append(str(refused.value))
    file.unlink()
    with pytest.raises(StoreError, match=r"^store: cannot read the password \(No such file or directory\)"):
        await open_database(url, Secret(file=file))
    monkeypatch.setenv("STORE_PASSWORD", "another")
    await (await open_database(url, Secret(env="STORE_PASSWORD"))).close()
    assert PASSWORD not in caplog.text + "".join(said)


async def test_a_password_that_is_changed_while_it_runs(server: Server, tmp_path: Path) -> None:
    """Open connections go on; new ones fail, and the store says why, until the file has the new one too."""
    url = server.new_locked_database("exporter_c", PASSWORD)
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    database = await open_database(url, Secret(file=file))
    server.set_password("exporter_c", "another")
    assert await database.problem() is None
    server.disconnect("exporter_c")
    with pytest.raises(StoreError, match="password authentication failed"):
        await CallStore(database).spent("acme", 0.0)
    assert "password authentication failed" in (await database.problem() or "")
    file.write_text("another")
    assert await CallStore(database).spent("acme", 0.0) == 0
    await usable(database)
    await database.close()


async def test_the_password_of_the_configuration_counts(
    server: Server,
    start: Start,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    tmp_path: Path,
) -> None:
    """``store_password_file`` beside a ``postgres://`` URL: the service runs, and what it is made of hides it."""
    url = server.new_locked_database("exporter_b", PASSWORD).replace("postgresql://", "postgres://")
    (tmp_path / "password").write_text(PASSWORD + "\n")
    config = load_config(write_config(config_data | {"store": url, "store_password_file": "password"}))
    async with start(config) as service:
        assert sum([await service.poller.poll(target) for target in service.poller.targets]) > 0
    assert PASSWORD not in repr(config)


async def test_a_replica_that_stands_still_leaves_the_poolers_connections_to_the_others(url: str) -> None:
    """Though all of its own had something queued for them: the server ends one transaction after the other."""
    url = url.replace("postgres://", "postgresql://")
    database = await open_database(url)
    store = CallStore(database)
    command = (sys.executable, "-m", "tests.e2e.replica", "spend", url, "1000000", "20000")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(2 * DEADLINE):
            while not await _sees(store.spent("acme", NOW)):  # noqa: ASYNC110  it is seen, not signalled
                await asyncio.sleep(0.2)
        process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(2 * DEADLINE):
            while not await _sees(store.spend("beta", 1, NOW)):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
    finally:
        process.kill()
        await process.wait()
        await database.close()


async def _sees(answer: Awaitable[int]) -> bool:
    try:
        return bool(await answer)
    except StoreError:
        return False
