"""Connections that do not get on with their TLS: counted, and ended in time, as those that have it behind them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest

from exporter.web.slow_clients import Patience
from tests.serving.conftest import MUCH, Serve, Served

TLS = {"tls_server_config": {"cert_file": "server.pem", "key_file": "server.pem"}}
SHORT = Patience(seconds=0.15, connections=6)
LONG = Patience(seconds=60, connections=6)
STEADY = Patience(seconds=0.5)
"""For who gets on: no machine is so busy that it stands still for so long."""
UNTIL = 10.0
"""Seconds until a test that waits has failed."""


@contextlib.asynccontextmanager
async def stranger(served: Served) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that nothing was said on."""
    reader, writer = await asyncio.open_connection(*served.place)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Waits for it, whatever else is heard."""
    async with asyncio.timeout(UNTIL):
        with contextlib.suppress(ConnectionError):
            await reader.read()
    return True


def beginning(served: Served) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """A client's side of a connection, its hello ready to be sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = served.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return client, incoming, outgoing


async def test_who_says_nothing_takes_nobody_s_place(serve: Serve) -> None:
    """However many come: who asks is answered, and those who wait for the longest go first."""
    async with serve(TLS, LONG) as served, contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(stranger(served)) for _ in range(5 * LONG.connections)]
        for _ in range(3):
            assert await served.status() == 200
        assert await is_closed(lines[0][0])


async def test_who_says_nothing_is_not_waited_for(serve: Serve) -> None:
    """Nor whoever stops in the middle of it."""
    async with serve(TLS, SHORT) as served, stranger(served) as (silent, _), stranger(served) as (reader, writer):
        _client, _incoming, outgoing = beginning(served)
        writer.write(outgoing.read()[:100])
        assert await is_closed(silent)
        assert await is_closed(reader)


async def test_a_handshake_byte_by_byte_is_not_waited_for(serve: Serve) -> None:
    """It is the whole handshake that has its time."""
    async with serve(TLS, SHORT) as served, stranger(served) as (reader, writer):
        _client, _incoming, outgoing = beginning(served)
        async with asyncio.timeout(UNTIL):
            for byte in outgoing.read():
                if reader.at_eof():
                    break
                writer.write(bytes((byte,)))
                with contextlib.suppress(TimeoutError, ConnectionError):
                    await asyncio.wait_for(reader.read(1), 0.02)
        assert await is_closed(reader)


async def test_a_request_may_come_with_the_end_of_the_handshake(serve: Serve) -> None:
    """In one piece with it, as clients of TLS 1.3 send it."""
    async with serve(TLS, LONG) as served, stranger(served) as (reader, writer):
        client, incoming, outgoing = beginning(served)
        writer.write(outgoing.read())
        incoming.write(await reader.read(65_536))
        client.do_handshake()
        client.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        writer.write(outgoing.read())
        assert b"".join(await heard(client, incoming, reader)).endswith(b"a page")


async def heard(client: ssl.SSLObject, incoming: ssl.MemoryBIO, reader: asyncio.StreamReader) -> list[bytes]:
    """All that is answered, in pieces."""
    pieces: list[bytes] = []
    async with asyncio.timeout(UNTIL):
        while not b"".join(pieces).endswith(b"a page") and (piece := await reader.read(65_536)):
            incoming.write(piece)
            pieces += read(client)
    return pieces


def read(client: ssl.SSLObject) -> Iterator[bytes]:
    with contextlib.suppress(ssl.SSLWantReadError):
        while piece := client.read():
            yield piece


async def test_who_shakes_hands_and_asks_nothing_is_not_waited_for(serve: Serve) -> None:
    """The header has its time from then on."""
    async with serve(TLS, SHORT) as served:
        reader, _writer = await asyncio.open_connection(*served.place, ssl=served.context())
        assert await is_closed(reader)


async def test_an_answer_that_is_read_slowly_comes_whole(serve: Serve) -> None:
    """Encrypted it waits elsewhere than in plain HTTP, and is seen there."""
    async with serve(TLS, STEADY) as served:
        reader, writer = await asyncio.open_connection(*served.place, ssl=served.context())
        writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got, begun = 0, asyncio.get_running_loop().time()
        while piece := await reader.read(1024 * 1024):
            got += len(piece)
            if asyncio.get_running_loop().time() - begun < 2 * STEADY.seconds:
                await asyncio.sleep(STEADY.seconds / 10)
        assert got > MUCH


async def test_an_answer_that_nobody_reads_is_let_go_of(serve: Serve) -> None:
    """As in plain HTTP."""
    async with serve(TLS, SHORT) as served:
        reader, writer = await asyncio.open_connection(*served.place, ssl=served.context())
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(4 * SHORT.seconds)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        got = 0
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(1024 * 1024):
                got += len(piece)
        assert got < MUCH


async def test_who_does_not_end_its_side_is_not_waited_for(serve: Serve) -> None:
    """After the last answer a peer is to say that it ends, too."""
    async with serve(TLS, SHORT) as served, stranger(served) as (reader, writer):
        client, incoming, outgoing = beginning(served)
        writer.write(outgoing.read())
        incoming.write(await reader.read(65_536))
        client.do_handshake()
        client.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        writer.write(outgoing.read())
        assert await is_closed(reader)


async def test_who_leaves_in_the_middle_of_it_harms_nobody(serve: Serve) -> None:
    """Nothing stays behind."""
    async with serve(TLS, LONG) as served:
        for _ in range(2 * LONG.connections):
            async with stranger(served) as (_reader, writer):
                writer.write(beginning(served)[2].read())
        assert await served.status() == 200


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01"])
async def test_the_server_ends_without_waiting_for_it(serve: Serve, said: bytes) -> None:
    """A stranger does not hold it up."""
    async with contextlib.AsyncExitStack() as stack:
        async with serve(TLS, LONG) as served:
            reader, writer = await stack.enter_async_context(stranger(served))
            writer.write(said)
            assert await served.status() == 200
        assert await is_closed(reader)
