"""``GET /metrics``: parts of the page, gzip, and clients that leave."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from exporter.clock import Clock
from exporter.exposition.blocks import SIZE
from exporter.exposition.joining import CHUNK
from exporter.exposition.page import RENDERED, Exposition
from exporter.model import Suspension, SyncHealth
from exporter.self_metrics import SelfMetrics
from exporter.server import listen_on
from exporter.service import Service
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.web.metrics import A_TURN, Scraping
from tests.calls import calls_of
from tests.clocks import ManualClock
from tests.pages import OPENMETRICS_ACCEPT, Page, Series, openmetrics_page

NAMES = ["acme", "beta", 'quo"te']
FLEET = 150
"""Integrations whose page is of many chunks."""


SEEN = Reading(
    source="sync_health",
    interval=60.0,
    attempted_at=1_800_000_000.0,
    part=SyncHealth(1_800_000_000.0, None, None, None, Suspension(False, None, None), None),
    succeeded_at=1_800_000_000.0,
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000.0)


def exposition_of(names: list[str], clock: Clock) -> Exposition:
    metrics = SelfMetrics()
    exposition = Exposition(metrics, clock)
    for name in names:
        exposition.update(Snapshot(name, "immediate", 5_000))
        metrics.know_integration(name, ["bridge"])
    return exposition


def client_of(exposition: Exposition) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Scraping(exposition)), base_url="http://exporter")


def of_integrations(page: Page) -> set[Series]:
    return {series for series in page.samples if "integration" in dict(series[1])}


class TestParts:
    @pytest.mark.parametrize("parameter", ["integration[]", "integration"])
    async def test_named_integrations(self, clock: ManualClock, parameter: str) -> None:
        """Their lines as on the whole page, byte by byte, of nobody else, and nothing of the process."""
        async with client_of(exposition_of(NAMES, clock)) as http:
            whole = Page((await http.get("/metrics")).text)
            page = Page((await http.get("/metrics", params={parameter: ["beta", 'quo"te']})).text)
        assert page.series(integration="acme") == {}
        assert page.lines("beta") == whole.lines("beta")
        assert page.series(integration='quo"te') == whole.series(integration='quo"te')
        assert of_integrations(page) == page.samples.keys()

    async def test_a_name_that_nobody_has_costs_nothing(self, clock: ManualClock) -> None:
        """The others are there; of it alone the page is empty, in both formats."""
        async with client_of(exposition_of(NAMES, clock)) as http:
            page = Page((await http.get("/metrics?integration[]=gone&integration[]=acme")).text)
            assert page.series(integration="acme") != {}
            nothing = await http.get("/metrics?integration[]=gone", headers={"Accept": OPENMETRICS_ACCEPT})
            assert (nothing.status_code, nothing.text) == (200, "# EOF\n")

    @pytest.mark.parametrize("accept", ["", OPENMETRICS_ACCEPT])
    async def test_shards_make_up_the_page(self, clock: ManualClock, accept: str) -> None:
        """Each series stands on exactly one of them, those of the process too."""
        read = openmetrics_page if accept else Page
        async with client_of(exposition_of([f"integration-{number}" for number in range(100)], clock)) as http:
            http.headers["Accept"] = accept
            whole = read((await http.get("/metrics")).text)
            shards = [read((await http.get(f"/metrics?shard={number}/3")).text) for number in (1, 2, 3)]
        assert sum(len(shard.samples) for shard in shards) == len(whole.samples)
        assert {series for shard in shards for series in shard.samples} == whole.samples.keys()
        assert all(len(of_integrations(shard)) > 20 for shard in shards)

    @pytest.mark.parametrize(
        "shard", ["", "1", "0/2", "01/2", "1/02", "3/2", "1/", "/2", "1/1001", "-1/2", "1/2/3", "a/b", "٣/4"]
    )
    async def test_a_shard_that_is_none(self, clock: ManualClock, shard: str) -> None:
        """It is refused, with what was expected: a whole page instead would show series twice."""
        async with client_of(exposition_of(NAMES, clock)) as http:
            answer = await http.get("/metrics", params={"shard": shard})
        assert (answer.status_code, answer.text.partition(";")[0]) == (400, f"shard: got {shard!r}")

    @pytest.mark.parametrize(
        ("query", "got"),
        [
            ("shard=1/2&shard=2/2", "shard: got '1/2' and '2/2'"),
            ("shard=1/2&shard=1/2", "shard: got '1/2' and '1/2'"),
            ("integration[]=", "integration: got ''"),
            ("integration=acme&integration=", "integration: got ''"),
        ],
    )
    async def test_what_can_be_no_wish(self, clock: ManualClock, query: str, got: str) -> None:
        """Two parts, or a name that nobody can have: refused, as a page without the rest would be taken for all."""
        async with client_of(exposition_of(NAMES, clock)) as http:
            answer = await http.get(f"/metrics?{query}")
        assert (answer.status_code, answer.text.partition(";")[0]) == (400, got)


class TestPacking:
    @pytest.mark.parametrize(("accepted", "packed"), [("gzip", True), ("gzip;q=0", False), ("identity", False)])
    async def test_who_accepts_it_gets_it(
        self, service: Service, http: httpx.AsyncClient, accepted: str, packed: bool
    ) -> None:
        """Once: what stands around it leaves scrapes alone. Either says how long it is."""
        async with http.stream("GET", "/metrics", headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None)
        assert int(answer.headers["Content-Length"]) == len(raw)
        Page((gzip.decompress(raw) if packed else raw).decode())

    async def test_parts_are_packed_too(self, clock: ManualClock) -> None:
        """And read as without."""
        async with client_of(exposition_of(NAMES, clock)) as http:
            plain = await http.get("/metrics?integration=acme", headers={"Accept-Encoding": "identity"})
            small = await http.get("/metrics?integration=acme", headers={"Accept-Encoding": "gzip"})
        assert (small.text, small.headers["Content-Encoding"]) == (plain.text, "gzip")


class Client:
    """Takes so many messages of an answer. Then it waits for ever, or leaves."""

    def __init__(self, takes: int, *, leaves: bool) -> None:
        self.taken: list[bytes] = []
        self._takes, self._leaves = takes, leaves
        self._left, self._waits = asyncio.Event(), asyncio.Event()
        self.resumed = asyncio.Event()

    async def ask(self, scraping: Scraping, *headers: tuple[bytes, bytes], query: bytes = b"") -> None:
        scope = {"type": "http", "method": "GET", "path": "/metrics", "query_string": query, "headers": list(headers)}
        await scraping(scope, self._receive, self._send)

    async def waits(self) -> None:
        """Until it takes no more."""
        async with asyncio.timeout(10):
            await self._waits.wait()

    async def _receive(self) -> Message:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if len(self.taken) == self._takes and not self.resumed.is_set():
            self._waits.set()
            if self._leaves:
                self._left.set()
            await self.resumed.wait()
        self.taken.append(message.get("body", b""))


@pytest.fixture
def fleet(clock: ManualClock) -> Exposition:
    """A page of megabytes: more than a connection holds that nobody reads from."""
    metrics = SelfMetrics()
    exposition = Exposition(metrics, clock)
    for number in range(FLEET):
        exposition.update(Snapshot(f"integration-{number}", "immediate", 5))
        metrics.know_integration(f"integration-{number}", ["x" * 60_000])
    # Scraped before: the first scrape has more to do.
    exposition.page("")
    return exposition


CHUNKS = 40
"""So many chunks is a page whose blocks are each as long as a chunk."""

GZIP = (b"accept-encoding", b"gzip")


@pytest.fixture
def large(clock: ManualClock) -> Exposition:
    """Of integrations of which something was counted, and nothing else is known."""
    metrics = SelfMetrics()
    exposition = Exposition(metrics, clock)
    for number in range(CHUNKS * SIZE):
        metrics.counters.begin(f"integration-{number}", "upstream_requests_total", "x" * (CHUNK // SIZE))
    return exposition


async def turns(scraping: Scraping, query: bytes, *headers: tuple[bytes, bytes]) -> int:
    """How often something else had its turn while a client was answered that takes all at once."""
    had = 0

    async def take_turns() -> None:
        nonlocal had
        while True:
            had += 1
            await asyncio.sleep(0)

    taking = asyncio.create_task(take_turns())
    await Client(sys.maxsize, leaves=False).ask(scraping, *headers, query=query)
    taking.cancel()
    return had


class TestTurns:
    """What else there is to do never waits for a whole page."""

    @pytest.mark.parametrize("headers", [(), (GZIP,)], ids=["plain", "gzip"])
    @pytest.mark.parametrize(
        ("query", "share"),
        [
            (b"", 1.0),
            (b"shard=1/2", 0.5),
            (b"&".join(b"integration=integration-%d" % n for n in range(20 * SIZE)), 0.5),
        ],
        ids=["whole", "shard", "names"],
    )
    async def test_it_has_one_every_few_chunks(
        self, large: Exposition, headers: tuple[tuple[bytes, bytes], ...], query: bytes, share: float
    ) -> None:
        """However fast the client reads; packed the page is small, and a chunk what was packed in one go."""
        scraping = Scraping(large)
        for_nothing = await turns(scraping, b"integration=nobody", *headers)
        had = await turns(scraping, query, *headers)
        assert had - for_nothing >= 0.8 * share * CHUNKS / A_TURN

    async def test_it_has_one_every_few_integrations_that_are_rendered(self, clock: ManualClock) -> None:
        """Those of which time alone has changed what is said: here after a long while without a poll."""
        exposition = exposition_of([f"integration-{number}" for number in range(50)], clock)
        exposition.page("")
        for number in range(50):
            exposition.update(Snapshot(f"integration-{number}", "immediate", 5_000, (SEEN,)))
        fresh = await turns(Scraping(exposition), b"")
        clock.advance(3 * SEEN.interval)
        assert await turns(Scraping(exposition), b"") >= fresh + 50 // RENDERED


class TestPackedOnce:
    @pytest.mark.parametrize("queries", [(b"",), (b"shard=1/2", b"shard=2/2")], ids=["whole", "shards"])
    async def test_what_has_not_changed_is_not_packed_again(
        self, large: Exposition, queries: tuple[bytes, ...]
    ) -> None:
        """But for what the process says of itself; of an integration that has changed one block is, and no more."""
        client = Client(sys.maxsize, leaves=False)

        async def scrape() -> int:
            with calls_of("compressobj") as packed:
                for query in queries:
                    await client.ask(Scraping(large), GZIP, query=query)
            return len(packed)

        own = len(queries)
        assert await scrape() >= CHUNKS
        assert await scrape() == own
        large.update(Snapshot("integration-7", "immediate", 5_000))
        await scrape()
        large.update(Snapshot("integration-7", "immediate", 6_000))
        assert await scrape() == own + 1


class TestGivenUp:
    @pytest.mark.parametrize("takes", [0, 1, 3])
    async def test_a_client_that_leaves_is_worked_for_no_more(self, fleet: Exposition, takes: int) -> None:
        """Before the first chunk or after some: no other is made, and nothing is raised."""
        client = Client(takes, leaves=True)
        async with asyncio.timeout(10):
            await client.ask(Scraping(fleet))
        assert len(client.taken) == takes

    async def test_nor_is_anything_packed_for_it(self, fleet: Exposition) -> None:
        """It has left before anything of it was there to send."""
        client = Client(0, leaves=True)
        async with asyncio.timeout(10):
            await client.ask(Scraping(fleet), GZIP)
        assert client.taken == []

    async def test_a_client_that_takes_nothing_is_given_up(self, fleet: Exposition) -> None:
        """After some patience, though it does not leave."""
        client = Client(2, leaves=False)
        async with asyncio.timeout(10):
            await client.ask(Scraping(fleet, patience=0.05))
        assert len(client.taken) == 2

    async def test_a_page_is_of_one_moment(self, fleet: Exposition, clock: ManualClock) -> None:
        """What changes while a slow client reads stands on the next page."""
        before, _ = fleet.page("")
        own = before.index(b"# HELP process_")
        client = Client(2, leaves=False)
        answering = asyncio.create_task(client.ask(Scraping(fleet)))
        await client.waits()
        for number in range(FLEET):
            fleet.update(Snapshot(f"integration-{number}", "weekly", 7))
        fleet.forget("integration-7")
        client.resumed.set()
        await answering
        assert b"".join(client.taken)[:own] == before[:own]
        assert len(client.taken) > 3

    @pytest.mark.parametrize("headers", ["", "Accept-Encoding: gzip\r\n"])
    async def test_a_connection_that_is_cut(
        self, fleet: Exposition, headers: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """By a real server: the scrape ends, with no word in the log, and the next is answered."""
        async with served(Scraping(fleet)) as (port, ended):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /metrics HTTP/1.1\r\nHost: exporter\r\n{headers}\r\n".encode())
            await reader.readexactly(1_000)
            writer.transport.abort()
            async with asyncio.timeout(10):
                await ended.wait()
            async with httpx.AsyncClient(trust_env=False) as http:
                assert (await http.get(f"http://127.0.0.1:{port}/metrics?shard=2/2")).status_code == 200
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@contextlib.asynccontextmanager
async def served(scraping: Scraping) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Behind a real HTTP server: its port, and whether a scrape has ended."""
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await scraping(scope, receive, send)
        finally:
            ended.set()

    listen = listen_on("127.0.0.1:0")
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listen]))
    try:
        yield listen.getsockname()[1], ended
    finally:
        server.should_exit = True
        await serving
