"""A file with a line for every request: who sent it, when it came, when it was answered."""

import json
import time
from collections.abc import Callable
from typing import TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMES_ERRORS = "/bridge/resync"


class RequestLines:
    """Around the whole simulator. `host` is the name the sender called it by, `status` null if there was no answer;
    what is to be resynced stands in `error_ids`."""

    def __init__(self, app: ASGIApp, file: TextIO, clock: Callable[[], float] = time.time) -> None:
        self._app = app
        self._file = file
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/control"):
            await self._app(scope, receive, send)
            return
        line = {
            "began": self._clock(),
            "host": dict(scope["headers"]).get(b"host", b"").decode("latin-1"),
            "method": scope["method"],
            "path": scope["path"],
            "status": None,
        }
        body = bytearray()

        async def heard() -> Message:
            message = await receive()
            if scope["path"].endswith(_NAMES_ERRORS):
                body.extend(message.get("body", b""))
            return message

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
            await send(message)

        try:
            await self._app(scope, heard, said)
        finally:
            line |= {"ended": self._clock(), **_errors_named(body)}
            self._file.write(json.dumps(line) + "\n")


def _errors_named(body: bytearray) -> dict[str, object]:
    try:
        return {"error_ids": json.loads(body)["error_ids"]} if body else {}
    except (ValueError, KeyError, TypeError):
        return {}
