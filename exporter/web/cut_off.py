"""Requests that the end of the process cuts off, as what they wait for does not come: 503, and no bug in the log."""

from __future__ import annotations

import asyncio

import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)


class CutOff:
    """Answers a request that is cancelled before its answer has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except asyncio.CancelledError:
            log.warning("request cut off", path=scope["path"])
            if not begun:
                answer = PlainTextResponse("hubspot-salesforce-exporter is about to end: ask again later.\n", 503)
                await answer(scope, receive, send)
