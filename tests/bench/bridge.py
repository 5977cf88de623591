"""A Sync Health bridge that costs nothing and notes when it was asked for what."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a-bridge-token"
CATEGORY, ERROR_TYPE = "other", "unknown"
"""Errors that a plain resync cures."""


class Bridge(ThreadingHTTPServer):
    """Its account syncs, and has one error at a time, each of another record. ``asked`` holds when (monotonic) it was
    sent the requests that a resync makes, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: queue.Queue[tuple[str, float]] = queue.Queue()
        self.numbers = itertools.count(1)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body in one packet.
    wbufsize = -1
    server: Bridge

    def do_GET(self) -> None:
        if self.path.startswith("/sync-errors"):
            self.server.asked.put(("list", time.monotonic()))
            self._answer(200, {"results": [_error(next(self.server.numbers))], "next_after": None})
        else:
            self._answer(200, _health())

    def do_POST(self) -> None:
        self.server.asked.put(("resync", time.monotonic()))
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(202, {"accepted": body["error_ids"], "rejected": []})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_parts: object) -> None:
        """Nobody reads it."""


def _health() -> dict[str, Any]:
    return {
        "as_of": datetime.now(UTC).isoformat(),
        "api_calls": {"used_24h": 1_000, "allocated": 60_000, "limited_by_salesforce": 100_000},
        "suspension": {"suspended": False, "reason": None, "since": None},
        "errors": [{"category": CATEGORY, "error_type": ERROR_TYPE, "errors": 1, "affected_records": 1}],
    }


def _error(number: int) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "category": CATEGORY,
        "error_type": ERROR_TYPE,
        "object_type": "contacts",
        "hubspot_id": str(number),
        "affected_records": 1,
    }


@contextlib.contextmanager
def running_bridge() -> Iterator[Bridge]:
    """In a thread of this process."""
    with Bridge() as bridge:
        thread = threading.Thread(target=bridge.serve_forever, daemon=True)
        thread.start()
        try:
            yield bridge
        finally:
            bridge.shutdown()
            thread.join()
