"""How many requests are worked on at a time: so many for each of those who are not to wait for one another."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.self_metrics import SelfMetrics
from exporter.web.problem import problem
from exporter.web.webhook import put_off

AT_ONCE = 100
"""Requests in a room: twice what is known to scrape one exporter at a time."""
RETRY_AFTER = 5

_ROOMS: Mapping[str, str] = {"metrics": "metrics", "alertmanager": "alertmanager", "-": ""}
"""By the first step of a path: scrapes, notifications. Whether the exporter lives is answered to everybody at once."""
_ALL_OTHERS = "people and programs"


class Rooms:
    """ASGI middleware: 503 with ``Retry-After`` where a room is full; Alertmanager sends again after that. A flood of
    requests for lists, each of which asks the bridge, keeps nobody from scraping."""

    def __init__(self, app: ASGIApp, metrics: SelfMetrics, at_once: int = AT_ONCE) -> None:
        self._app = app
        self._metrics = metrics
        self._at_once = at_once
        self._taken: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        room = _room(scope)
        if not room:
            await self._app(scope, receive, send)
            return
        taken = self._taken.get(room, 0)
        if taken >= self._at_once:
            self._metrics.refused("busy")
            put_off(Request(scope), "too many at a time", self._metrics)
            answer = problem(503, "too many requests at a time; send it again soon", {"Retry-After": str(RETRY_AFTER)})
            await answer(scope, receive, send)
            return
        self._taken[room] = taken + 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._taken[room] -= 1


def _room(scope: Scope) -> str:
    if scope["type"] != "http":
        return ""
    return _ROOMS.get(scope["path"].lstrip("/").partition("/")[0], _ALL_OTHERS)
