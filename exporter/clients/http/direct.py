"""Straight to a host, for httpx' own clients: the connections are aiohttp's, at half the CPU of httpcore's a request.

All clients of one network share them: an idle connection to ``api.hubapi.com`` serves whichever integration asks next,
so that few requests begin with a TLS handshake, and what is looked through at every request are those of one host.
What aiohttp raises goes on as what httpx raises for the same, caused by what aiohttp met: see ``connect_failure``.
Nothing is unpacked here, no redirect followed, no cookie kept, no variable of the environment looked at.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx
from yarl import URL

KEPT_SECONDS = 15.0
"""An idle connection is closed after these: before most servers, which takes an error out of the next request."""

LONGEST_LINE = 64 * 1024
"""Bytes of a header; aiohttp's own 8 KiB are less than some gateways send."""

_OURS = frozenset({"Accept", "Accept-Encoding", "Content-Type", "User-Agent"})
"""Headers that aiohttp would add: httpx has, or nobody wants them."""


_ERRORS: tuple[tuple[tuple[type[Exception], ...], type[httpx.TransportError]], ...] = (
    ((aiohttp.ConnectionTimeoutError,), httpx.ConnectTimeout),
    ((TimeoutError,), httpx.ReadTimeout),
    ((aiohttp.ClientConnectorError,), httpx.ConnectError),
    ((aiohttp.InvalidURL,), httpx.UnsupportedProtocol),
    (
        (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError),
        httpx.RemoteProtocolError,
    ),
    ((ValueError,), httpx.LocalProtocolError),
)
"""The first that fits; anything else is a connection that broke."""


class SharedSession:
    """The connections of all clients of a network; they are closed with the last of them."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._clients = 0
        self._session: aiohttp.ClientSession | None = None

    def transport(self) -> httpx.AsyncBaseTransport:
        """That of one more client."""
        self._clients += 1
        return _Direct(self)

    def get(self) -> aiohttp.ClientSession:
        """The session, opened when it is first used: it belongs to the event loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, limit=0, keepalive_timeout=KEPT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_OURS,
                max_line_size=LONGEST_LINE,
                max_field_size=LONGEST_LINE,
            )
        return self._session

    async def leave(self) -> None:
        """One client less."""
        self._clients -= 1
        if self._clients == 0 and self._session is not None:
            session, self._session = self._session, None
            await session.close()


class _Direct(httpx.AsyncBaseTransport):
    def __init__(self, shared: SharedSession) -> None:
        self._shared = shared
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        with _as_httpx_errors():
            response = await self._shared.get().request(
                request.method,
                _whom(request.url),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=timeout.get("connect"),
                    sock_connect=timeout.get("connect"),
                    sock_read=timeout.get("read"),
                ),
            )
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Body(response))

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            await self._shared.leave()


def _whom(url: httpx.URL) -> URL:
    """As httpx has encoded it. What it says of user and password httpx has made a header of."""
    return URL(str(url.copy_with(userinfo=b"") if url.userinfo else url), encoded=True)


class _Body(httpx.AsyncByteStream):
    """As it comes over the network."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        # What is left unread would have to be read before the connection served anybody else.
        self._response.close()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError and ssl.SSLError are of OSError's
        raise _of_httpx(error)(str(error)) from _origin(error)


def _origin(error: Exception) -> BaseException:
    """What aiohttp wraps into an error of its own, which is of the same kind and says less."""
    for wrapped in ("certificate_error", "os_error"):
        origin = getattr(error, wrapped, None)
        if isinstance(origin, ConnectionResetError) and origin.errno is None:
            # So asyncio calls the end of a connection within the handshake; OpenSSL's own name tells it from a reset.
            hung_up = ssl.SSLEOFError()
            hung_up.reason = "UNEXPECTED_EOF"
            return hung_up
        if isinstance(origin, BaseException):
            return origin
    return error


def _of_httpx(error: Exception) -> type[httpx.TransportError]:
    return next((httpxs for kinds, httpxs in _ERRORS if isinstance(error, kinds)), httpx.ReadError)
