"""Mail servers that misbehave: one that cuts the line, and one that says what it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[int]:
    """The port of a server that talks so with everybody, until the block ends."""
    talks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def cutting(port: int, after: Callable[[], int]) -> Talk:
    """Passes on to a port of this machine, and cuts the line once so many bytes came from there."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        upwards = asyncio.create_task(_pass_on(reader, ours, None))
        try:
            await _pass_on(theirs, writer, after())
        finally:
            upwards.cancel()
            ours.close()

    return talk


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None) -> None:
    while data := await reader.read(65536 if left is None else min(65536, left)):
        writer.write(data)
        await writer.drain()
        if left is not None:
            left -= len(data)
            if left <= 0:
                return


def saying(greeting: bytes, answers: Mapping[str, bytes], said: list[str] | None = None) -> Talk:
    """An IMAP server that answers each command by its name (``UID FETCH`` is ``FETCH``), and ends each with OK.

    An answer that begins with ``NO`` or ``BAD`` is the end itself. ``said`` takes what the client says.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await reader.readline():
            if said is not None:
                said.append(line.decode("ascii", "replace").strip())
            tag, *words = line.split()
            name = (words[1] if words[0].upper() == b"UID" else words[0]).decode().upper()
            if name == "AUTHENTICATE":
                writer.write(b"+ \r\n")
                await reader.readline()
            answer = answers.get(name, b"")
            writer.write(tag + b" " + answer if answer.startswith((b"NO", b"BAD")) else answer + tag + b" OK done\r\n")
            await writer.drain()

    return talk


GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2] ready\r\n"
CAPABILITY = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2\r\n"
EXAMINE = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 5] valid\r\n* OK [UIDNEXT 2] next\r\n"
POLITE = {"CAPABILITY": CAPABILITY, "EXAMINE": EXAMINE, "SEARCH": b"* SEARCH 1\r\n", "LOGOUT": b"* BYE\r\n"}
