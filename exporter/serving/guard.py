"""What a request meets before the application: the rate limit, the users, and the headers of every answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.serving.rate_limit import Bucket
from exporter.serving.settings import RateLimit, WebConfig
from exporter.web.problem import in_its_form
from exporter.web.webhook import is_webhook

if TYPE_CHECKING:
    from exporter.serving.passwords import Passwords

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="hubspot-salesforce-exporter", charset="UTF-8"'}


class Guard:
    """``needs_no_user`` says of a request that a token lets it in, or that the endpoint judges its token itself."""

    def __init__(
        self,
        app: ASGIApp,
        config: Callable[[], WebConfig],
        needs_no_user: Callable[[Request], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._config = config
        self._needs_no_user = needs_no_user
        self._clock = clock
        self._bucket: Bucket | None = None
        self._passwords: Passwords | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        config, request = self._config(), Request(scope)
        send = _with_headers(send, config) if config.headers else send
        limit = config.rate_limit
        if limit is not None and not self._take(limit):
            # Alertmanager drops what is answered with any 4xx for good, and sends again what is answered with 5xx.
            status = 503 if is_webhook(request.scope["path"]) else 429
            headers = {"Retry-After": str(math.ceil(limit.interval))}
            await in_its_form(request, status, "too many requests", headers)(scope, receive, send)
        elif not config.users or self._needs_no_user(request) or await self._is_user(request, config):
            await self._app(scope, receive, send)
        else:
            await in_its_form(request, 401, "a user name and its password are needed", _CHALLENGE)(scope, receive, send)

    def _take(self, limit: RateLimit) -> bool:
        now = self._clock()
        if self._bucket is None or self._bucket.limit != limit:
            self._bucket = Bucket(limit, now)
        return self._bucket.take(now)

    async def _is_user(self, request: Request, config: WebConfig) -> bool:
        if self._passwords is None:
            from exporter.serving.passwords import Passwords  # noqa: PLC0415  most have no users

            self._passwords = Passwords()
        return await self._passwords.let_in(config.users, request.headers.get("authorization", ""))


def _with_headers(send: Send, config: WebConfig) -> Send:
    """A page that sets one of them itself knows why."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in config.headers:
                headers.setdefault(name, value)
        await send(message)

    return sending
