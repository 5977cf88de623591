"""One request to an outside API: bounded in time and size, counted, retried where that can help.

What comes back is an ``Answer`` of any status; what it means is for the client of that API to say, through the
``judge`` it passes: it raises the ``UpstreamError`` that fits, or returns what it made of the answer.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, TypeVar

import httpx
import stamina

from exporter.clients.http import time_limit
from exporter.clients.http.answer import Answer, is_web_page
from exporter.clients.http.between import failure_between
from exporter.clients.http.connect_failure import again_after, connect_failure
from exporter.clients.http.pieces import PACKED, pieces, unpacker
from exporter.clients.http.retry import ATTEMPTS, pause_before_retry, retry_after
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

_PACKINGS = frozenset({"br", "compress", "dcb", "dcz", "deflate", "gzip", "x-compress", "x-gzip", "zstd"})
"""What IANA lists, and old names, of what makes a body smaller."""

_REFUSED_AS_ASKED = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431})
"""Statuses that refuse the request itself: the same again would be refused as well."""

T = TypeVar("T")


class Upstream:
    """Sends the requests of one integration to one API.

    ``count`` is called once for every request sent; ``spend`` is awaited before it and may raise instead. After the
    end of a ``time_limit`` nothing is sent: ``TimeoutError``.
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

        async def once() -> T:
            if admit is not None:
                await admit()
            return judge(await self._send(request))

        return await _retried(once) if retry else await once()

    async def _about_to_send(self) -> None:
        if self._spend is not None:
            await self._spend()
        time_limit.check()
        if self._http.is_closed:
            # A reload has closed it under who was still at work; that may go on with the new one, unlike httpx' answer.
            raise ConnectError("the configuration was reloaded meanwhile: its connections are closed", again=Again.SOON)
        self._count()

    async def _send(self, request: httpx.Request) -> Answer:
        where = _where(request)
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
        where = _where(request)
        response = await self._opened(request, judge)
        try:
            judge(Answer(response.status_code, response.headers, b"", where, request.url.host))
            packed = _is_packed(response, where)
            async with aclosing(pieces(_chunks(response, where, self._timeout), packed, where, self._clock)) as body:
                yield body
        finally:
            await response.aclose()

    async def _opened(self, request: httpx.Request, judge: Callable[[Answer], object]) -> httpx.Response:
        return await _retried(lambda: self._open(request, judge))

    async def _open(self, request: httpx.Request, judge: Callable[[Answer], object]) -> httpx.Response:
        where = _where(request)
        await self._about_to_send()
        with _as_upstream_errors(where, self._timeout):
            response = await self._http.send(request, stream=True)
            if response.status_code == httpx.codes.OK and not is_web_page(response.headers, b""):
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


async def _retried(ask: Callable[[], Awaitable[T]]) -> T:
    """What ``ask`` returned, or what it raised last."""
    try:
        return await ask()
    except UpstreamError as error:
        if not pause_before_retry(error):
            raise
        failed = error
    # Only now: nearly all succeed at once, and to set a retry up takes as long as to build the request.
    async for attempt in stamina.retry_context(on=pause_before_retry, attempts=ATTEMPTS, timeout=None):
        with attempt:
            if attempt.num == 1:
                raise failed
            return await ask()
    raise AssertionError("stamina returns or raises")


@contextmanager
def _as_upstream_errors(where: str, seconds: float) -> Iterator[None]:
    """What httpx raises for a failed connection, as ours: host and cause first."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise UpstreamTimeout(f"{connect_failure(error, seconds)} ({where})") from error
    except httpx.TransportError as error:
        reason = f"{connect_failure(error, seconds)} ({where})"
        raise ConnectError(reason, again=again_after(error)) from error
    except ssl.SSLError as error:
        # Behind a proxy, what spoils a connection that stands is handed on as it is.
        raise ConnectError(f"its TLS connection broke: {getattr(error, 'reason', None) or error} ({where})") from error


def _where(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def _is_packed(response: httpx.Response, where: str) -> bool:
    """Whether ``_raw`` gives gzip; raises ``InvalidAnswer`` for what nobody asked for."""
    told = response.headers.get("content-encoding", "").lower().split(",")
    # What packs nothing, as a bridge's "utf-8", says nothing.
    packed = [coding for coding in map(str.strip, told) if coding in _PACKINGS]
    if not packed or response.is_stream_consumed:
        return False
    if packed not in ([PACKED], [f"x-{PACKED}"]):
        raise InvalidAnswer(f"{where}: packed in a way that was not asked for: {', '.join(packed)[:80]}")
    return True


async def _chunks(response: httpx.Response, where: str, seconds: float) -> AsyncIterator[bytes]:
    with _as_upstream_errors(where, seconds):
        async for chunk in _raw(response):
            yield chunk


def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """As it comes over the network; what a transport without one has unpacked already, as that."""
    return response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw()


async def _whole(response: httpx.Response, request: httpx.Request, max_bytes: int) -> Answer:
    where = _where(request)
    try:
        body = await _read_bounded(response, where, max_bytes)
    finally:
        await response.aclose()
    return Answer(response.status_code, response.headers, body, where, request.url.host)


async def _read_bounded(response: httpx.Response, where: str, max_bytes: int) -> bytes:
    unpack, body = unpacker(_is_packed(response, where), where), bytearray()
    async for chunk in _raw(response):
        for piece in unpack.feed(chunk):
            body += piece
            if len(body) > max_bytes:
                raise InvalidAnswer(f"{where}: an answer of more than {max_bytes} bytes")
    unpack.end()
    return bytes(body)
