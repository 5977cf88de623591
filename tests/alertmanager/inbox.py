"""What Alertmanager delivers: an HTTP server on loopback that keeps every notification, in order."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Notification:
    """One request: the receiver is its path."""

    receiver: str
    payload: dict[str, Any]
    authorization: str | None

    @property
    def status(self) -> str:
        return str(self.payload["status"])

    def labels(self, name: str, status: str = "firing") -> set[str]:
        """The values of a label among its alerts of that status."""
        return {alert["labels"].get(name, "") for alert in self.payload["alerts"] if alert["status"] == status}

    def tells_of(self, **labels: str) -> bool:
        return any(labels.items() <= alert["labels"].items() for alert in self.payload["alerts"])


class Inbox:
    """Everything that was delivered so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.notifications: list[Notification] = []

    def of(self, receiver: str, **labels: str) -> list[Notification]:
        """What a receiver was told of alerts with these labels, oldest first."""
        return [
            notification
            for notification in list(self.notifications)
            if notification.receiver == receiver and notification.tells_of(**labels)
        ]


@contextlib.contextmanager
def open_inbox() -> Iterator[Inbox]:
    """Listens on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            notification = Notification(self.path.strip("/"), json.loads(body), self.headers["Authorization"])
            inbox.notifications.append(notification)
            self.send_response(200)
            self.end_headers()
            # What Slack answers a webhook. Newer Alertmanagers read it, and take any other text for an error that no
            # repetition cures: the message counts as not sent, and its end is never told.
            self.wfile.write(b"ok")

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        inbox = Inbox(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield inbox
        finally:
            server.shutdown()
            thread.join()
