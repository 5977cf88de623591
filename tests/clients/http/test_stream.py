"""Texts too large to hold: opened with retries, read once, bounded, counted."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from exporter.clients.http.answer import Answer
from exporter.clients.http.retry import ATTEMPTS
from exporter.clients.http.upstream import Upstream
from exporter.clients.salesforce.client import SalesforceClient
from exporter.errors import AuthError, ConnectError, InvalidAnswer, RateLimited, ServerError, UpstreamTimeout
from exporter.model import OrgUsage
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client, MakeUpstream, Sent
from tests.clocks import ManualClock

URL = "https://api.example/log"
LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
LOG = Canned(200, b"a\nb\n", {"Sforce-Limit-Info": "api-usage=7/100"})
EXPIRED = Canned(401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])


class Broken(httpx.AsyncByteStream):
    """A body that ends in an error; knows whether it was closed."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"a\nb\nc" * 100_000
        raise self._error

    async def aclose(self) -> None:
        self.closed = True


class StreamTransport(httpx.AsyncBaseTransport):
    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=self._body)


async def read(upstream: Upstream) -> bytes:
    def judge(answer: Answer) -> None:
        if answer.status != 200:
            raise upstream.failure(answer)

    async with upstream.stream(URL, judge) as body:
        return b"".join([piece async for piece in body])


async def read_and_fail(upstream: Upstream) -> None:
    async with upstream.stream(URL, lambda _answer: None) as body:
        async for _piece in body:
            raise httpx.InvalidURL("mine")


async def test_a_body_arrives(upstream_over: MakeUpstream, sent: Sent) -> None:
    """One request, counted."""
    assert await read(upstream_over(CannedTransport(LOG))) == b"a\nb\n"
    assert sent.count == 1


async def test_opening_is_retried(upstream_over: MakeUpstream, sent: Sent) -> None:
    """As any other request is: while a failure may pass, three times in all."""
    failed = httpx.ConnectError("no route")
    assert await read(upstream_over(CannedTransport(Canned(503), failed, LOG))) == b"a\nb\n"
    with pytest.raises(ServerError, match=r"^GET /log: status 503 with a web page"):
        await read(upstream_over(CannedTransport(Canned(503, b"<html>"))))
    assert sent.count == 3 + ATTEMPTS


async def test_an_answer_that_nobody_objects_to_is_still_refused(upstream_over: MakeUpstream) -> None:
    """A judge that lets a 404 pass does not turn its page into a log."""
    with pytest.raises(InvalidAnswer, match=r"^GET /log: status 404$"):
        async with upstream_over(CannedTransport(Canned(404, b"a\n"))).stream(URL, lambda _answer: None):
            raise AssertionError("opened")


@pytest.mark.parametrize(
    ("error", "expected"), [(httpx.ReadError("reset"), ConnectError), (httpx.ReadTimeout("late"), UpstreamTimeout)]
)
async def test_a_text_that_breaks_off_is_not_a_short_text(
    upstream_over: MakeUpstream, sent: Sent, error: Exception, expected: type[Exception]
) -> None:
    """The error comes where the pieces are read, is not retried, and the connection is given back."""
    body = Broken(error)
    with pytest.raises(expected):
        await read(upstream_over(StreamTransport(body)))
    assert sent.count == 1
    assert body.closed


async def test_who_stops_reading_gives_the_connection_back(upstream_over: MakeUpstream) -> None:
    """Also when it is an error of the reader's own that ends the reading; that error comes out as it is."""
    body = Broken(httpx.ReadError("not read so far"))
    with pytest.raises(httpx.InvalidURL, match="mine"):
        await read_and_fail(upstream_over(StreamTransport(body)))
    assert body.closed


async def body_from(client: SalesforceClient) -> bytes:
    async with client.stream("sobjects/EventLogFile/0AT/LogFile") as body:
        return b"".join([piece async for piece in body])


class TestSalesforce:
    async def test_usage_is_read_off_the_answer(self, client_over: Client, clock: ManualClock) -> None:
        """A streamed answer states the org's API calls like any other."""
        transport = CannedTransport(LOGIN, LOG)
        client = client_over(transport)
        assert await body_from(client) == b"a\nb\n"
        assert client.usage == OrgUsage(7, 100, clock.time())
        path = "https://acme.my.salesforce.com/services/data/v62.0/sobjects/EventLogFile/0AT/LogFile"
        assert str(transport.requests[-1].url) == path
        assert transport.requests[-1].headers["Authorization"] == "Bearer 00Dtoken"

    async def test_an_expired_session_is_renewed_once(self, client_over: Client, sent: Sent) -> None:
        """Read, be refused, log in, read; a second refusal is final."""
        client = client_over(CannedTransport(LOGIN, LOG, EXPIRED, LOGIN, LOG, EXPIRED, LOGIN, EXPIRED))
        for sent_by_then in (2, 5):
            assert await body_from(client) == b"a\nb\n"
            assert sent.count == sent_by_then
        with pytest.raises(AuthError):
            await body_from(client)
        assert sent.count == 8

    async def test_a_refusal_is_told_by_its_code(self, client_over: Client) -> None:
        """The error array is read although a log was asked for."""
        quota = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
        with pytest.raises(RateLimited, match="org quota used up"):
            await body_from(client_over(CannedTransport(LOGIN, Canned(403, quota))))

    async def test_a_query_is_one_call(self, client_over: Client, sent: Sent) -> None:
        """Spaces, quotes and signs arrive as they were written."""
        soql = "SELECT Id FROM Account WHERE Name = 'R&D + \\'x\\' 100%'"
        transport = CannedTransport(LOGIN, Canned(200, {"records": [{"Id": "001"}], "done": False}))
        records = await client_over(transport).query(soql)
        assert (records.rows, records.done) == (({"Id": "001"},), False)
        assert transport.requests[-1].url.params["q"] == soql
        assert sent.count == 2

    @pytest.mark.parametrize("body", [{}, [], {"records": [1], "done": True}, {"records": [], "done": None}])
    async def test_a_query_that_answers_something_else(self, client_over: Client, body: object) -> None:
        """An InvalidAnswer."""
        with pytest.raises(InvalidAnswer):
            await client_over(CannedTransport(LOGIN, Canned(200, body))).query("SELECT Id FROM Account")
