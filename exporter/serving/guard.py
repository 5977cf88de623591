"""What a request meets before the application: the rate limit, the users, and the headers of every answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.self_metrics import SelfMetrics
from exporter.serving.queues import CrowdedError
from exporter.serving.rate_limit import Bucket
from exporter.serving.settings import RateLimit, WebConfig
from exporter.web.problem import in_its_form
from exporter.web.webhook import is_webhook, put_off

if TYPE_CHECKING:
    from exporter.serving.passwords import Passwords

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="hubspot-salesforce-exporter", charset="UTF-8"'}
_RETRY_AFTER = {"Retry-After": "5"}

log = structlog.get_logger(__name__)


class Guard:
    """``needs_no_user`` says of a request that a token lets it in, or that the endpoint judges its token itself."""

    def __init__(
        self,
        app: ASGIApp,
        config: Callable[[], WebConfig],
        needs_no_user: Callable[[Request], bool],
        metrics: SelfMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._config = config
        self._needs_no_user = needs_no_user
        self._metrics = metrics
        self._clock = clock
        self._bucket: Bucket | None = None
        self._passwords: Passwords | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        config, request = self._config(), Request(scope)
        send = _with_headers(send, config) if config.headers else send
        refusal = self._over(config.rate_limit, request) if config.rate_limit is not None else None
        if refusal is None and config.users and not self._needs_no_user(request):
            refusal = await self._stranger(config.users, request)
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _over(self, limit: RateLimit, request: Request) -> Response | None:
        if self._take(limit):
            return None
        self._metrics.refused("rate_limit")
        put_off(request, "rate_limit", self._metrics)
        # Alertmanager drops what is answered with any 4xx for good, and sends again what is answered with 5xx.
        status = 503 if is_webhook(request.scope["path"]) else 429
        return in_its_form(request, status, "too many requests", {"Retry-After": str(math.ceil(limit.interval))})

    def _take(self, limit: RateLimit) -> bool:
        now = self._clock()
        if self._bucket is None or self._bucket.limit != limit:
            self._bucket = Bucket(limit, now)
        return self._bucket.take(now)

    async def _stranger(self, users: Mapping[str, str], request: Request) -> Response | None:
        from exporter.serving.passwords import Passwords, why_refused  # noqa: PLC0415  most have no users

        if self._passwords is None:
            self._passwords = Passwords()
        sent, sender = request.headers.get("authorization", ""), request.client.host if request.client else ""
        try:
            if await self._passwords.let_in(users, sent, sender):
                return None
        except CrowdedError:
            self._metrics.refused("busy")
            return in_its_form(request, 503, "too many passwords to look at; send it again soon", _RETRY_AFTER)
        self._metrics.refused("unauthorized")
        if sent:  # who sends nothing is a browser that has not asked its user yet
            log.warning("user refused", sender=sender, **why_refused(users, sent))
        return in_its_form(request, 401, "a user name and its password are needed", _CHALLENGE)


def _with_headers(send: Send, config: WebConfig) -> Send:
    """A page that sets one of them itself knows why."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in config.headers:
                headers.setdefault(name, value)
        await send(message)

    return sending
