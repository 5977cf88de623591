"""Connections, bounded in number and in time: what a client may take to ask, to send what it sends, and to read what it
is answered.

uvicorn bounds none of this by time, and ends a connection only that lies idle between two requests. Whoever sends a
header letter by letter, a body byte by byte, or never reads an answer would hold a connection for ever, and a few
hundred of them all there are. A request may last as long as it gets on: an upload of half a gigabyte does.

Nothing is answered to who is given up, the connection is closed: Alertmanager drops a notification for good after any
4xx, and sends it again after this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import h11
import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from exporter.web.not_sniffed import NAME as NOT_SNIFFED

MoreHeaders = Callable[[], Iterable[tuple[str, str]]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, and for how many.

    ``seconds`` is what a header may take to arrive whole, and how often is looked whether a body or its answer gets
    on; ``body_bytes`` must have arrived of a body in every such while. ``header_bytes`` is what a header may hold,
    ``connections`` how many may be open at a time: below 1024, the number of open files that systems allow by default.
    """

    seconds: float = 10.0
    body_bytes: int = 4 * 1024
    header_bytes: int = 64 * 1024
    connections: int = 512


class PatientProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, with ``Patience``. Made by ``patient``.

    ``beneath`` is what carries the connection where that is TLS: there waits what was encrypted and is not sent.
    """

    patience = Patience()
    beneath: tuple[asyncio.Transport, ...] = ()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._watch: asyncio.TimerHandle | None = None
        self._begun = 0.0
        self._arrived = 0
        self._unsent = 0
        self._resumed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._begun = self.loop.time()
        super().connection_made(cast(asyncio.Transport, transport))
        make_room(self.connections, self, self.patience.connections)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._arrived += len(data)
        super().data_received(data)

    def on_response_complete(self) -> None:
        # From here on the next header is waited for.
        self._begun = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        self._resumed = True
        super().resume_writing()

    def more_headers(self) -> Iterable[tuple[str, str]]:
        """Those that are configured for every answer, as they are now."""
        return ()

    def send_400_response(self, msg: str) -> None:
        """To what is no request of HTTP: uvicorn's own has none of the headers that every other answer has."""
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close", NOT_SNIFFED: "nosniff"}
        encoded = [(name.encode(), value.encode()) for name, value in {**headers, **dict(self.more_headers())}.items()]
        for event in (
            h11.Response(status_code=400, headers=encoded, reason=b"Bad Request"),
            h11.Data(data=msg.encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    @property
    def waits_for_header(self) -> bool:
        """Whether no request has arrived whole that is not answered yet."""
        return self.conn.their_state is h11.IDLE and (self.cycle is None or self.cycle.response_complete)

    @property
    def begun(self) -> float:
        """Since when the header is waited for, by the clock of the loop."""
        return self._begun

    def give_up(self, why: str) -> None:
        """Closes the connection, also where something is still to be sent."""
        log.debug("connection given up", cause=why, sender=self.client[0] if self.client else "")
        self.transport.abort()

    def _look_later(self) -> None:
        self._watch = self.loop.call_later(self.patience.seconds, self._look)

    def _look(self) -> None:
        why = self._stands_still()
        self._arrived, self._resumed = 0, False
        self._unsent = self._bytes_to_send()
        if why is None:
            self._look_later()
        else:
            self.give_up(why)

    def _bytes_to_send(self) -> int:
        return sum(one.get_write_buffer_size() for one in (self.transport, *self.beneath))

    def _stands_still(self) -> str | None:
        """What does not get on, if anything, since the last look."""
        unsent = self._bytes_to_send()
        if unsent:
            return None if self._resumed or not self._unsent or unsent < self._unsent else "the answer is not read"
        if self.transport.is_closing():
            return "it does not end its side"
        if self.waits_for_header:
            late = self.loop.time() - self._begun >= self.patience.seconds
            return "no header arrived whole" if late else None
        if self.conn.their_state is not h11.SEND_BODY or self.flow.read_paused:
            return None
        if self.cycle is not None and self.cycle.response_complete:
            late = self.loop.time() - self._begun >= self.patience.seconds
            return "it was answered, and its body goes on" if late else None
        return None if self._arrived >= self.patience.body_bytes else "the body does not arrive"


class Open(Protocol):
    """An open connection: of this module, or one whose TLS has still to begin."""

    transport: asyncio.Transport

    @property
    def waits_for_header(self) -> bool: ...

    @property
    def begun(self) -> float: ...

    def give_up(self, why: str) -> None: ...


def make_room(connections: Collection[Any], newest: Open, most: int) -> None:
    """Where there are more than that, one goes: of those that have asked nothing the one that has been there for the
    longest, which costs nobody who asks anything; where all have asked something, the newest itself."""
    if len(connections) <= most:
        return
    idle = [one for one in connections if one is not newest and one.waits_for_header and not one.transport.is_closing()]
    min(idle, key=lambda one: one.begun, default=newest).give_up("too many connections")


def patient(patience: Patience, more_headers: MoreHeaders = tuple) -> type[PatientProtocol]:
    """The protocol with this patience, for uvicorn, which makes one a connection."""
    return type("Protocol", (PatientProtocol,), {"patience": patience, "more_headers": lambda _: more_headers()})
