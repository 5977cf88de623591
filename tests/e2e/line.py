"""A network between two programs, which can be cut as a cable is: nobody is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    """Passes on what comes, both ways; while it is cut it takes what comes and keeps it back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self._fatal: bytes | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """From now on nothing passes, and no connection ends."""
        self._whole.clear()

    def keep_answer_to(self, words: bytes) -> None:
        """Once a request with these words has passed, no answer does, to whatever."""
        self._fatal = words

    def mend(self) -> None:
        """What was kept back arrives."""
        self._whole.set()
        self._answers.set()
        self._fatal = None

    async def carry(self, near: asyncio.StreamReader, near_back: asyncio.StreamWriter) -> None:
        """One connection, from its beginning to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        far, far_back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(self._pass_on(near, far_back), self._pass_on(far, near_back, back=True))
        finally:
            self._carrying.discard(task)
            near_back.close()
            far_back.close()

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, back: bool = False) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                await self._whole.wait()
                if back:
                    await self._answers.wait()
                elif self._fatal is not None and self._fatal in data:
                    self._answers.clear()
                sink.write(data)
                await sink.drain()
        await self._whole.wait()
        sink.close()

    async def end(self) -> None:
        carrying = set(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[tuple[Line, int]]:
    """A line to a port of loopback, and the port at this end of it."""
    line = Line(port)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    try:
        yield line, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await line.end()
