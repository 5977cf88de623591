"""HTTP over a socket that costs the one who asks next to nothing: the machine belongs to who is asked."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """One connection that stays open; blocks until the whole answer is there."""

    def __init__(self, port: int, timeout: float = 300.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb", buffering=1 << 18)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, headers, b"")

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        return self._ask("POST", path, headers, body)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return self._answer()

    def _answer(self) -> Answer:
        status = self._file.readline()
        if not status:
            raise ConnectionResetError("closed without an answer")
        headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Answer(int(status.split()[1]), headers, self._body(headers))

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            whole: bytes = self._file.read(int(headers.get("content-length", "0")))
            return whole
        chunks: list[bytes] = []
        while size := int(self._file.readline(), 16):
            chunks.append(self._file.read(size))
            self._file.readline()
        self._file.readline()
        return b"".join(chunks)
