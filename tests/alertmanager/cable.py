"""The cable between two Alertmanagers: their gossip goes through it, and it can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

from exporter.demo.processes import free_port

LOOPBACK = "127.0.0.1"


class Plug(asyncio.DatagramProtocol):
    """One end of it. What comes to ``address`` by UDP or TCP goes on to the Alertmanager that listens at ``behind``.

    UDP goes one way only: a message says itself whom to answer, the address that its sender advertises.
    """

    def __init__(self) -> None:
        self.address = f"{LOOPBACK}:{free_port()}"
        self.behind = f"{LOOPBACK}:{free_port()}"
        self._whole = True
        self._streams: set[asyncio.StreamWriter] = set()
        self._datagrams: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By its type it is none in Python 3.11.
        self._datagrams = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _sender: tuple[str, int]) -> None:
        if self._whole:
            self._datagrams.sendto(data, _host_port(self.behind))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one side ends it or the cable is cut."""
        streams = {writer}
        try:
            if self._whole:
                back, forth = await asyncio.open_connection(*_host_port(self.behind))
                streams.add(forth)
                self._streams |= streams
                await asyncio.gather(_carry(reader, forth), _carry(back, writer))
        except OSError:
            pass
        finally:
            self._streams -= streams
            for stream in streams:
                stream.close()

    def cut(self) -> None:
        """From now on nothing passes; what is under way is lost."""
        self._whole = False
        for stream in self._streams:
            stream.transport.abort()

    def mend(self) -> None:
        self._whole = True


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


class Cable:
    """With a plug at each end."""

    def __init__(self) -> None:
        self.plugs = (Plug(), Plug())

    def cut(self) -> None:
        for plug in self.plugs:
            plug.cut()

    def mend(self) -> None:
        for plug in self.plugs:
            plug.mend()


@contextlib.asynccontextmanager
async def laid_cable() -> AsyncIterator[Cable]:
    """Lies on loopback until the block ends."""
    cable = Cable()
    async with contextlib.AsyncExitStack() as stack:
        for plug in cable.plugs:
            await stack.enter_async_context(_plugged_in(plug))
        yield cable


@contextlib.asynccontextmanager
async def _plugged_in(plug: Plug) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    datagrams, _ = await loop.create_datagram_endpoint(lambda: plug, local_addr=_host_port(plug.address))
    try:
        async with await asyncio.start_server(plug.serve, *_host_port(plug.address)):
            yield
            plug.cut()
    finally:
        datagrams.close()


def _host_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
