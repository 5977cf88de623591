"""A bridge over which a test decides when a resync is answered; everything else it answers at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

ERROR = {
    "id": "e1",
    "category": "permissions",
    "error_type": "salesforce_field_permissions",
    "details": None,
    "object_type": "contacts",
    "hubspot_id": "101",
    "salesforce_id": None,
    "affected_records": 1,
    "last_seen": None,
}
COUNT = {"category": "permissions", "error_type": "salesforce_field_permissions", "errors": 1, "affected_records": 1}
SUSPENSION = {"suspended": False, "reason": None, "since": None}


class SlowBridge:
    """``asked`` is set once a resync has come, which waits for ``go``; ``listing`` once errors are to be listed, which
    wait for ``list``."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.listing = asyncio.Event()
        self.list = asyncio.Event()
        self.list.set()
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            body = json.dumps(await self._answer_to(head.split(" ", 2)[1])).encode()
            status = "202 Accepted" if head.startswith("POST") else "200 OK"
            lines = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(lines.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        writer.close()

    async def _answer_to(self, path: str) -> dict[str, Any]:
        if path.startswith("/resync"):
            self.asked.set()
            await self.go.wait()
            return {"accepted": ["e1"], "rejected": []}
        if path.startswith("/sync-errors"):
            self.listing.set()
            await self.list.wait()
            return {"results": [ERROR], "next_after": None}
        return {"as_of": "2026-11-21T10:00:00Z", "suspension": SUSPENSION, "errors": [COUNT]}


@contextlib.asynccontextmanager
async def slow_bridge() -> AsyncIterator[SlowBridge]:
    """Serves one on loopback until the block ends."""
    bridge = SlowBridge()
    server = await asyncio.start_server(bridge.answer, "127.0.0.1", 0)
    bridge.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield bridge
    finally:
        bridge.go.set()
        server.close()
