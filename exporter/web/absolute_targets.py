"""``GET http://exporter:9951/metrics HTTP/1.1``: a server takes a target in absolute form as well, whatever host it
names (RFC 9112, 3.2.2). A client sends it that has been told of a proxy where there is none."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

_SCHEME_AND_HOST = re.compile(r"https?://[^/]*", re.IGNORECASE)


class AbsoluteTargets:
    """ASGI middleware: everything behind it sees the path alone, so what is judged is what is routed by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before = _SCHEME_AND_HOST.match(scope.get("path", ""))
        if before is not None:
            scope = {**scope, "path": scope["path"][before.end() :] or "/"}
        await self._app(scope, receive, send)
