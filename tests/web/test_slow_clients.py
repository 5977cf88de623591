"""Clients that take their time, on a real socket: the server waits for none of them for ever."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.web.slow_clients import Patience, patient

SHORT = Patience(seconds=0.15, body_bytes=1_000, header_bytes=4_096, connections=6)
STEADY = replace(SHORT, seconds=0.5, body_bytes=10)
"""For who gets on: no machine is so busy that it stands still for so long."""
UNTIL = 10.0
"""Seconds until a test that waits has failed."""
MUCH = 32 * 1024 * 1024
"""More than any socket holds."""


class House:
    """An application, and what became of the bodies that it was sent."""

    def __init__(self) -> None:
        self.bodies: asyncio.Queue[int | None] = asyncio.Queue()
        self.app = Starlette(
            routes=[
                Route("/-/healthy", lambda _request: PlainTextResponse("healthy")),
                Route("/much", lambda _request: Response(bytes(MUCH))),
                Route("/refused", lambda _request: PlainTextResponse("no", 401), methods=["POST"]),
                Route("/taken", self._taken, methods=["POST"]),
            ]
        )

    async def _taken(self, request: Request) -> Response:
        try:
            self.bodies.put_nowait(len(await request.body()))
        except ClientDisconnect:
            self.bodies.put_nowait(None)
        return PlainTextResponse("taken")


@contextlib.asynccontextmanager
async def served(house: House, patience: Patience = SHORT) -> AsyncIterator[int]:
    """The port."""
    config = uvicorn.Config(
        house.app,
        http=patient(patience),
        h11_max_incomplete_event_size=patience.header_bytes,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await task


class Line:
    """A connection on which a test says and reads what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)

    async def heard(self) -> bytes:
        """Everything until the server closes the connection; fails if it does not."""
        heard = bytearray()
        async with asyncio.timeout(UNTIL):
            with contextlib.suppress(ConnectionError):
                while piece := await self.reader.read(65_536):
                    heard += piece
        return bytes(heard)

    async def said_until_closed(self, piece: str, every: float) -> None:
        """Goes on until the server closes the connection."""
        async with asyncio.timeout(UNTIL):
            with contextlib.suppress(ConnectionError):
                while not self.reader.at_eof():
                    self.say(piece)
                    await self.writer.drain()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.reader.read(65_536), every)


@contextlib.asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


async def status_of(port: int, path: str = "/-/healthy") -> bytes:
    async with line_to(port) as line:
        line.say(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return (await line.heard())[:12]


@pytest.mark.parametrize("said", ["", "GET /-/healthy HTTP/1.1\r\nHost: x\r\n", "GET "])
async def test_a_header_that_does_not_end(said: str) -> None:
    """Or does not even begin: the connection is closed, without an answer."""
    async with served(House()) as port, line_to(port) as line:
        line.say(said)
        assert await line.heard() == b""


async def test_a_header_that_comes_letter_by_letter() -> None:
    """However busily: it is the whole header that has its time."""
    async with served(House()) as port, line_to(port) as line:
        line.say("GET /-/healthy HTTP/1.1\r\n")
        await line.said_until_closed("X-Slow: y\r\n", 0.02)


async def test_the_second_request_of_a_connection_is_given_no_more_time() -> None:
    """The time begins anew with each answer."""
    async with served(House()) as port, line_to(port) as line:
        line.say("GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\nGET /-/healthy HTTP/1.1\r\n")
        assert (await line.heard()).count(b"200 OK") == 1


async def test_a_header_that_is_too_long() -> None:
    """400, and nothing of it is kept."""
    async with served(House()) as port, line_to(port) as line:
        line.say(f"GET /-/healthy HTTP/1.1\r\nX-Long: {'y' * 2 * SHORT.header_bytes}")
        assert (await line.heard()).startswith(b"HTTP/1.1 400")


async def test_a_body_that_is_dribbled() -> None:
    """A byte now and then is not enough; the application hears that its sender has gone."""
    house = House()
    async with served(house) as port, line_to(port) as line:
        line.say("POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        await line.said_until_closed("x", 0.02)
        async with asyncio.timeout(UNTIL):
            assert await house.bodies.get() is None


async def test_a_body_that_gets_on_may_take_its_time() -> None:
    """Many times as long as a header may take, if enough of it arrives every time."""
    house = House()
    async with served(house, STEADY) as port, line_to(port) as line:
        line.say("POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n")
        begun = asyncio.get_running_loop().time()
        for _ in range(50):
            line.say("x" * 100)
            await asyncio.sleep(STEADY.seconds / 20)
        assert asyncio.get_running_loop().time() - begun > 2 * STEADY.seconds
        assert (await line.heard()).endswith(b"taken")
        assert house.bodies.get_nowait() == 5_000


async def test_a_body_that_goes_on_after_its_answer() -> None:
    """Who was refused does not go on sending for ever, however fast."""
    async with served(House()) as port, line_to(port) as line:
        line.say("POST /refused HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        await line.said_until_closed("400\r\n" + "x" * 1024 + "\r\n", 0.001)


async def test_an_answer_that_nobody_reads() -> None:
    """What was made for its reader is let go of."""
    async with served(House()) as port, line_to(port) as line:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        line.say("GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(4 * SHORT.seconds)
        line.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await line.heard()) < MUCH


async def test_an_answer_that_is_read_slowly_comes_whole() -> None:
    """In pieces, for longer than a header may take."""
    async with served(House(), STEADY) as port, line_to(port) as line:
        line.say("GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got, begun = 0, asyncio.get_running_loop().time()
        while piece := await line.reader.read(2 * 1024 * 1024):
            got += len(piece)
            if asyncio.get_running_loop().time() - begun < 2 * STEADY.seconds:
                await asyncio.sleep(0.05)
        assert got > MUCH


async def test_connections_that_ask_nothing_take_nobody_s_place() -> None:
    """However many come: who asks is answered, and those who wait for the longest go first."""
    patience = replace(SHORT, seconds=60)
    async with served(House(), patience) as port, contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line_to(port)) for _ in range(5 * patience.connections)]
        for _ in range(3):
            assert await status_of(port) == b"HTTP/1.1 200"
        assert await lines[0].heard() == b""
        lines[-1].say("GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await lines[-1].heard()).startswith(b"HTTP/1.1 200")


async def test_where_all_connections_are_asking_the_newest_goes() -> None:
    """Nobody is cut off in the middle."""
    house = House()
    async with served(house, replace(SHORT, seconds=60)) as port, contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line_to(port)) for _ in range(SHORT.connections)]
        for line in lines:
            line.say("POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nx")
        async with line_to(port) as one_more:
            one_more.say("")
            assert await one_more.heard() == b""
        for line in lines:
            line.say("y")
            assert (await line.heard()).endswith(b"taken")
