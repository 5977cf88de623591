"""The poller."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from exporter.clients.connection import Connection, connect
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import AuthError, RateLimited, ServerError, UpstreamError
from exporter.model import OrgLimits, OrgUsage, Part
from exporter.polling.budget import Budget
from exporter.polling.poller import Poller
from exporter.polling.schedule import HASTE_PAUSE, JITTER, LONGEST_FIRST_DELAY
from exporter.polling.target import Target
from exporter.self_metrics import SelfMetrics
from exporter.service import Service
from exporter.sources import Source
from exporter.sources.source import Fetched
from exporter.state.reading import Reading
from exporter.state.snapshots import Snapshots
from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from exporter.store.polls import PollStore
from tests.clocks import ManualClock
from tests.conftest import Start, client_of
from tests.pages import scrape

INTERVAL = 60.0


class WatchedClock(ManualClock):
    """Knows how many are asleep, and so when everybody waits for it."""

    @property
    def asleep(self) -> int:
        return sum(not waiting.done() for _moment, waiting in self._sleepers)


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keeps the log to itself: printing the tracebacks of the bugs below takes longer than everything else."""
    with structlog.testing.capture_logs():
        yield


async def eventually(condition: Callable[[], bool]) -> None:
    """Waits for other tasks and threads to bring a condition about."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.001)


@asynccontextmanager
async def running(*pollers: Poller) -> AsyncIterator[None]:
    """The pollers at work in the background."""
    tasks = [asyncio.create_task(poller.run()) for poller in pollers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def poll_all(service: Service) -> None:
    for target in service.poller.targets:
        await service.poller.poll(target)


class Script:
    """A source that does what a test says and writes down when it was asked."""

    def __init__(self, clock: ManualClock, connection: Connection) -> None:
        self._clock = clock
        self.asked_at: list[float] = []
        self.at_once = 0
        self.most_at_once = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.error: Exception | None = None
        self.payload: Any = 1
        self.parse_error: Exception | None = None
        self.previous: Any = None
        source = Source("sync_health", lambda _integration: True, self._fetch, self._parse)
        self.target = Target("acme", source, INTERVAL, connection)

    async def _fetch(self, _connection: Connection, previous: Any = None) -> Any:
        self.previous = previous
        self.asked_at.append(self._clock.time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_answer.wait()
        finally:
            self.at_once -= 1
        if self.error is not None:
            raise self.error
        return self.payload

    def _parse(self, payload: Any, read_at: float) -> Part:
        if self.parse_error is not None:
            raise self.parse_error
        return OrgLimits(OrgUsage(payload, 100, read_at), ())


@pytest.fixture
async def connection(config: Config, clock: WatchedClock) -> AsyncIterator[Connection]:
    """The clients of acme; no script asks them."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(500))) as http:
        yield connect(config.integrations[0], http, clock, lambda _integration, _api: None)


@pytest.fixture
def script(clock: WatchedClock, connection: Connection) -> Script:
    return Script(clock, connection)


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    opened = await open_database(config.store)
    yield opened
    await opened.close()


class Bench:
    """Builds pollers of one script on one store: each is a process of its own, as far as the poller can tell."""

    def __init__(self, script: Script, database: Database, config: Config, clock: ManualClock) -> None:
        self._script = script
        self._store = PollStore(database)
        self._budget = Budget(CallStore(database), clock)
        self._config = config
        self._clock = clock
        self.snapshots = Snapshots(config.integrations)

    async def start(self, deadline: float = 30.0) -> Poller:
        self.snapshots = Snapshots(self._config.integrations)
        return await self.follow([self._script.target], deadline)

    async def follow(self, targets: list[Target], deadline: float = 30.0) -> Poller:
        poller = Poller(targets, self._store, self.snapshots, self._budget, SelfMetrics(), self._clock, deadline)
        await poller.restore()
        return poller

    def reading(self) -> Reading | None:
        """What the poller started last has published."""
        return self.snapshots["acme"].reading("sync_health")


@pytest.fixture
def bench(script: Script, database: Database, config: Config, clock: WatchedClock) -> Bench:
    return Bench(script, database, config, clock)


@pytest.mark.parametrize("builds_on_before", [True, False])
async def test_a_payload_that_nobody_builds_on_is_kept_by_the_store_alone(
    script: Script, bench: Bench, database: Database, clock: WatchedClock, builds_on_before: bool
) -> None:
    """Also through a poll that fails; and it is shown again by who starts next."""
    source = replace(script.target.source, builds_on_before=builds_on_before)
    script.target = replace(script.target, source=source)
    poller = await bench.start()
    await poller.poll(script.target)
    script.error = ServerError("down")
    await poller.poll(script.target)
    assert script.previous == (1 if builds_on_before else None)
    row = await PollStore(database).one(*script.target.key)
    assert row is not None
    assert (row.payload, row.failure is None) == ("1", False)
    await bench.start()
    assert (reading := bench.reading()) is not None
    assert reading.part == OrgLimits(OrgUsage(1, 100, clock.time()), ())


class TestSchedule:
    async def test_never_more_often_than_the_interval(self, bench: Bench, script: Script, clock: WatchedClock) -> None:
        """Over hours, however the clock moves, two polls are at least an interval apart and not much more."""
        poller = await bench.start()
        async with running(poller):
            for step in range(400):
                clock.advance(7 + step % 5)
                await eventually(lambda: clock.asleep == 1 and poller.due_at(script.target) > clock.time())
        pauses = [later - earlier for earlier, later in zip(script.asked_at, script.asked_at[1:], strict=False)]
        assert len(pauses) > 50
        assert min(pauses) >= INTERVAL
        assert max(pauses) <= INTERVAL * (1 + JITTER) + 11

    async def test_never_two_polls_of_one_source_at_once(
        self, bench: Bench, script: Script, clock: WatchedClock
    ) -> None:
        """A poll that takes ten intervals is followed by one poll, not by ten."""
        poller = await bench.start()
        script.may_answer.clear()
        async with running(poller):
            clock.advance(15)
            await eventually(lambda: script.at_once == 1)
            clock.advance(10 * INTERVAL)
            script.may_answer.set()
            await eventually(lambda: len(script.asked_at) == 2 and clock.asleep == 1)
        assert script.most_at_once == 1
        assert len(script.asked_at) == 2

    async def test_haste_makes_the_next_poll_come_now(self, bench: Bench, script: Script, clock: WatchedClock) -> None:
        """Who waits for a source gets it polled at once, but never within a minute of its last poll."""
        hourly = replace(script.target, interval=3600.0)
        poller = await bench.follow([hourly])
        async with running(poller):
            clock.advance(LONGEST_FIRST_DELAY)
            await eventually(lambda: len(script.asked_at) == 1 and clock.asleep == 1)
            clock.advance(HASTE_PAUSE - 1)
            poller.hasten("acme", "sync_health")
            assert poller.due_at(hourly) > clock.time()
            clock.advance(1)
            poller.hasten("acme", "sync_health")
            await eventually(lambda: len(script.asked_at) == 2)

    async def test_a_poll_by_hand_does_not_make_it_two(self, bench: Bench, script: Script) -> None:
        """Asked twice at the same time, the poller asks the source once."""
        poller = await bench.start()
        polled = await asyncio.gather(poller.poll(script.target), poller.poll(script.target))
        assert sorted(polled) == [False, True]
        assert len(script.asked_at) == 1

    async def test_retry_after_postpones_the_next_poll(self, bench: Bench, script: Script, clock: WatchedClock) -> None:
        """An API that wants ten minutes gets ten minutes, and still does after a restart."""
        script.error = ServerError("busy", retry_after=600)
        poller = await bench.start()
        await poller.poll(script.target)
        assert poller.due_at(script.target) == clock.time() + 600
        clock.advance(100)
        restarted = await bench.start()
        assert restarted.due_at(script.target) == clock.time() + 500

    @pytest.mark.parametrize(
        ("error", "due_in"),
        [(RateLimited("busy", retry_after=600), 500), (AuthError("no scope"), INTERVAL * (1 + JITTER))],
    )
    async def test_a_pause_that_one_part_was_asked_for_outlives_a_restart(
        self, bench: Bench, script: Script, clock: WatchedClock, error: UpstreamError, due_in: float
    ) -> None:
        """With a shorter interval too, which takes effect at once where nobody has to wait."""
        script.payload = Fetched(1, {"contacts": None, "deals": error})
        hourly = replace(script.target, interval=3600.0)
        await (await bench.follow([hourly])).poll(hourly)
        clock.advance(100)
        restarted = await bench.start()
        assert restarted.due_at(script.target) == pytest.approx(clock.time() + due_in)

    async def test_haste_does_not_cut_a_pause(self, bench: Bench, script: Script, clock: WatchedClock) -> None:
        """Whoever waits for the source waits until it may be asked."""
        script.error = ServerError("busy", retry_after=600)
        poller = await bench.start()
        await poller.poll(script.target)
        due_at = poller.due_at(script.target)
        clock.advance(HASTE_PAUSE)
        poller.hasten("acme", "sync_health")
        assert poller.due_at(script.target) == due_at


async def _cut_off(poller: Poller, script: Script) -> None:
    """In the middle of a poll."""
    script.may_answer.clear()
    crash = asyncio.create_task(poller.poll(script.target))
    await eventually(lambda: script.at_once == 1)
    crash.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await crash
    script.may_answer.set()


class TestRestart:
    async def test_the_last_snapshot_is_served_at_once(
        self, start: Start, config: Config, acme: Org, clock: WatchedClock
    ) -> None:
        """Before anything is polled the page of the new process is that of the old one."""
        acme.add_errors("picklists", "option_limit_exceeded", 7)
        async with start(config) as service, client_of(service) as http:
            await poll_all(service)
            before = await scrape(http)
        clock.advance(30)
        async with start(config) as service, client_of(service) as http:
            after = await scrape(http)
        for integration in ("acme", "beta"):
            assert _gauges(after.lines(integration)) == _gauges(before.lines(integration))
        labels = {"integration": "acme", "category": "picklists", "error_type": "option_limit_exceeded"}
        assert after.value("sync_errors", **labels) == 7

    async def test_ten_restarts_ask_nobody(
        self, start: Start, config: Config, world: World, clock: WatchedClock
    ) -> None:
        """Nothing is due, so nothing is sent; when it is due, one round of polls is."""
        async with start(config) as service:
            await poll_all(service)
        sent = _requests(world)
        for _ in range(10):
            clock.advance(1)
            async with start(config) as service, running(service.poller):
                await eventually(lambda: clock.asleep == len(service.poller.targets))
        assert _requests(world) == sent
        async with start(config) as service, running(service.poller):
            await eventually(lambda: clock.asleep == len(service.poller.targets))
            clock.advance(25 * 3600)
            await eventually(lambda: clock.asleep == len(service.poller.targets) and _requests(world) != sent)

    async def test_a_poll_that_was_cut_off_is_not_repeated(
        self, bench: Bench, script: Script, clock: WatchedClock
    ) -> None:
        """A process killed after it asked has claimed the poll: the next one waits until the next is due."""
        poller = await bench.start()
        await poller.poll(script.target)
        await _cut_off(poller, script)
        restarted = await bench.start()
        async with running(restarted):
            await eventually(lambda: clock.asleep == 1)
            clock.advance(INTERVAL - 1)
            await eventually(lambda: clock.asleep == 1)
            assert len(script.asked_at) == 2
            clock.advance(INTERVAL * JITTER + 1)
            await eventually(lambda: len(script.asked_at) == 3)

    async def test_a_first_poll_that_was_cut_off_is_repeated(self, bench: Bench, script: Script) -> None:
        """Nothing is known without it, and nobody is ready before: of a source that is read every six hours for as
        long."""
        await _cut_off(await bench.start(), script)
        restarted = await bench.start()
        async with running(restarted):
            await eventually(lambda: len(script.asked_at) == 2)
            await eventually(restarted.ready)

    async def test_a_stored_answer_this_version_refuses_is_left_out(self, bench: Bench, script: Script) -> None:
        """Whether it is refused or trips over a bug: the process starts, and shows what it knows otherwise."""
        await (await bench.start()).poll(script.target)
        for error in (ServerError("refused"), ValueError("no JSON"), RecursionError("deep"), KeyError("bug")):
            script.parse_error = error
            await bench.start()
            reading = bench.reading()
            assert reading is not None
            assert (reading.part, reading.up) == (None, True)

    async def test_a_source_that_is_no_longer_configured_is_forgotten(self, bench: Bench, database: Database) -> None:
        """Rows of other sources in the store do no harm."""
        await PollStore(database).begin("gone", "mailbox", 0, 5.0, 30.0)
        poller = await bench.start()
        assert len(poller.targets) == 1
        assert not poller.tried()


class TestReplicas:
    async def test_two_services_on_one_store_poll_each_target_once(
        self, start: Start, config: Config, world: World
    ) -> None:
        """At the same moment, several rounds long: every round is polled by one of them."""
        async with start(config) as one, start(config) as other:
            for round_ in range(1, 4):
                await asyncio.gather(poll_all(one), poll_all(other))
                assert world.orgs["acme"].requests["bridge.sync_health"] == round_
                assert world.orgs["acme"].requests["salesforce.limits"] == round_
                assert world.orgs["beta"].requests["bridge.sync_health"] == round_

    async def test_the_other_shows_what_the_one_has_read(self, start: Start, config: Config, acme: Org) -> None:
        """The replica that came too late serves the same numbers."""
        acme.add_errors("other", "unknown", 5)
        async with start(config) as one, start(config) as other, client_of(one) as http, client_of(other) as http2:
            await poll_all(one)
            await poll_all(other)
            assert _gauges((await scrape(http2)).lines("acme")) == _gauges((await scrape(http)).lines("acme"))
            assert (await http2.get("/-/ready")).status_code == 200

    async def test_the_other_does_not_wait_an_interval_for_it(
        self, bench: Bench, script: Script, clock: WatchedClock
    ) -> None:
        """A replica that lost while the winner was still asking looks again soon."""
        winner, loser = await bench.start(), await bench.start()
        script.may_answer.clear()
        asking = asyncio.create_task(winner.poll(script.target))
        await eventually(lambda: script.at_once == 1)
        async with running(loser):
            clock.advance(15)
            await eventually(lambda: clock.asleep == 1 and loser.due_at(script.target) > clock.time())
            assert bench.reading() is None
            script.may_answer.set()
            await asking
            clock.advance(INTERVAL / 2)
            await eventually(lambda: loser.tried() and bench.reading() is not None)
        assert len(script.asked_at) == 1


class TestStoreFailure:
    async def test_polling_goes_on(self, bench: Bench, script: Script, config: Config, clock: WatchedClock) -> None:
        """With the store away every round is polled and shown; when it is back the rounds go on in it."""
        poller = await bench.start()
        await poller.poll(script.target)
        with _store_away(config):
            for number in range(2, 5):
                clock.advance(INTERVAL * 2)
                script.payload = number
                assert await poller.poll(script.target)
                assert _used(bench) == number
                assert poller.due_at(script.target) >= clock.time() + INTERVAL
        clock.advance(INTERVAL * 2)
        script.payload = 5
        assert await poller.poll(script.target)
        assert _used(bench) == 5
        await bench.start()
        assert _used(bench) == 5

    async def test_what_was_read_meanwhile_is_kept(
        self, bench: Bench, script: Script, config: Config, database: Database, clock: WatchedClock
    ) -> None:
        """Another replica's older answer does not replace what this one read while the store was away."""
        poller = await bench.start()
        await poller.poll(script.target)
        with _store_away(config):
            clock.advance(INTERVAL)
            script.payload = 2
            await poller.poll(script.target)
        # Somebody else has begun the next round, and has not finished it yet.
        assert await PollStore(database).begin("acme", "sync_health", 1, clock.time() + INTERVAL, 30.0)
        assert not await poller.poll(script.target)
        assert _used(bench) == 2
        assert await poller.poll(script.target)

    async def test_a_store_that_was_away_from_the_start_takes_up_the_first_round(
        self, bench: Bench, script: Script, config: Config
    ) -> None:
        """A first poll that could not be stored does not keep the later ones from it."""
        poller = await bench.start()
        with _store_away(config):
            assert await poller.poll(script.target)
        script.payload = 2
        assert await poller.poll(script.target)
        await bench.start()
        assert _used(bench) == 2

    async def test_a_row_that_was_deleted_is_made_again(
        self, bench: Bench, script: Script, config: Config, clock: WatchedClock
    ) -> None:
        """Somebody emptied the table: the poller starts over instead of waiting for its row for ever."""
        poller = await bench.start()
        async with running(poller):
            clock.advance(15)
            await eventually(lambda: len(script.asked_at) == 1 and clock.asleep == 1)
            with contextlib.closing(sqlite3.connect(_file(config))) as store:
                store.execute("DELETE FROM polls")
                store.commit()
            clock.advance(INTERVAL * 2)
            await eventually(lambda: clock.asleep == 1)
            clock.advance(INTERVAL / 2)
            await eventually(lambda: len(script.asked_at) == 2)


class TestFailures:
    async def test_a_poll_that_hangs_is_given_up(self, bench: Bench, script: Script) -> None:
        """After the deadline it counts as a timeout, and the next one is asked as usual."""
        script.may_answer.clear()
        poller = await bench.start(deadline=0.02)
        await poller.poll(script.target)
        reading = bench.reading()
        assert reading is not None
        assert reading.failure is not None
        assert (reading.failure.kind, reading.failure.message) == ("timeout", "not finished within 0.02 s")
        script.may_answer.set()
        await poller.poll(script.target)
        assert _used(bench) == 1

    @pytest.mark.parametrize("where", ["fetch", "parse"])
    @pytest.mark.parametrize("error", [KeyError("secret"), RecursionError(), TypeError("x"), StopAsyncIteration()])
    async def test_a_bug_in_a_source_is_contained(
        self, bench: Bench, script: Script, where: str, error: Exception
    ) -> None:
        """It is a failure of kind invalid that names the bug's type and no more; the last good part stays."""
        poller = await bench.start()
        await poller.poll(script.target)
        setattr(script, "error" if where == "fetch" else "parse_error", error)
        await poller.poll(script.target)
        reading = bench.reading()
        assert reading is not None
        assert reading.failure is not None
        assert reading.failure.kind == "invalid"
        assert reading.failure.message == f"bug in source: {type(error).__name__}"
        assert _used(bench) == 1

    async def test_a_bug_does_not_stop_the_others(self, bench: Bench, script: Script, clock: WatchedClock) -> None:
        """Of two sources one raises at every poll; both go on being polled."""
        healthy = Script(clock, script.target.connection)
        target = Target("beta", healthy.target.source, INTERVAL, healthy.target.connection)
        script.error = KeyError("bug")
        poller = await bench.follow([script.target, target])
        async with running(poller):
            clock.advance(15)
            for _ in range(3):
                await eventually(lambda: clock.asleep == 2)
                clock.advance(INTERVAL * (1 + JITTER))
            await eventually(lambda: clock.asleep == 2)
        assert len(script.asked_at) == len(healthy.asked_at) == 4

    async def test_a_payload_that_is_no_json_is_a_bug_too(self, bench: Bench, script: Script) -> None:
        """What cannot be stored is not believed."""
        script.payload = {1, 2}
        await (await bench.start()).poll(script.target)
        reading = bench.reading()
        assert reading is not None
        assert not reading.up

    async def test_failures_are_counted_by_kind(self, service: Service, http: httpx.AsyncClient, acme: Org) -> None:
        """Each under its own, and only for the source that failed."""
        for fault, times in (("server_error", 2), ("cut_json", 1), ("unauthorized", 3)):
            acme.faults.put(Fault("bridge", fault))
            for _ in range(times):
                await poll_all(service)
        page = await scrape(http)
        counted = {"server": 2, "invalid": 1, "auth": 3, "timeout": None, "budget": None}
        for kind, count in counted.items():
            labels = {"source": "sync_health", "kind": kind}
            assert page.value("source_errors_total", integration="acme", **labels) == count
            assert page.value("source_errors_total", integration="beta", **labels) is None
        assert page.value("source_errors_total", integration="acme", source="salesforce_limits", kind="server") is None


class TestScrape:
    async def test_it_asks_nobody(self, service: Service, http: httpx.AsyncClient, world: World) -> None:
        """Fifty scrapes, and the API beside it, cost no upstream request."""
        await poll_all(service)
        sent = _requests(world)
        for _ in range(50):
            assert (await http.get("/metrics")).status_code == 200
            assert (await http.get("/api/v1/integrations")).status_code == 200
        assert _requests(world) == sent

    async def test_every_request_is_counted(
        self, service: Service, http: httpx.AsyncClient, world: World, acme: Org
    ) -> None:
        """Logins, retries and refused requests too: the counters say what the simulator has seen."""
        acme.faults.put(Fault("bridge", "server_error", count=2))
        await poll_all(service)
        acme.sessions.expire_all()
        await poll_all(service)
        page = await scrape(http)
        for name, org in world.orgs.items():
            salesforce = sum(count for api, count in org.requests.items() if api.startswith(("token", "salesforce")))
            assert page.value("upstream_requests_total", integration=name, api="salesforce") == salesforce
            bridge = org.requests["bridge.sync_health"]
            assert page.value("upstream_requests_total", integration=name, api="bridge") == bridge
        assert acme.requests["bridge.sync_health"] == 4


class TestReady:
    async def test_not_before_everything_was_tried(self, service: Service, http: httpx.AsyncClient) -> None:
        """503 until the last source of the last integration has had its first poll."""
        for target in service.poller.targets:
            answer = await http.get("/-/ready")
            assert answer.status_code == 503
            await service.poller.poll(target)
        assert (await http.get("/-/ready")).status_code == 200

    async def test_trying_is_enough(self, service: Service, http: httpx.AsyncClient, world: World) -> None:
        """An exporter whose APIs are all down is ready to say so."""
        for org in world.orgs.values():
            for api in ("token", "salesforce", "bridge"):
                org.faults.put(Fault(api, "unauthorized"))
        await poll_all(service)
        assert (await http.get("/-/ready")).status_code == 200

    async def test_a_restart_is_ready_at_once(self, start: Start, config: Config) -> None:
        """What was tried before counts."""
        async with start(config) as service:
            await poll_all(service)
        async with start(config) as service, client_of(service) as http:
            assert (await http.get("/-/ready")).status_code == 200


async def test_usage_beside_an_answer_lasts_as_long_as_its_own_source(
    start: Start,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    acme: Org,
    clock: WatchedClock,
) -> None:
    """That Sync Health is read once an hour does not keep Salesforce's old numbers on the page for three."""
    config_data["integrations"][0]["intervals"] = {"salesforce_limits": "10s", "sync_health": "1h"}
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        await poll_all(service)
        assert (await scrape(http)).value("org_api_calls_used", integration="acme") == 1
        clock.advance(31)
        page = await scrape(http)
        assert page.value("org_api_calls_used", integration="acme") is None
        assert page.value("suspended", integration="acme") == 0


def _gauges(lines: str) -> str:
    """Without the counters, which begin at 0 in every process."""
    return "".join(line for line in lines.splitlines(True) if "_total{" not in line)


def _requests(world: World) -> list[dict[str, int]]:
    return [dict(org.requests) for org in world.orgs.values()]


def _used(bench: Bench) -> int:
    reading = bench.reading()
    assert reading is not None
    assert isinstance(reading.part, OrgLimits)
    return reading.part.usage.used


def _file(config: Config) -> str:
    return config.store.removeprefix("sqlite:///")


@contextmanager
def _store_away(config: Config) -> Iterator[None]:
    """The table of the polls is somewhere else."""
    with contextlib.closing(sqlite3.connect(_file(config))) as store:
        store.execute("ALTER TABLE polls RENAME TO polls_away")
        store.commit()
        yield
        store.execute("ALTER TABLE polls_away RENAME TO polls")
        store.commit()
