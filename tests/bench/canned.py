"""The simulator's answers, played back: it makes an answer once, and more integrations are fed than it could feed.

``python -m tests.bench.canned PORT SIMULATOR`` is the process that plays them, with the simulator behind it at the port
``SIMULATOR``. What was asked before, but for the numbers in a request's body, which are times, is answered as before.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import sys
from collections.abc import Sequence

ASKED = "/canned/requests"
"""Tells how many requests were answered."""

_NUMBERS = re.compile(rb"[0-9]+")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_KEPT_BACK = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}

Key = tuple[bytes, bytes]


class Canned:
    """The answers by request line and body, as bytes of HTTP."""

    def __init__(self, simulator: int) -> None:
        self._simulator = simulator
        self._answers: dict[Key, asyncio.Future[bytes]] = {}
        self.asked = 0

    def known(self, head: bytes, body: bytes) -> bytes | None:
        """The answer, if it was given before."""
        self.asked += 1
        if f" {ASKED} ".encode() in head[:100]:
            return _http(200, [], str(self.asked - 1).encode())
        answer = self._answers.get(_key(head, body))
        return answer.result() if answer is not None and answer.done() else None

    async def answer(self, head: bytes, body: bytes) -> bytes:
        """The same, from the simulator where nobody has asked before."""
        key = _key(head, body)
        if key not in self._answers:
            self._answers[key] = asyncio.ensure_future(asyncio.to_thread(self._asked, head, body))
        return await self._answers[key]

    def _asked(self, head: bytes, body: bytes) -> bytes:
        lines = head.decode("latin-1").split("\r\n")
        method, path, _version = lines[0].split(" ")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        sent = {name: value for name, value in headers.items() if name.lower() not in _KEPT_BACK - {"host"}}
        connection = http.client.HTTPConnection("127.0.0.1", self._simulator, timeout=30)
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            told = [(name, value) for name, value in answer.getheaders() if name.lower() not in _KEPT_BACK]
            return _http(answer.status, told, answer.read())
        finally:
            connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self, canned: Canned) -> None:
        self._canned = canned
        self._got = b""
        self._later: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._got[:end]
        length = _LENGTH.search(head)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._got) < whole:
            return
        body, self._got = self._got[end + 4 : whole], self._got[whole:]
        answer = self._canned.known(head, body)
        if answer is not None:
            self._transport.write(answer)
            return
        task = asyncio.ensure_future(self._write_later(head, body))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _write_later(self, head: bytes, body: bytes) -> None:
        self._transport.write(await self._canned.answer(head, body))


def _key(head: bytes, body: bytes) -> Key:
    return head[: head.index(b"\r\n")], _NUMBERS.sub(b"", body)


def _http(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} OK", *(f"{name}: {value}" for name, value in headers), f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def serve(port: int, simulator: int) -> None:
    canned = Canned(simulator)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(canned), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
