"""One request to an outside API: bounds, counting, retries."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.http.answer import Answer
from exporter.clients.http.retry import ATTEMPTS, LONGEST_PAUSE, pause_before_retry, retry_after
from exporter.clients.http.upstream import MAX_ANSWER_BYTES, Upstream
from exporter.errors import (
    UPSTREAM_ERROR_KINDS,
    Again,
    AuthError,
    ConnectError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    UpstreamError,
    UpstreamTimeout,
)
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeUpstream, Sent
from tests.clocks import ManualClock
from tests.examples import examples

URL = "https://api.example/thing"
OK = Canned(200, {"answer": 42})


async def ask(upstream: Upstream, url: str = URL, retry: bool = True) -> Any:
    """The JSON of a 200, else the failure its status stands for."""

    def judge(answer: Answer) -> Any:
        if answer.status != 200:
            raise upstream.failure(answer)
        return answer.json()

    return await upstream.call("GET", url, judge, retry=retry)


async def test_a_failure_that_passes_is_retried(upstream_over: MakeUpstream, sent: Sent) -> None:
    """Two server errors and then an answer is an answer, for three counted requests."""
    upstream = upstream_over(CannedTransport(Canned(500), Canned(502), OK))
    assert await ask(upstream) == {"answer": 42}
    assert sent.count == 3


async def test_retries_end(upstream_over: MakeUpstream, sent: Sent) -> None:
    """An API that stays down is asked three times in all, and every request is counted."""
    with pytest.raises(ServerError, match=r"^GET /thing: status 503$"):
        await ask(upstream_over(CannedTransport(Canned(503))))
    assert sent.count == ATTEMPTS == 3


async def test_without_retry_one_request_is_sent(upstream_over: MakeUpstream, sent: Sent) -> None:
    """Who keeps books of its own about what is still to do asks once."""
    with pytest.raises(ServerError):
        await ask(upstream_over(CannedTransport(Canned(503), OK)), retry=False)
    assert sent.count == 1


async def test_a_client_that_a_reload_has_closed_is_a_failure_that_passes(clock: ManualClock, sent: Sent) -> None:
    """Who was at work when its connections were replaced is told so, sends nothing, and is to try again soon."""
    http = httpx.AsyncClient(transport=CannedTransport(OK))
    await http.aclose()
    with pytest.raises(ConnectError, match="the configuration was reloaded") as caught:
        await ask(Upstream(http, clock, sent.one))
    assert (caught.value.again, sent.count) == (Again.SOON, 0)


@pytest.mark.parametrize("status", [301, 302, 400, 404, 409, 418])
async def test_an_answer_that_makes_no_sense_is_not_retried(
    upstream_over: MakeUpstream, sent: Sent, status: int
) -> None:
    """Redirects are not followed, and what the API calls our mistake is asked once."""
    transport = CannedTransport(Canned(status, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(InvalidAnswer):
        await ask(upstream_over(transport))
    assert sent.count == len(transport.requests) == 1


class TestRetryAfter:
    @pytest.mark.parametrize("status", [429, 503])
    async def test_a_short_pause_is_waited_for(self, upstream_over: MakeUpstream, sent: Sent, status: int) -> None:
        """Asked to come back in five seconds, the client does."""
        upstream = upstream_over(CannedTransport(Canned(status, headers={"Retry-After": "5"}), OK))
        assert await ask(upstream) == {"answer": 42}
        assert sent.count == 2

    async def test_a_short_pause_until_a_date_is_waited_for(
        self, upstream_over: MakeUpstream, sent: Sent, clock: ManualClock
    ) -> None:
        """The same when the header names the moment."""
        soon = formatdate(clock.time() + 5, usegmt=True)
        upstream = upstream_over(CannedTransport(Canned(429, headers={"Retry-After": soon}), OK))
        assert await ask(upstream) == {"answer": 42}
        assert sent.count == 2

    async def test_a_long_pause_is_left_to_the_schedule(
        self, upstream_over: MakeUpstream, sent: Sent, clock: ManualClock
    ) -> None:
        """Ten minutes are not waited for; the error says how long they are."""
        later = formatdate(clock.time() + 600, usegmt=True)
        for header in ("600", later):
            with pytest.raises(RateLimited) as caught:
                await ask(upstream_over(CannedTransport(Canned(429, headers={"Retry-After": header}))))
            assert caught.value.retry_after == 600
        assert sent.count == 2

    async def test_a_rate_limit_without_a_pause_is_never_retried(self, upstream_over: MakeUpstream, sent: Sent) -> None:
        """A 429 that names no pause is not asked again: that would burn what is left."""
        with pytest.raises(RateLimited):
            await ask(upstream_over(CannedTransport(Canned(429), OK)))
        assert sent.count == 1

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("0", 0.0),
            (" 7 ", 7.0),
            ("120", 120.0),
            ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
            ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
            ("", None),
            ("-5", None),
            ("5.5", None),
            ("soon", None),
            ("٣", None),
            ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
            ("Mon, 01 Jan 2027 00:00:00 +99999999999999", None),
        ],
    )
    def test_the_header_is_a_number_or_a_date(self, header: str, seconds: float | None) -> None:
        """RFC 9110 knows these two; everything else is as if there were none."""
        assert retry_after({"retry-after": header}, 1_800_000_000.0) == seconds

    @given(st.one_of(st.text(), st.from_regex(r"\w{3}, \d+ (Jan|Feb) \d+ \d+:\d+(:\d+)? [+-]\d+", fullmatch=True)))
    @settings(derandomize=True, deadline=None, max_examples=examples(300))
    def test_no_header_breaks_it(self, header: str) -> None:
        """Whatever stands there, the outcome is a pause of 0 or more, or none."""
        pause = retry_after({"retry-after": header}, 1_800_000_000.0)
        assert pause is None or pause >= 0


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (ServerError("x"), True),
        (ConnectError("x"), True),
        (UpstreamTimeout("x"), False),
        (AuthError("x"), False),
        (InvalidAnswer("x"), False),
        (RateLimited("x"), False),
        (RateLimited("x", retry_after=0), 0.05),
        (RateLimited("x", retry_after=LONGEST_PAUSE), LONGEST_PAUSE),
        (RateLimited("x", retry_after=LONGEST_PAUSE + 1), False),
        (ServerError("x", retry_after=3600), False),
        (ValueError("x"), False),
    ],
)
def test_what_is_sent_again_and_when(error: Exception, pause: bool | float) -> None:
    """True means with the usual backoff, a number the seconds that were asked for."""
    assert pause_before_retry(error) == pause
    assert isinstance(pause_before_retry(error), bool) == isinstance(pause, bool)


class TestConnection:
    @pytest.fixture
    def closed_port(self) -> Iterator[int]:
        """A port of this machine that is taken and on which nobody listens."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            yield taken.getsockname()[1]

    async def test_a_refused_connection_is_retried_then_said(
        self, upstream_over: MakeUpstream, sent: Sent, closed_port: int
    ) -> None:
        """Nobody listens: a ConnectError after three counted attempts."""
        with pytest.raises(
            ConnectError, match=rf"^127\.0\.0\.1:{closed_port}: the connection is refused: .* \(GET /thing\)$"
        ):
            await ask(upstream_over(None), f"http://127.0.0.1:{closed_port}/thing")
        assert sent.count == ATTEMPTS

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
            b"SSH-2.0-OpenSSH_9.2\r\n",
        ],
    )
    async def test_a_connection_that_breaks_is_a_connect_error(
        self, upstream_over: MakeUpstream, sent: Sent, answer: bytes
    ) -> None:
        """Whether the server says nothing, half of it or something else than HTTP."""
        async with _server(answer) as port:
            with pytest.raises(ConnectError):
                await ask(upstream_over(None), f"http://127.0.0.1:{port}/thing", retry=False)
        assert sent.count == 1

    @pytest.mark.parametrize("kind", [httpx.ConnectTimeout, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout])
    async def test_a_timeout_is_not_retried(
        self, upstream_over: MakeUpstream, sent: Sent, kind: type[httpx.TimeoutException]
    ) -> None:
        """A slow API is not asked three times as much."""
        with pytest.raises(UpstreamTimeout, match=r"^api\.example: no .* within 10 s.* \(GET /thing\)$"):
            await ask(upstream_over(CannedTransport(kind("slow"), OK)))
        assert sent.count == 1

    async def test_a_spoiled_tls_connection_is_a_connect_error(self, upstream_over: MakeUpstream) -> None:
        """Which httpcore does not name as such in the middle of an answer that comes through a proxy."""
        with pytest.raises(ConnectError, match=r"^its TLS connection broke: .* \(GET /thing\)$"):
            await ask(upstream_over(CannedTransport(ssl.SSLError(1, "decode error"))), retry=False)

    @pytest.mark.parametrize(
        ("body", "error", "words"),
        [(b"not gzip", InvalidAnswer, "broken gzip"), (gzip.compress(b"{}")[:-3], ConnectError, "ends early")],
        ids=["broken", "cut"],
    )
    async def test_what_cannot_be_unpacked(
        self, upstream_over: MakeUpstream, body: bytes, error: type[UpstreamError], words: str
    ) -> None:
        """What says gzip and is none, and what did not arrive whole."""
        with pytest.raises(error, match=words):
            await ask(upstream_over(CannedTransport(Canned(200, body, {"Content-Encoding": "gzip"}))), retry=False)


@asynccontextmanager
async def _server(answer: bytes) -> AsyncIterator[int]:
    """A server on loopback that sends these bytes to everybody and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class TestStatus:
    @pytest.mark.parametrize(
        ("answer", "error", "again", "words"),
        [
            (
                Canned(302, b"", {"Location": "https://b.example/x"}),
                InvalidAnswer,
                Again.SOON,
                "sends to b.example, where",
            ),
            (
                Canned(307, b"", {"Location": "/login"}),
                InvalidAnswer,
                Again.SOON,
                "sends to another page of the same host, as no API does; check the configured URL",
            ),
            (
                Canned(308, b"", {"Location": "https://API.example./x"}),
                InvalidAnswer,
                Again.SOON,
                "page of the same host",
            ),
            (Canned(304, b""), InvalidAnswer, Again.SOON, "status 304"),
            (Canned(400, {}), InvalidAnswer, Again.LATER, "status 400"),
            (Canned(401, {}), AuthError, Again.LATER, "status 401"),
            (Canned(401, b"<html>"), AuthError, Again.LATER, "web page"),
            (Canned(403, b""), AuthError, Again.LATER, "status 403"),
            (Canned(403, b"<html>"), InvalidAnswer, Again.SOON, "web page"),
            (Canned(404, {}), InvalidAnswer, Again.SOON, "status 404"),
            (Canned(414, b"<html>"), InvalidAnswer, Again.LATER, "web page"),
            (Canned(429, b"<html>"), RateLimited, Again.SOON, "web page"),
            (Canned(502, b"<html>"), ServerError, Again.AT_ONCE, "web page"),
            (Canned(200, b""), InvalidAnswer, Again.SOON, "an empty body"),
            (Canned(200, b" \n"), InvalidAnswer, Again.SOON, "an empty body"),
        ],
    )
    async def test_a_status_alone_says_what_happened(
        self, upstream_over: MakeUpstream, answer: Canned, error: type[UpstreamError], again: Again, words: str
    ) -> None:
        """Who refused, whether asking again helps, where a redirect leads, that it is a page: for every API alike."""
        with pytest.raises(error, match=words) as caught:
            await ask(upstream_over(CannedTransport(answer)), retry=False)
        assert (type(caught.value), caught.value.again) == (error, again)

    @pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 408, 423, 429, 477, 500, 503, 520])
    async def test_a_pause_is_kept_whatever_the_status(self, upstream_over: MakeUpstream, status: int) -> None:
        """The schedule waits for it."""
        with pytest.raises(UpstreamError) as caught:
            await ask(upstream_over(CannedTransport(Canned(status, {}, {"Retry-After": "600"}))))
        assert caught.value.retry_after == 600


class TestBody:
    async def test_an_answer_may_be_as_large_as_the_limit(self, upstream_over: MakeUpstream) -> None:
        """Sixteen mebibytes pass."""
        body = b'"' + b"x" * (MAX_ANSWER_BYTES - 2) + b'"'
        assert len(await ask(upstream_over(CannedTransport(Canned(200, body))))) == MAX_ANSWER_BYTES - 2

    async def test_a_larger_answer_is_refused(self, upstream_over: MakeUpstream, sent: Sent) -> None:
        """One byte more is not, and is not asked for again."""
        with pytest.raises(InvalidAnswer, match="more than 16777216 bytes"):
            await ask(upstream_over(CannedTransport(Canned(200, b"x" * (MAX_ANSWER_BYTES + 1)))))
        assert sent.count == 1

    async def test_a_compressed_answer_is_measured_unpacked(self, upstream_over: MakeUpstream) -> None:
        """A few kilobytes that unpack to more than the limit are too large."""
        bomb = gzip.compress(b" " * (MAX_ANSWER_BYTES + 1))
        with pytest.raises(InvalidAnswer, match="more than"):
            await ask(upstream_over(CannedTransport(Canned(200, bomb, {"Content-Encoding": "gzip"}))))

    async def test_a_bomb_is_not_unpacked_beyond_the_limit(self, upstream_over: MakeUpstream) -> None:
        """Half a megabyte that unpacks to 512 MiB takes no more memory than the largest answer."""
        packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
        bomb = b"".join([*(packer.compress(bytes(2**20)) for _ in range(512)), packer.flush()])
        canned = CannedTransport(Canned(200, bomb, {"Content-Encoding": "gzip"}))
        tracemalloc.start()
        try:
            with pytest.raises(InvalidAnswer, match="more than"):
                await ask(upstream_over(canned))
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 3 * MAX_ANSWER_BYTES

    @pytest.mark.parametrize("codings", ["gzip, gzip", "gzip,identity, deflate", "br", "Deflate"])
    async def test_an_answer_packed_as_nobody_asked_is_refused(self, upstream_over: MakeUpstream, codings: str) -> None:
        """Twice packed, a kilobyte may hold gigabytes."""
        packed = CannedTransport(Canned(200, gzip.compress(gzip.compress(b"{}")), {"Content-Encoding": codings}))
        with pytest.raises(InvalidAnswer, match=r"packed in a way that was not asked for: [a-z, ]+$"):
            await ask(upstream_over(packed))

    @pytest.mark.parametrize("coding", ["utf-8", "identity", ""])
    async def test_what_packs_nothing_is_read_as_it_is(self, upstream_over: MakeUpstream, coding: str) -> None:
        """Some servers put the charset there."""
        assert await ask(upstream_over(CannedTransport(Canned(200, b"{}", {"Content-Encoding": coding})))) == {}

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/json", b"<html>Try again later.</html>"),
            ("text/html; charset=utf-8", b""),
            ("TEXT/HTML", b"Back soon"),
            ("", b" \r\n<!DOCTYPE html>"),
        ],
    )
    async def test_a_web_page_is_called_one(self, upstream_over: MakeUpstream, content_type: str, body: bytes) -> None:
        """By its type or by how it begins; its text is not repeated."""
        page = Canned(200, body, {"Content-Type": content_type})
        with pytest.raises(InvalidAnswer, match=r"^GET /thing: status 200 with a web page instead of an answer"):
            await ask(upstream_over(CannedTransport(page)))

    @pytest.mark.parametrize(
        "body",
        [
            b'{"DailyApiRequests": {"Max": 1000',
            b'{"Max": NaN}',
            b"[Infinity]",
            b"-Infinity",
            b"\xff\xfe",
            b'"\xe9"',
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"[" * 101 + b"]" * 101,
            b'{"a":' * 500 + b"1" + b"}" * 500,
            b"1" * 5_000,
            b"{'a': 1}",
            b"[1] [2]",
        ],
        ids=lambda body: repr(body[:16]),
    )
    async def test_what_is_not_json_is_invalid(self, upstream_over: MakeUpstream, sent: Sent, body: bytes) -> None:
        """Cut, NaN, HTML, too deep, too long a number: the answer is refused, and its text is not repeated."""
        with pytest.raises(
            InvalidAnswer, match=r"^GET /thing: status 200 with a body that is (not JSON|nested too deeply)$"
        ):
            await ask(upstream_over(CannedTransport(Canned(200, body))))
        assert sent.count == 1

    @given(st.binary())
    @settings(derandomize=True, deadline=None, max_examples=examples(300))
    def test_any_bytes_are_json_or_invalid(self, body: bytes) -> None:
        """Nothing but InvalidAnswer comes out of reading a body."""
        answer = Answer(200, httpx.Headers(), body, "GET /thing")
        try:
            value = answer.json()
        except InvalidAnswer:
            return
        assert value == json.loads(body)


def test_every_kind_of_error_is_known() -> None:
    """The tree of errors and the label values of the counter do not drift apart."""
    assert {error.kind for error in UpstreamError.__subclasses__()} == set(UPSTREAM_ERROR_KINDS)
