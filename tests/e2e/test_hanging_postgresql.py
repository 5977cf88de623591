"""A PostgreSQL that hangs rather than fails: frozen, beyond a cut network, waiting for somebody's lock."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
import structlog

from exporter.config.file import load_config
from exporter.errors import StoreError
from exporter.store.database import Database, open_database
from exporter.store.health import NoAnswer
from exporter.store.postgresql import begun, engine_of
from exporter.store.tables import jobs, polls
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.e2e.line import line_to
from tests.e2e.postgresql import Server
from tests.remediation.payloads import alert, notification
from tests.store.shelf import usable

pytestmark = pytest.mark.faults

AT_MOST = 10.0
"""Seconds that Alertmanager waits for an answer."""
COUNT = sa.select(sa.func.count()).select_from(polls)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


async def counted(database: Database) -> int:
    return int(await database.run(lambda connection: connection.execute(COUNT).scalar_one()))


async def refused(database: Database) -> str:
    """What is said to somebody who wants to use the store."""
    with pytest.raises(StoreError) as caught:
        await counted(database)
    return str(caught.value)


async def test_a_frozen_server_is_waited_for_once(database: Database, server: Server) -> None:
    """Many wait for it, none longer than Alertmanager would; who comes after them is told at once. Once it is back,
    everything goes on."""
    assert await counted(database) == 0
    with server.frozen():
        with at_most(AT_MOST):
            said = await asyncio.gather(*(refused(database) for _ in range(50)))
        assert set(said) <= {
            "store: no answer within 3 s",
            "store: no answer within 4 s",
            "store: no answer within 8 s",
        }
        with at_most(0.5):
            assert (await refused(database)).startswith("store: no answer within")
            assert (await database.problem() or "").startswith("store: no answer within")
    await usable(database)
    assert await counted(database) == 0


async def test_a_start_with_a_frozen_server(url: str, server: Server) -> None:
    """It ends in time, with one sentence."""
    with server.frozen(), at_most(AT_MOST), pytest.raises(StoreError) as caught:
        await open_database(url)
    assert str(caught.value) == f"store: no answer within 3 s ({url})"


async def test_a_network_that_is_cut(url: str) -> None:
    """Nothing arrives, no connection is refused or reset: as with a frozen server."""
    port = urlsplit(url).port
    assert port
    async with line_to(port) as (line, near):
        database = await open_database(url.replace(f":{port}/", f":{near}/"))
        assert await counted(database) == 0
        line.cut()
        with at_most(AT_MOST):
            await refused(database)
        line.mend()
        await usable(database)
        assert await counted(database) == 0
        await database.close()


async def test_somebody_holds_a_lock(database: Database, url: str) -> None:
    """What needs the locked table is given up, at the server too, so that nobody is left there waiting; the rest goes
    on, and that as well once the lock is gone."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with await psycopg.AsyncConnection.connect(url) as somebody:
        await somebody.execute("LOCK TABLE polls IN ACCESS EXCLUSIVE MODE")
        with at_most(AT_MOST):
            assert await refused(database) == "store: no answer within 4 s"
        assert await (await somebody.execute(waiting)).fetchone() == (0,)
        await usable(database)
        async with database.transaction() as connection:
            await connection.execute(sa.select(jobs))
    assert await counted(database) == 0


async def test_a_transaction_has_an_end_too(url: str) -> None:
    """However quickly each of its statements is answered: afterwards nothing of it is there."""
    engine = engine_of(sa.make_url(url), None)

    async def much() -> None:
        async with begun(engine, 1) as connection:
            await connection.execute(sa.text("CREATE TABLE half (number int)"))
            for _ in range(20):
                await connection.execute(sa.text("SELECT pg_sleep(0.1)"))

    with pytest.raises(sa.exc.OperationalError, match="not finished within 1 s") as caught, at_most(2):
        await much()
    assert isinstance(caught.value.orig, NoAnswer)
    async with begun(engine, 1) as connection:
        assert (await connection.execute(sa.text("SELECT to_regclass('half')"))).scalar_one() is None
    await engine.dispose()


async def test_what_somebody_who_is_frozen_has_locked(url: str) -> None:
    """A replica stands still in the middle of a transaction: the server ends that, so the others wait for it no longer
    than for any other."""
    engine = engine_of(sa.make_url(url), None)

    async def stand_still() -> None:
        async with begun(engine, 1) as connection:
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(5)"))
            time.sleep(1.5)  # noqa: ASYNC251  nothing of this process runs meanwhile
            await connection.execute(sa.text("SELECT 1"))

    with pytest.raises(sa.exc.DBAPIError, match=r"idle-in-transaction timeout|not finished within 1 s"):
        await stand_still()
    async with begun(engine, 1) as connection:
        await connection.execute(sa.text("SELECT pg_advisory_xact_lock(5)"))
    await engine.dispose()


async def test_an_answer_that_came_while_we_were_frozen_ourselves(url: str) -> None:
    """Counts: it is in time, only we are late."""
    engine = engine_of(sa.make_url(url), None)
    async with begun(engine, 2) as connection:
        asking = asyncio.create_task(connection.execute(sa.text("SELECT 5, pg_sleep(0.2)")))
        await asyncio.sleep(0.05)
        time.sleep(1.2)  # noqa: ASYNC251  nothing of this process runs meanwhile
        assert (await asking).scalar_one() == 5
    await engine.dispose()


async def test_who_is_stopped_does_not_wait_for_a_frozen_server(url: str, server: Server) -> None:
    """The end of the program is not put off by it for longer than the grace that it has."""
    database = await open_database(url)
    with server.frozen():
        asking = asyncio.create_task(counted(database))
        await asyncio.sleep(0.1)
        with at_most(AT_MOST):
            asking.cancel()
            await asyncio.wait({asking})
            await database.close()
    assert asking.cancelled()


async def test_a_service_that_goes_on(
    start: Start,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    url: str,
    server: Server,
) -> None:
    """Everything is polled and shown while the server is frozen, and not slower each time; Alertmanager is told in time
    to send it again, who asks whether it is ready that it is not."""
    config = load_config(write_config(config_data | {"store": url}))
    async with start(config) as service, client_of(service) as http:
        for target in service.poller.targets:
            await service.poller.poll(target)
        assert (await http.get("/-/ready")).status_code == 200
        headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        body = notification(alert())
        with server.frozen():
            with at_most(AT_MOST):
                assert (await http.post("/alertmanager/webhook", json=body, headers=headers)).status_code == 503
            with at_most(2):
                for target in service.poller.targets:
                    await service.poller.poll(target)
                assert all(reading.up for reading in service.snapshots["acme"].readings)
                answer = await http.get("/-/ready")
            assert answer.status_code == 503
            assert re.fullmatch(r"The store cannot be used: no answer within \d s\.\n", answer.text)
        async with asyncio.timeout(AT_MOST):
            while (await http.get("/-/ready")).status_code != 200:  # noqa: ASYNC110  it finds out in its own time
                await asyncio.sleep(0.05)
        assert (await http.post("/alertmanager/webhook", json=body, headers=headers)).status_code == 202
