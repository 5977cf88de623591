"""Straight to a host: connections that clients share, and the errors of httpx for what happens to them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from exporter.clients.http.direct import SharedSession

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"


@dataclass
class Host:
    """What it answers to one request after the other; then it hangs up. ``heads`` are what it was sent."""

    answers: Iterable[bytes]
    url: str = ""
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if (task := asyncio.current_task()) is not None:
            self.talks.add(task)
        try:
            for answer in self.answers:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                writer.write(answer)
            if b"waits" in answer:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        self.closed.set()


@asynccontextmanager
async def host(*answers: bytes) -> AsyncIterator[Host]:
    told = Host(answers)
    server = await asyncio.start_server(told.talk, "127.0.0.1", 0)
    async with server:
        told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/thing"
        yield told
    # Its clients have gone.
    await asyncio.gather(*told.talks)


@pytest.fixture
def shared() -> SharedSession:
    return SharedSession(httpx.create_ssl_context())


def client(shared: SharedSession, seconds: float = 5.0) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=shared.transport(), trust_env=False, timeout=seconds)


async def test_clients_share_a_connection(shared: SharedSession) -> None:
    """Of what one integration has opened the next one makes use; who leaves takes nothing away."""
    async with host(OK, OK, OK) as asked, client(shared) as one:
        async with client(shared) as other:
            assert (await one.get(asked.url)).text == (await other.get(asked.url)).text == "here"
        assert (await one.get(asked.url)).text == "here"
        assert asked.connections == 1


async def test_one_that_was_closed_meanwhile_is_not_used(shared: SharedSession) -> None:
    """A server closes what is idle for too long."""
    async with host(OK) as asked, client(shared) as http:
        for _ in range(2):
            await http.get(asked.url)
            await asked.closed.wait()
            asked.closed.clear()
        assert asked.connections == 2


async def test_an_answer_is_given_as_it_came(shared: SharedSession) -> None:
    """Packed, redirects and cookies included; what was asked with keeps its letters."""
    packed = gzip.compress(b"here")
    lines = ("HTTP/1.1 302 Found", "Location: /b", "Content-Encoding: gzip", f"Content-Length: {len(packed)}", "", "")
    head = "\r\n".join(lines)
    async with host(head.encode() + packed, OK) as asked, client(shared) as http:
        async with http.stream("GET", asked.url + "?q=a%2Bb+c", headers={"X-Odd-Case": "1"}) as response:
            assert response.status_code == 302
            assert b"".join([chunk async for chunk in response.aiter_raw()]) == packed
        await http.get(asked.url)
    assert asked.heads[0].startswith("GET /thing?q=a%2Bb+c HTTP/1.1\r\n")
    assert "\r\nX-Odd-Case: 1\r\n" in asked.heads[0]


async def test_what_is_not_read_to_the_end_serves_nobody_else(shared: SharedSession) -> None:
    """An answer that is too large is dropped together with its connection."""
    async with host(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nwaits") as asked, client(shared) as http:
        async with http.stream("GET", asked.url):
            pass
        await asyncio.wait_for(asked.closed.wait(), 5)


async def test_who_is_cancelled_leaves_no_connection(shared: SharedSession) -> None:
    """Nor does a deadline."""
    async with host(b"HTTP/1.1 200 OK\r\nX: waits") as asked, client(shared) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await http.get(asked.url)
        await asyncio.wait_for(asked.closed.wait(), 5)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"SSH-2.0-x\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhere", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhere", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: waits", httpx.ReadTimeout),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nwaits", httpx.ReadTimeout),
    ],
)
async def test_a_broken_answer(shared: SharedSession, answer: bytes, error: type[Exception]) -> None:
    """What ends early, what is no HTTP, and what never ends."""
    async with host(answer) as asked, client(shared, 0.1) as http:
        with pytest.raises(error):
            await http.get(asked.url)


async def test_a_header_that_cannot_be_sent(shared: SharedSession) -> None:
    """Nothing is."""
    async with host(OK) as asked, client(shared) as http:
        with pytest.raises(httpx.LocalProtocolError):
            await http.get(asked.url, headers={"X": "a\r\nb"})
    assert asked.heads == []


async def test_a_long_header_is_read(shared: SharedSession) -> None:
    """Gateways send some of more than 8 KiB."""
    async with host(OK.replace(b"\r\n", b"\r\nX: " + b"y" * 20_000 + b"\r\n", 1)) as asked, client(shared) as http:
        assert len((await http.get(asked.url)).headers["x"]) == 20_000
