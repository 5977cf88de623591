"""Listens for mail programs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from exporter.demo.simulator.imap.session import LONGEST_LINE, Session
from exporter.demo.simulator.world import World

LOOPBACK = "127.0.0.1"


@contextlib.asynccontextmanager
async def serving_mail(world: World, port: int = 0) -> AsyncIterator[int]:
    """The port on loopback, until the block ends; 0 picks a free one."""
    sessions: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            sessions.add(task)
            task.add_done_callback(sessions.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await Session(world, reader, writer).run()
        writer.close()

    server = await asyncio.start_server(handle, LOOPBACK, port, limit=LONGEST_LINE)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for session in tuple(sessions):
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
