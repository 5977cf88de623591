"""The connection beneath IMAPClient: a socket that can be broken off from outside, and an answer that has a limit."""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
import threading

from imapclient import IMAPClient  # type: ignore[import-untyped]

from exporter.config.urls import is_loopback

MOST_RECEIVED = 256 * 1024 * 1024
"""Bytes of one connection: more than a poll can read at its best, less than what would hurt."""

LARGEST_LITERAL = 8 * 1024 * 1024
"""Bytes of one piece: no server was asked for more than a portion of a message."""


class Line:
    """A socket that another thread can break off, at any time: before it is there, then it never works."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._broken = False

    def keep(self, connected: socket.socket) -> None:
        """This is the socket from now on."""
        with self._lock:
            self._socket = connected
            if self._broken:
                _shut(connected)

    def break_off(self) -> None:
        """Whoever waits for the socket is told that it is at its end."""
        with self._lock:
            self._broken = True
            if self._socket is not None:
                _shut(self._socket)

    def close(self) -> None:
        """Nobody uses the socket any more."""
        with self._lock:
            self._broken = True
            if self._socket is not None:
                self._socket.close()


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class BoundedClient(IMAPClient):  # type: ignore[misc]
    """IMAPClient on a ``Line``, with TLS from the first byte if ``implicit`` is given; raises what a socket raises."""

    def __init__(self, host: str, port: int, line: Line, implicit: ssl.SSLContext | None, timeout: float) -> None:
        self._line, self._implicit, self._patience = line, implicit, timeout
        # IMAPClient opens no TLS of its own: how that is done is said here.
        super().__init__(host, port, ssl=False, timeout=timeout)
        self.normalise_times = False

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  so IMAPClient calls it
        return _BoundedImap(self.host, self.port, self._line, self._implicit, self._patience)

    def begin_tls(self, context: ssl.SSLContext) -> None:
        """STARTTLS; raises ``CapabilityError`` where the server has none. What it said in the clear is forgotten."""
        self.starttls(context)
        self._line.keep(self.socket())


class _BoundedImap(imaplib.IMAP4):
    def __init__(self, host: str, port: int, line: Line, tls: ssl.SSLContext | None, timeout: float) -> None:
        self._line, self._tls, self._received = line, tls, 0
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        connected = socket.create_connection((self.host, self.port), timeout)
        if self._tls is not None:
            connected = self._tls.wrap_socket(connected, server_hostname=self.host, do_handshake_on_connect=False)
        self._line.keep(connected)
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        return connected

    def read(self, size: int) -> bytes:
        """A literal, which says beforehand how long it is."""
        if size > LARGEST_LITERAL:
            raise self.error(f"a literal of {size} bytes")
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self._received += size
        if self._received > MOST_RECEIVED:
            raise self.error("an answer without end")


def is_here(connected: socket.socket) -> bool:
    """Whether the other end is this machine itself."""
    return is_loopback(str(connected.getpeername()[0]))
