"""A company of services that all fail, and repeat what they were sent wherever that fits: the worst of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

MODES = (
    *("unauthorized", "forbidden", "server error", "too many", "redirect", "web page", "wrong types", "cut"),
    *("no HTTP", "hangs up", "proxy refuses", "nested"),
)


class Echo:
    """Answers HTTP, and on another port IMAP, in this mode, or without one in each of them in turn."""

    def __init__(self, mode: str | None = None) -> None:
        self._mode = mode
        self.heard = 0
        self.port = 0
        self.imap_port = 0

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(
                (int(line.split(":")[1]) for line in head.lower().split("\r\n") if "content-length" in line), 0
            )
            body = (await reader.readexactly(length)).decode("latin-1")
            self.heard += 1
            writer.write(self._answer(head, body))
            await writer.drain()
        writer.close()

    def _answer(self, head: str, body: str) -> bytes:
        said = f"{head} {body}"
        header = next((line for line in head.split("\r\n") if line.lower().startswith("authorization")), "none")
        told = json.dumps(
            {"message": said, "error": said, "error_description": said, "errorCode": said, "reason": said}
        )
        listed = json.dumps([{"message": said, "errorCode": header}])
        as_json = "Content-Type: application/json\r\n"
        answers = {
            "unauthorized": (401, as_json, told),
            "forbidden": (403, as_json, listed),
            "server error": (500, as_json, listed),
            "too many": (429, f"Retry-After: 1\r\nX-Echo: {header}\r\n{as_json}", told),
            "redirect": (302, f"Location: http://evil.example/{header.replace(' ', '')}\r\n", ""),
            "web page": (503, "Content-Type: text/html\r\n", f"<html>{said}"),
            "wrong types": (
                200,
                as_json,
                json.dumps({"results": said, "access_token": 1, "as_of": said, header: said}),
            ),
            "cut": (200, as_json, told[: len(told) // 2]),
            "proxy refuses": (407, f"Proxy-Authenticate: Basic realm={json.dumps(header)}\r\n", said),
            "nested": (200, as_json, "[" * 100_000 + json.dumps(said)),
        }
        mode = self._mode or MODES[self.heard % len(MODES)]
        if mode == "no HTTP":
            return said.encode("latin-1")
        if mode not in answers:
            return b""
        status, headers, text = answers[mode]
        content = text.encode()
        return f"HTTP/1.1 {status} {header}\r\n{headers}Content-Length: {len(content)}\r\n\r\n".encode() + content

    async def imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(b"* OK ready\r\n")
            while line := await reader.readline():
                self.heard += 1
                tag = line.split(b" ")[0]
                if b"CAPABILITY" in line.upper():
                    writer.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")
                else:
                    said = line.rstrip()
                    writer.write(
                        b"* BAD " + said + b"\r\n" + tag + b" NO [AUTHENTICATIONFAILED] not you: " + said + b"\r\n"
                    )
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def echoing(mode: str | None = None) -> AsyncIterator[Echo]:
    """Both, on ports of their own."""
    echo = Echo(mode)
    async with (
        await asyncio.start_server(echo.http, "127.0.0.1", 0) as http,
        await asyncio.start_server(echo.imap, "127.0.0.1", 0) as imap,
    ):
        echo.port, echo.imap_port = http.sockets[0].getsockname()[1], imap.sockets[0].getsockname()[1]
        yield echo
