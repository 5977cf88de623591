"""``GET /metrics``: the page in chunks, for as long as somebody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import structlog
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from exporter.exposition.negotiation import takes_gzip
from exporter.exposition.page import Exposition
from exporter.exposition.selection import Selection
from exporter.web.parameters import BadParameter, names, shard

PATIENCE = 120.0
"""Seconds after which a scrape is given up whose client takes nothing and does not leave. No Prometheus waits so long:
the rules want a scrape every two minutes. What is kept for it meanwhile is text that has been replaced since."""

A_TURN = 4
"""Chunks that are made or sent in one go, about a millisecond."""

log = structlog.get_logger(__name__)


class Scraping:
    """Answers scrapes. Between chunks everything else has its turn; one that is given up is worked on no further."""

    def __init__(self, exposition: Exposition, patience: float = PATIENCE) -> None:
        self._exposition = exposition
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            wanted = _wanted(request.query_params)
        except BadParameter as error:
            await PlainTextResponse(f"{error}\n", 400)(scope, receive, send)
            return
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(self._answer_in_time(request, wanted, send))
            leaving = tasks.create_task(_end_when_left(answering, receive))
            answering.add_done_callback(lambda _answered: leaving.cancel())

    async def _answer_in_time(self, request: Request, wanted: Selection, send: Send) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._answer(request, wanted, send)
        except TimeoutError:
            # The server closes the connection, as the answer is not whole.
            log.warning("scrape given up: nobody takes the answer", seconds=self._patience)

    async def _answer(self, request: Request, wanted: Selection, send: Send) -> None:
        page = await self._exposition.scrape(_header(request, "accept"), wanted)
        headers = {"Content-Type": page.content_type, "Vary": "Accept, Accept-Encoding"}
        chunks, length = _in_turns(page.chunks()), page.length
        if takes_gzip(_header(request, "accept-encoding")):
            headers["Content-Encoding"] = "gzip"
            # A twentieth of the text: it is packed whole, so that a client that reads slowly keeps no text waiting.
            body = [chunk async for chunk in _in_turns(page.gzipped())]
            chunks, length = _in_turns(iter(body)), sum(map(len, body))
        if length is not None:
            headers["Content-Length"] = str(length)
        raw = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _in_turns(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """One after the other, however many: between, all else has its turn, also where a client reads as fast as we
    write."""
    for number, chunk in enumerate(chunks, 1):
        yield chunk
        if number % A_TURN == 0:
            await asyncio.sleep(0)


def _wanted(query: QueryParams) -> Selection:
    """What ``integration[]=``, or ``integration=``, and ``shard=`` ask for; raises ``BadParameter``."""
    named = names((*query.getlist("integration[]"), *query.getlist("integration")))
    return Selection(named, shard(query.getlist("shard")))


async def _end_when_left(answering: asyncio.Task[None], receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    answering.cancel()


def _header(request: Request, name: str) -> str:
    """All that was sent under this name, as one list."""
    return ", ".join(request.headers.getlist(name))
