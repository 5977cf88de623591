"""The store on a real PostgreSQL, shared by several exporters."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
import structlog

from exporter.clients.bridge import BridgeClient
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import BudgetExceeded, StoreError
from exporter.model import OrgUsage
from exporter.polling.budget import Budget
from exporter.polling.poller import Poller
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.lease import LEASE
from exporter.store.batches import FAILED, SUCCEEDED
from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from exporter.store.durations import DurationStore
from exporter.store.history import JobFilter
from exporter.store.job import NEEDS_APPROVAL, Job, Reach, Way
from exporter.store.jobs import JobStore
from exporter.store.orders import OrderStore
from exporter.store.polls import PollRow, PollStore
from exporter.store.proofs import ProofStore
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.e2e.postgresql import Server, time_passes
from tests.pages import look
from tests.remediation.bench import open_bench
from tests.remediation.payloads import alert, notification
from tests.store.shelf import Shelf, a_job_with, new_job, recorded
from tests.store.version_0001 import AGAIN, EXPECTED, fill, rows_of

REPLICAS = 3


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], url: str) -> Config:
    return load_config(write_config(config_data | {"store": url}))


@pytest.fixture
async def databases(url: str) -> AsyncIterator[Sequence[Database]]:
    """The same database, opened by several replicas at the same moment."""
    async with AsyncExitStack() as stack:
        replicas = await asyncio.gather(*(open_database(url) for _ in range(REPLICAS)))
        for database in replicas:
            stack.push_async_callback(database.close)
        yield replicas


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keeps the log to itself: printing what goes wrong here on purpose takes longer than everything else."""
    with structlog.testing.capture_logs():
        yield


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await open_database(url)
    try:
        yield database
    finally:
        await database.close()


async def poll_all(poller: Poller) -> int:
    """How many of the targets this poller was the one to poll."""
    return sum([await poller.poll(target) for target in poller.targets])


# --- tables


async def test_processes_that_start_together_migrate_one_after_the_other(url: str) -> None:
    """Each opens an empty database and finds it migrated; the migrations ran once."""
    script = "import asyncio, sys; from exporter.store.database import open_database as o; asyncio.run(o(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", script, url, stderr=asyncio.subprocess.PIPE)
        for _ in range(5)
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    with psycopg.connect(url) as connection:
        assert len(connection.execute("SELECT version_num FROM alembic_version").fetchall()) == 1
        tables = {name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert tables >= {"polls", "jobs", "job_records", "refusals", "api_calls", "suspension_reports"}


# --- polls


async def test_a_round_is_claimed_once(databases: Sequence[Database]) -> None:
    """However many try at the same moment, the first round and the later ones."""
    for seen in range(5):
        claims = [
            PollStore(database).begin("acme", "sync_health", seen, 5.0, 0.0) for database in (*databases, *databases)
        ]
        assert sum(await asyncio.gather(*claims)) == 1


async def test_services_on_one_store_poll_each_target_once(start: Start, config: Config, world: World) -> None:
    """Every round of every source is polled by one of two, and the other shows the same in the end."""
    async with start(config) as one, start(config) as other:
        for round_ in range(1, 6):
            polled = await asyncio.gather(poll_all(one.poller), poll_all(other.poller))
            assert sum(polled) == len(one.poller.targets)
            for org in world.orgs.values():
                assert org.requests["bridge.sync_health"] == org.requests["salesforce.limits"] == round_
        async with client_of(one) as http, client_of(other) as http2:
            # What the other won of the last round is seen by the first poll; the second is the newest of every target.
            await poll_all(one.poller)
            assert await poll_all(one.poller) == len(one.poller.targets)
            assert await poll_all(other.poller) == 0
            used = (await look(http)).value("org_api_calls_used", integration="acme")
            assert used is not None
            assert (await look(http2)).value("org_api_calls_used", integration="acme") == used


# --- budget


async def test_replicas_share_the_budget(databases: Sequence[Database], clock: ManualClock) -> None:
    """A hundred calls at the same moment from three replicas: the cap is spent to the last call and not exceeded."""
    budgets = [Budget(CallStore(database), clock) for database in databases]
    for budget in budgets:
        budget.caps = {"acme": 40, "beta": 10}

    async def spent(number: int, integration: str) -> bool:
        try:
            await budgets[number % REPLICAS].spend(integration)
        except BudgetExceeded:
            return False
        return True

    acme, beta = await asyncio.gather(
        asyncio.gather(*(spent(number, "acme") for number in range(100))),
        asyncio.gather(*(spent(number, "beta") for number in range(20))),
    )
    assert (sum(acme), sum(beta)) == (40, 10)
    assert await CallStore(databases[0]).spent("acme", clock.time()) == 40
    clock.advance(25 * 3600)
    assert await spent(0, "acme")
    assert await CallStore(databases[1]).spent("acme", clock.time()) == 1


# --- jobs


async def test_a_job_is_accepted_once(databases: Sequence[Database]) -> None:
    """Both halves of an Alertmanager pair notify, each another replica: the counts add up to one job an occurrence."""
    jobs = [new_job("a"), new_job("b"), new_job("a")]
    made = await asyncio.gather(*(JobStore(database).accept(jobs, (), 100.0) for database in databases))
    assert sorted(map(len, made)) == [0, 0, 2]
    assert await JobStore(databases[0]).accept(jobs, (), 100.0) == ()
    assert await JobStore(databases[0]).known([jobs[0].cue], 100.0)


async def test_a_repeat_is_taken_once(databases: Sequence[Database]) -> None:
    """Every replica is told of it several times at the same moment: each repeat has one job."""
    stores = [JobStore(database) for database in databases]
    job = replace(new_job("a", status="firing"), repeat_after=300.0)
    for now in (100.0, 400.0, 700.0, 1000.0):
        made = await asyncio.gather(*(store.accept([job], (), now) for store in stores * 5))
        assert sum(map(len, made)) == 1
        claimed = await stores[1].claim(now, LEASE)
        assert claimed is not None
        assert not any(await asyncio.gather(*(store.accept([job], (), now + 300) for store in stores)))
        await stores[1].finish(claimed, "done", "", now + 1)


async def test_a_filled_store_of_the_version_before_is_brought_up_to_date(url: str) -> None:
    """As on SQLite (tests/store/test_migrations.py): the same rows, the same end."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        fill(connection)
    engine.dispose()
    async with opened(url) as database:
        assert await rows_of(database) == EXPECTED
        assert await JobStore(database).accept([AGAIN], (), 9e9) == ()
        assert len(await JobStore(database).accept([replace(AGAIN, repeat_after=300.0)], (), 9e9)) == 1


async def test_an_order_is_one_job_for_its_key(databases: Sequence[Database]) -> None:
    """Whichever replica it comes to, by whatever action it is to be done."""
    stores = [OrderStore(database) for database in databases]
    orders = [replace(new_job("key", status="requested"), action=action, request=action) for action in ("a", "b")]
    made = await asyncio.gather(*(store.order(order, 100.0) for order in orders * 5 for store in stores))
    assert [one.made for one in made].count(True) == 1
    assert len({(one.job, one.request) for one in made}) == 1


async def test_the_ledger_is_read_as_on_sqlite(databases: Sequence[Database]) -> None:
    """Counts, the most frequent reasons, filters, pages; and how long a request takes."""
    store = Shelf(databases[0])
    ids = [f"e{number:02}" for number in range(30)]
    job = await a_job_with(store, *ids)
    reasons = {each: (FAILED, f"reason {min(number, 7)}") for number, each in enumerate(ids[1:])}
    await recorded(store, job, {ids[0]: (SUCCEEDED, ""), **reasons}, 103.0)
    (row,) = (await store.jobs(JobFilter("acme", "running", "permissions"), 10)).rows
    assert (row["records"]["failed"], row["records"]["succeeded"], row["proof"]["waiting"]) == (29, 1, 1)
    assert row["failed_for"] == {"reason 7": 22, **{f"reason {number}": 1 for number in range(4)}}
    assert row["selected"] is False
    assert (await store.jobs(JobFilter(category="picklists"), 10)).rows == []
    first = await store.records(job.id, 20, outcome=FAILED)
    rest = await store.records(job.id, 20, first.next, FAILED)
    assert [record["error_id"] for record in (*first.rows, *rest.rows)] == ids[1:]
    assert await DurationStore(databases[1]).batch_seconds("acme", "bridge") == 0.0


async def test_a_job_is_claimed_once(databases: Sequence[Database]) -> None:
    """Many workers look at the same moment; one of them gets it."""
    stores = [JobStore(database) for database in databases]
    await stores[0].accept([new_job("a")], (), 100.0)
    claims = await asyncio.gather(*(store.claim(100.0, LEASE) for store in stores * 4))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_replica_takes_what_it_has_a_way_for(databases: Sequence[Database]) -> None:
    """And what nobody has taken for a day, for a week where a human has to approve it; likewise with looks."""
    knows, knows_not = JobStore(databases[0]), JobStore(databases[1])
    acme = frozenset({("acme", "bridge")})
    await knows.accept([new_job("a")], (), 100.0)
    for ways in (frozenset({("beta", "bridge"), ("acme", "touch")}), frozenset[Way]()):
        assert await knows_not.claim(200.0, LEASE, reach=Reach(ways, 100.0, 0.0)) is None
    waits = await knows.claim(200.0, LEASE, reach=Reach(acme, 0.0, 0.0))
    assert waits is not None
    await knows.postpone(waits, 200.0, 0.0, 0, "", NEEDS_APPROVAL)
    assert await knows_not.claim(200.0, LEASE, reach=Reach(frozenset(), 101.0, 100.0)) is None
    job = await knows_not.claim(200.0, LEASE, reach=Reach(frozenset(), 101.0, 101.0))
    assert job is not None
    await knows.finish(job, "done", "", 300.0, look_at=300.0)
    proofs = ProofStore(databases[1])
    assert await proofs.next_look(300.0, 120.0, ways=frozenset(), too_late=300.0) is None
    assert await proofs.next_look(300.0, 120.0, ways=acme, too_late=0.0) is not None
    late = await proofs.next_look(420.0, 120.0, ways=frozenset(), too_late=301.0)
    assert late is not None
    # Two that look at once: one of them writes.
    assert sorted(await asyncio.gather(*(ProofStore(each).prove(late, {}, 420.0, None) for each in databases))) == [
        *(False for _ in databases[1:]),
        True,
    ]


class Killed(BaseException):
    """As ``kill -9``: nobody sees to anything any more."""


class DyingResync(BridgeResync):
    """Sends one batch; then its process is dead."""

    def __init__(self, bridge: BridgeClient) -> None:
        super().__init__(bridge)
        self.sent = 0

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        if self.sent:
            raise Killed
        self.sent += 1
        return await super().resync(error_ids, job)


async def test_a_resync_survives_its_worker(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org
) -> None:
    """A worker dies between two batches: another one goes on once the lease has run out, not before; none twice."""
    acme.add_errors("permissions", "salesforce_field_permissions", 150)
    async with (
        open_bench(config, clock, transport, make_action=DyingResync) as one,
        open_bench(config, clock, transport) as other,
    ):
        await one.poll()
        await one.notify(alert())
        with pytest.raises(Killed):
            await one.work()
        await other.poll()
        time_passes(config.store, LEASE / 2)
        assert await other.work() == 0
        time_passes(config.store, LEASE / 2)
        assert await other.work() == 1
        (job,) = await other.listed()
    assert (job["state"], job["records"]["succeeded"]) == ("done", 150)
    assert len(acme.resyncs.records) == 150
    assert set(acme.resyncs.records.values()) == {1}


# --- restarts and outages


async def test_a_restart_of_both_sides_keeps_everything(
    start: Start, config: Config, server: Server, clock: ManualClock
) -> None:
    """Exporter and server end and start again: schedule, readings, ledger and jobs are what they were."""
    async with start(config) as service, client_of(service) as http:
        await poll_all(service.poller)
        answer = await _notify(http)
        assert answer.status_code == 202
        due = [service.poller.due_at(target) for target in service.poller.targets]
        page = await look(http)
    server.stop()
    server.start()
    async with start(config) as service, client_of(service) as http:
        assert [service.poller.due_at(target) for target in service.poller.targets] == due
        restored = await look(http)
        for name in ("org_api_calls_used", "integration_api_calls_used", "suspended"):
            assert restored.value(name, integration="acme") == page.value(name, integration="acme") is not None
        assert len((await http.get("/api/v1/resyncs")).json()["jobs"]) == 1
        assert (await _notify(http)).status_code == 200
    async with opened(config.store) as database:
        # /limits, and on which instance the org lives.
        assert await CallStore(database).spent("acme", clock.time()) == 2


async def test_a_server_that_goes_away_and_comes_back(
    start: Start, config: Config, server: Server, clock: ManualClock, acme: Org
) -> None:
    """Meanwhile everything but Salesforce is polled and shown, and Alertmanager is told to try again."""
    async with start(config) as service, client_of(service) as http:
        await poll_all(service.poller)
        server.stop()
        try:
            acme.suspend("missing_field_mappings", cause_holds=True)
            for _ in range(6):  # for a while it may be that another replica still reaches it
                clock.advance(50)
                await poll_all(service.poller)
            assert (await look(http)).value("suspended", integration="acme") == 1
            assert (await http.get("/-/healthy")).status_code == 200
            assert (await _notify(http)).status_code == 503
        finally:
            server.start()
        clock.advance(400)
        assert await poll_all(service.poller) == len(service.poller.targets)
        assert (await _notify(http)).status_code == 202
        assert all(reading.up for reading in service.snapshots["acme"].readings)
    async with opened(config.store) as database:
        assert {row.attempted_at for row in await PollStore(database).all()} == {clock.time()}


async def test_what_a_server_that_is_away_is_called(url: str, server: Server) -> None:
    """One line that says what was tried, at the start and later."""
    row = PollRow("acme", "sync_health", 1, 5.0, 4.0, None, 4.0, '{"a":"\\u00e4"}', OrgUsage(1, 10**14, 4.0))
    async with opened(url) as database:
        polls = PollStore(database)
        await polls.begin("acme", "sync_health", 0, 5.0, 30.0)
        await polls.finish(row)
        server.stop()
        try:
            with pytest.raises(StoreError, match=r"^store: \w+Error: .+") as later:
                await polls.one("acme", "sync_health")
            with pytest.raises(StoreError, match=rf"^store: OperationalError: .*\({url}\)") as at_start:
                await open_database(url)
            assert "\n" not in str(later.value) + str(at_start.value)
        finally:
            server.start()
        assert await polls.one("acme", "sync_health") == row


async def _notify(http: httpx.AsyncClient) -> httpx.Response:
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    return await http.post("/alertmanager/webhook", json=notification(alert()), headers=headers)
