"""``GET /metrics``: the page in chunks, for as long as somebody waits for it."""

from __future__ import annotations

import asyncio

import structlog
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from exporter.exposition.page import Exposition

PATIENCE = 120.0
"""Seconds after which a scrape is given up whose client takes nothing and does not leave. No Prometheus waits so long:
the rules want a scrape every two minutes. What is kept for it meanwhile is text that has been replaced since."""

log = structlog.get_logger(__name__)


class Scraping:
    """Answers scrapes. Between chunks everything else has its turn; one that is given up is worked on no further."""

    def __init__(self, exposition: Exposition, patience: float = PATIENCE) -> None:
        self._exposition = exposition
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(self._answer_in_time(Request(scope), send))
            leaving = tasks.create_task(_end_when_left(answering, receive))
            answering.add_done_callback(lambda _answered: leaving.cancel())

    async def _answer_in_time(self, request: Request, send: Send) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._answer(request, send)
        except TimeoutError:
            # The server closes the connection, as the answer is not whole.
            log.warning("scrape given up: nobody takes the answer", seconds=self._patience)

    async def _answer(self, request: Request, send: Send) -> None:
        page = await self._exposition.scrape(_header(request, "accept"))
        headers = {"Content-Type": page.content_type, "Content-Length": str(page.length), "Vary": "Accept"}
        raw = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        for chunk in page.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            # A client that reads as fast as we write never makes ``send`` wait.
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})


async def _end_when_left(answering: asyncio.Task[None], receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    answering.cancel()


def _header(request: Request, name: str) -> str:
    """All that was sent under this name, as one list."""
    return ", ".join(request.headers.getlist(name))
