"""Connections over TLS, bounded in number and in time from their first moment.

asyncio makes a connection known to a server once its handshake is over: whoever never begins one would be counted by
nobody, and hold an open file for a minute.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from exporter.serving.live import LiveWebConfig
from exporter.web.slow_clients import PatientProtocol, make_room

_NEVER = 86_400.0
"""asyncio would cut off who reads the last answer for longer than that; ``http`` ends who does not get on with it."""

log = structlog.get_logger(__name__)


class Handshake(asyncio.Protocol):
    """What a connection is until its handshake is over, and from then on ``http`` is. Made by ``over_tls``."""

    http: ClassVar[type[PatientProtocol]]
    web: ClassVar[LiveWebConfig]
    waits_for_header = True

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._inside = self.http(config, server_state, app_state, _loop)
        self._loop = self._inside.loop
        self._connections: set[Any] = server_state.connections
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.pause_reading()  # until there is somebody to read the handshake
        self.begun = self._loop.time()
        self._connections.add(self)
        make_room(self._connections, self, self.http.patience.connections)
        self._task = self._loop.create_task(self._shake_hands(), name="TLS handshake")

    def data_received(self, data: bytes) -> None:
        """What came together with the end of the handshake."""
        self._early += data

    def give_up(self, why: str) -> None:
        """As a connection that has its handshake behind it."""
        sender = self.transport.get_extra_info("peername")
        log.debug("connection given up", cause=why, sender=sender[0] if isinstance(sender, tuple) else "")
        self.transport.abort()

    def shutdown(self) -> None:
        """The server ends."""
        self.transport.abort()

    async def _shake_hands(self) -> None:
        try:
            encrypted = await self._loop.start_tls(
                self.transport,
                self,
                self.web.context(),
                server_side=True,
                ssl_handshake_timeout=self.http.patience.seconds,
                ssl_shutdown_timeout=_NEVER,
            )
        except OSError:  # the context has said why, if there is something to say
            return
        finally:
            self._connections.discard(self)
        if encrypted is None or encrypted.is_closing():
            return
        self._inside.beneath = (self.transport,)
        encrypted.set_protocol(self._inside)
        self._inside.connection_made(encrypted)
        if self._early:
            self._inside.data_received(bytes(self._early))


def over_tls(http: type[PatientProtocol], web: LiveWebConfig) -> type[Handshake]:
    """``http`` over TLS; each connection by the context of when it begins."""
    return type("Handshake", (Handshake,), {"http": http, "web": web})
