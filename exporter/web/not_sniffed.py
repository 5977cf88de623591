"""Every answer says that it is what its type says, and nothing a browser makes out of it: text that somebody sent may
stand in it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = "X-Content-Type-Options"


class NotSniffed:
    """ASGI middleware that sets ``X-Content-Type-Options`` where nobody else has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(NAME, "nosniff")
            await send(message)

        await self._app(scope, receive, sent)
