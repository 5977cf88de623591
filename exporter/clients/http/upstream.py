"""One request to an outside API: bounded in time and size, counted, retried where that can help.

What comes back is an ``Answer`` of any status; what it means is for the client of that API to say, through the
``judge`` it passes: it raises the ``UpstreamError`` that fits, or returns what it made of the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import stamina

from exporter.clients.http.between import failure_between
from exporter.clients.http.connect_failure import again_after, connect_failure
from exporter.clients.http.pieces import PACKED, pieces
from exporter.clock import Clock
from exporter.errors import (
    Again,
    AuthError,
    ConnectError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    UpstreamError,
    UpstreamTimeout,
)

REQUEST_TIMEOUT = 10.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
ATTEMPTS = 3
LONGEST_PAUSE = 10.0
"""A Retry-After up to this many seconds is waited for; beyond it the poll fails and the schedule waits instead."""

LONGEST_RETRY_AFTER = 86_400.0
"""No Retry-After is kept to for longer than this many seconds: one odd header must not bury a poll or a job."""

_WEB_PAGES = {"text/html", "application/xhtml+xml"}
_WEB_PAGE = "with a web page instead of an answer (maintenance, or a proxy or portal in between)"
_REFUSED_AS_ASKED = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431})
"""Statuses that refuse the request itself: the same again would be refused as well."""

SAME_HOST = "another page of the same host"
"""Where a redirect leads that stays at the host that was asked."""

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer; ``where`` is method and path of the request, ``host`` whom it was sent to."""

    status: int
    headers: httpx.Headers
    body: bytes
    where: str
    host: str = ""

    @property
    def is_web_page(self) -> bool:
        """HTML where an API was asked: a maintenance page, or a proxy's or portal's in between."""
        return _is_web_page(self.headers, self.body)

    @property
    def sent_to(self) -> str | None:
        """The host a redirect leads to, or ``SAME_HOST``; ``None`` if the answer is no redirect.

        None is ever followed: the token in the request is not for whoever is there.
        """
        if not 300 <= self.status < 400 or "location" not in self.headers:  # noqa: PLR2004
            return None
        try:
            host = (urlsplit(self.headers["location"].strip()).hostname or self.host).rstrip(".")
        except ValueError:
            return "a place that is no URL"
        return host if _HOST.fullmatch(host) and host != self.host else SAME_HOST

    @property
    def redirect(self) -> str | None:
        """What a person reads of it."""
        host = self.sent_to
        if host is None:
            return None
        return f"sends to {host}, as no API does" if host == SAME_HOST else f"sends to {host}, where no token goes"

    def json(self) -> Any:
        """The body as JSON; raises ``InvalidAnswer`` for anything else, NaN and Infinity included."""
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError) as error:
            if self.is_web_page:
                raise InvalidAnswer(self.told(), code="WEB_PAGE") from error
            what = "a body that is not JSON" if self.body.strip() else "an empty body"
            raise InvalidAnswer(f"{self.where}: status {self.status} with {what}") from error

    def told(self, code: str | None = None) -> str:
        """Method, path, status and the API's own code as a person reads them; and that it is a web page, if it is."""
        words = [f"{self.where}: status {self.status}", code or "", _WEB_PAGE if self.is_web_page else ""]
        return " ".join(word for word in words if word)


class Upstream:
    """Sends the requests of one integration to one API.

    ``count`` is called once for every request sent; ``spend`` is awaited before it and may raise instead.
    ``timeout`` are seconds without a byte, ``max_bytes`` what an answer may hold.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        clock: Clock,
        count: Callable[[], None],
        spend: Callable[[], Awaitable[None]] | None = None,
        *,
        timeout: float = REQUEST_TIMEOUT,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._http = http
        self._clock = clock
        self._count = count
        self._spend = spend
        self._timeout = timeout
        self._max_bytes = max_bytes

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
        content: bytes | None = None,
        retry: bool = True,
        admit: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """What ``judge`` makes of the answer; raises its ``UpstreamError``, or one for a failed connection.

        With ``retry`` a failure that may pass is tried again, ``ATTEMPTS`` times in all, with backoff. A quota that
        is used up is never retried into. ``admit`` is awaited before every request, retries included.
        """
        request = self._http.build_request(
            method,
            url,
            headers=headers,
            params=params,
            data=data,
            json=json_body,
            content=content,
            timeout=self._timeout,
        )
        attempts = ATTEMPTS if retry else 1
        async for attempt in stamina.retry_context(on=pause_before_retry, attempts=attempts, timeout=None):
            with attempt:
                if admit is not None:
                    await admit()
                return judge(await self._send(request))
        raise AssertionError("stamina returns or raises")

    async def _about_to_send(self) -> None:
        if self._spend is not None:
            await self._spend()
        self._count()

    async def _send(self, request: httpx.Request) -> Answer:
        where = f"{request.method} {request.url.path}"
        await self._about_to_send()
        with _as_upstream_errors(where, self._timeout):
            response = await self._http.send(request, stream=True)
            return self._of_the_api(await _whole(response, request, self._max_bytes))

    @asynccontextmanager
    async def stream(
        self, url: str, judge: Callable[[Answer], object], *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body of an answer too large to hold, in pieces, as they arrive; memory stays flat, and no total time is
        set: see ``pieces``.

        ``judge`` sees a 200 without its body, and any other answer, or a web page, whole. Opening is retried like
        ``call``; what breaks in the middle is not, and raises its ``UpstreamError`` where the pieces are read.
        """
        headers = {**(headers or {}), "Accept-Encoding": PACKED}
        request = self._http.build_request("GET", url, headers=headers, timeout=self._timeout)
        where = f"{request.method} {request.url.path}"
        response = await self._opened(request, judge)
        try:
            judge(Answer(response.status_code, response.headers, b"", where, request.url.host))
            packed = _is_packed(response, where)
            async with aclosing(pieces(_chunks(response, where, self._timeout), packed, where, self._clock)) as body:
                yield body
        finally:
            await response.aclose()

    async def _opened(self, request: httpx.Request, judge: Callable[[Answer], object]) -> httpx.Response:
        async for attempt in stamina.retry_context(on=pause_before_retry, attempts=ATTEMPTS, timeout=None):
            with attempt:
                return await self._open(request, judge)
        raise AssertionError("stamina returns or raises")

    async def _open(self, request: httpx.Request, judge: Callable[[Answer], object]) -> httpx.Response:
        where = f"{request.method} {request.url.path}"
        await self._about_to_send()
        with _as_upstream_errors(where, self._timeout):
            response = await self._http.send(request, stream=True)
            if response.status_code == httpx.codes.OK and not _is_web_page(response.headers, b""):
                return response
            answer = self._of_the_api(await _whole(response, request, self._max_bytes))
        judge(answer)
        raise self.failure(answer)

    def failure(self, answer: Answer, code: str | None = None) -> UpstreamError:
        """The error for an answer whose status alone says what happened; a redirect and a web page are told as such."""
        reason, wait = answer.told(code), self.asked_pause(answer)
        code = code or f"HTTP_{answer.status}"
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            return RateLimited(reason, code=code, retry_after=wait)
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return ServerError(reason, code=code, retry_after=wait)
        if answer.status == httpx.codes.UNAUTHORIZED:
            return AuthError(reason, code=code, retry_after=wait)
        # A web page under 403 is written by a firewall or proxy in between, not by an API that knows who asks.
        if answer.status == httpx.codes.FORBIDDEN and not answer.is_web_page:
            return AuthError(reason, code=code, retry_after=wait)
        if answer.redirect is not None:
            reason += f": {answer.redirect}; check the configured URL"
        again = Again.LATER if answer.status in _REFUSED_AS_ASKED else Again.SOON
        return InvalidAnswer(reason, code=code, retry_after=wait, again=again)

    def _of_the_api(self, answer: Answer) -> Answer:
        """The answer; raises ``ConnectError`` for one that something in between gave instead."""
        failure = failure_between(answer.status, answer.headers, answer.host, answer.where, self.asked_pause(answer))
        if failure is not None:
            raise failure
        return answer

    def asked_pause(self, answer: Answer) -> float | None:
        """Seconds the API asks to be left alone, ``None`` if it does not."""
        return retry_after(answer.headers, self._clock.time())


def pause_before_retry(error: Exception) -> bool | float:
    """Whether, or after how many seconds, the same request is sent again."""
    if not isinstance(error, UpstreamError):
        return False
    if error.again in (Again.HOURLY, Again.LATER):
        return False
    if error.retry_after is not None:
        return max(error.retry_after, 0.05) if error.retry_after <= LONGEST_PAUSE else False
    return error.again is Again.AT_ONCE


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds of a ``Retry-After`` header (RFC 9110: a number or a date), ``None`` without a readable one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date: datetime = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, date.timestamp() - now)


def _is_web_page(headers: Mapping[str, str], body: bytes) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _WEB_PAGES or body.lstrip()[:1] == b"<"


def parse_json(text: str | bytes) -> Any:
    """JSON as RFC 8259 has it, without NaN and Infinity; raises ``ValueError``, or ``RecursionError`` if too deep."""
    return json.loads(text, parse_constant=_refuse_constant)


@contextmanager
def _as_upstream_errors(where: str, seconds: float) -> Iterator[None]:
    """What httpx raises for a failed connection, as ours: host and cause first."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise UpstreamTimeout(f"{connect_failure(error, seconds)} ({where})") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        reason = f"{connect_failure(error, seconds)} ({where})"
        raise ConnectError(reason, again=again_after(error)) from error


def _is_packed(response: httpx.Response, where: str) -> bool:
    """Whether ``_chunks`` gives gzip; raises ``InvalidAnswer`` for what nobody asked for."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity") or response.is_stream_consumed:
        return False
    if encoding not in (PACKED, f"x-{PACKED}"):
        raise InvalidAnswer(f"{where}: packed in a way that was not asked for")
    return True


async def _chunks(response: httpx.Response, where: str, seconds: float) -> AsyncIterator[bytes]:
    """As they come over the network; what a transport without one has unpacked already, as that."""
    with _as_upstream_errors(where, seconds):
        async for chunk in response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw():
            yield chunk


async def _whole(response: httpx.Response, request: httpx.Request, max_bytes: int) -> Answer:
    where = f"{request.method} {request.url.path}"
    try:
        body = await _read_bounded(response, where, max_bytes)
    finally:
        await response.aclose()
    return Answer(response.status_code, response.headers, body, where, request.url.host)


async def _read_bounded(response: httpx.Response, where: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise InvalidAnswer(f"{where}: an answer of more than {max_bytes} bytes")
    return bytes(body)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
