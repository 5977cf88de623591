"""One request to an outside API: bounded in time and size, counted, retried where that can help.

What comes back is an ``Answer`` of any status; what it means is for the client of that API to say, through the
``judge`` it passes: it raises the ``UpstreamError`` that fits, or returns what it made of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import stamina

from exporter.clock import Clock
from exporter.errors import (
    ConnectError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    UpstreamError,
    UpstreamTimeout,
)

REQUEST_TIMEOUT = httpx.Timeout(10.0)
MAX_ANSWER_BYTES = 16 * 1024 * 1024
ATTEMPTS = 3
LONGEST_PAUSE = 10.0
"""A Retry-After up to this many seconds is waited for; beyond it the poll fails and the schedule waits instead."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    headers: httpx.Headers
    body: bytes
    where: str

    def json(self) -> Any:
        """The body as JSON; raises ``InvalidAnswer`` for anything else, NaN and Infinity included."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InvalidAnswer(f"{self.where}: status {self.status} with a body that is not JSON") from error


class Upstream:
    """Sends the requests of one integration to one API; ``count`` is called once for every request sent."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, count: Callable[[], None]) -> None:
        self._http = http
        self._clock = clock
        self._count = count

    async def call(
        self,
        method: str,
        url: str,
        judge: Callable[[Answer], T],
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        json_body: Any = None,
        retry: bool = True,
    ) -> T:
        """What ``judge`` makes of the answer; raises its ``UpstreamError``, or one for a failed connection.

        With ``retry`` a failure that may pass is tried again, ``ATTEMPTS`` times in all, with backoff. A quota that
        is used up is never retried into.
        """
        request = self._http.build_request(
            method, url, headers=headers, params=params, data=data, json=json_body, timeout=REQUEST_TIMEOUT
        )
        attempts = ATTEMPTS if retry else 1
        async for attempt in stamina.retry_context(on=pause_before_retry, attempts=attempts, timeout=None):
            with attempt:
                return judge(await self._send(request))
        raise AssertionError("stamina returns or raises")

    async def _send(self, request: httpx.Request) -> Answer:
        where = f"{request.method} {request.url.path}"
        self._count()
        try:
            response = await self._http.send(request, stream=True)
            try:
                body = await _read_bounded(response, where)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise UpstreamTimeout(f"{where}: no complete answer within {REQUEST_TIMEOUT.read:g} s") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ConnectError(f"{where}: {type(error).__name__}") from error
        return Answer(response.status_code, response.headers, body, where)

    def failure(self, answer: Answer, code: str | None = None, detail: str = "") -> UpstreamError:
        """The error for an answer whose status alone says what happened."""
        reason = f"{answer.where}: status {answer.status}" + (f" {code}" if code else "") + detail
        wait = retry_after(answer.headers, self._clock.time())
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            return RateLimited(reason, code=code, retry_after=wait)
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return ServerError(reason, code=code, retry_after=wait)
        return InvalidAnswer(reason, code=code)


def pause_before_retry(error: Exception) -> bool | float:
    """Whether, or after how many seconds, the same request is sent again."""
    if not isinstance(error, UpstreamError):
        return False
    if error.retry_after is not None:
        return max(error.retry_after, 0.05) if error.retry_after <= LONGEST_PAUSE else False
    return error.retryable


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds of a ``Retry-After`` header (RFC 9110: a number or a date), ``None`` without a readable one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date: datetime = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - now)


async def _read_bounded(response: httpx.Response, where: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise InvalidAnswer(f"{where}: an answer of more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
