"""Why a connection failed, read off what real sockets, real TLS and a real proxy do; and what is said of it."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from exporter.clients.http.connect_failure import connect_failure
from exporter.clients.http.direct import SharedSession
from exporter.clients.http.upstream import Upstream
from exporter.errors import Again, ConnectError, UpstreamError
from tests.clients.authority import Authority
from tests.clients.conftest import Sent
from tests.clocks import ManualClock

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    await writer.drain()
    writer.close()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def greet_like_ssh(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()
    writer.close()


def proxy_that_says(status: int, header: str = "X-Nothing: 1") -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} No secret-of-the-proxy\r\n{header}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()

    return serve


@asynccontextmanager
async def served(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback; its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def client(verify: ssl.SSLContext | None = None, proxy: str | None = None) -> httpx.AsyncClient:
    """As ``ClientOpener`` opens them: straight, or through a proxy."""
    tls = verify or httpx.create_ssl_context()
    direct = SharedSession(tls).transport() if proxy is None else None
    return httpx.AsyncClient(trust_env=False, verify=tls, proxy=proxy, transport=direct)


async def told(url: str, trusted: Path | None = None, proxy: str | None = None, again: Again = Again.AT_ONCE) -> str:
    """What an ``Upstream`` says of its failure to ask this, which is asked again so."""
    verify = httpx.create_ssl_context()
    if trusted is not None:
        verify.load_verify_locations(trusted)
    async with client(verify, proxy) as http:
        upstream = Upstream(http, ManualClock(), Sent().one)
        with pytest.raises(UpstreamError) as caught:
            await upstream.call("GET", url, lambda got: got.status, retry=False)
    assert isinstance(caught.value, ConnectError)
    assert caught.value.again is again
    assert caught.value.code is None
    text = str(caught.value)
    assert text.endswith(" (GET /thing)")
    assert not any(word in text for word in ("secret", "user:", "key="))
    return text


class TestSockets:
    async def test_a_name_nobody_has(self) -> None:
        """The resolver says it, in whatever language."""
        text = await told("http://user:password@no-such-host.invalid/thing?key=secret")
        assert text.startswith(("no-such-host.invalid: its name cannot", "no-such-host.invalid: the name server"))

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_a_closed_port(self, host: str) -> None:
        """Host and port are named; whichever address the name has."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            text = await told(f"https://{host}:{port}/thing?key=secret")
        assert text.startswith(f"{host}:{port}: the connection is refused: nothing listens there")

    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_a_reset(self, scheme: str) -> None:
        """Before or within the TLS handshake."""
        async with served(reset) as port:
            assert "the connection was reset" in await told(f"{scheme}://127.0.0.1:{port}/thing")

    @pytest.mark.parametrize("serve", [hang_up, greet_like_ssh])
    async def test_what_is_not_http(self, serve: Serve) -> None:
        """It may want TLS: plain HTTP is hung up on."""
        async with served(serve) as port:
            assert "should be https://" in await told(f"http://127.0.0.1:{port}/thing")


class TestTls:
    @pytest.mark.parametrize(
        ("certificate", "trusts", "words"),
        [
            ("self_signed", False, "not trusted: it is self-signed. If it is your own, .* http.ca_file"),
            ("leaf", False, "not trusted: the authority .* not known here.* http.ca_file"),
            ("other_host", True, "for another host"),
            ("expired", True, "has expired"),
            ("not_yet_valid", True, "not valid yet: check the clock"),
        ],
    )
    async def test_a_certificate(self, authority: Authority, certificate: str, trusts: bool, words: str) -> None:
        """Each of its faults has a sentence of its own."""
        async with served(answer, authority.server(certificate)) as port:
            url, trusted = f"https://127.0.0.1:{port}/thing?key=secret", authority.file if trusts else None
            text = await told(url, trusted, again=Again.HOURLY)
        assert text.startswith(f"127.0.0.1:{port}: its certificate ")
        assert re.search(words, text)

    async def test_one_that_is_not_good_is_asked_once(self, authority: Authority) -> None:
        """It is no better a moment later."""
        asked = Sent()
        async with served(answer, authority.server("expired")) as port, client() as http:
            upstream = Upstream(http, ManualClock(), asked.one)
            with pytest.raises(ConnectError, match="certificate"):
                await upstream.call("GET", f"https://127.0.0.1:{port}/thing", lambda got: got.status)
        assert asked.count == 1

    async def test_a_trusted_one_works(self, authority: Authority) -> None:
        """The same server, once its authority is known."""
        async with served(answer, authority.server("leaf")) as port:
            verify = httpx.create_ssl_context()
            verify.load_verify_locations(authority.file)
            async with client(verify) as http:
                assert (await http.get(f"https://127.0.0.1:{port}/thing")).status_code == 200

    async def test_a_port_without_tls(self) -> None:
        """https:// to a server that speaks something else."""
        async with served(greet_like_ssh) as port:
            assert "does not speak TLS on this port" in await told(f"https://127.0.0.1:{port}/thing")

    async def test_one_that_hangs_up(self) -> None:
        """As firewalls do that read the name asked for."""
        async with served(hang_up) as port:
            assert "hangs up during the TLS handshake" in await told(f"https://127.0.0.1:{port}/thing")


class TestProxy:
    @pytest.mark.parametrize(
        ("status", "words", "again"),
        [
            (407, "status 407: it wants a user and password", Again.HOURLY),
            (401, "status 401: it wants a user and password", Again.HOURLY),
            (403, "forbids this host", Again.HOURLY),
            (502, "status 502", Again.AT_ONCE),
            (503, "503", Again.AT_ONCE),
        ],
    )
    async def test_one_that_refuses(self, status: int, words: str, again: Again) -> None:
        """It is named as the proxy; what it writes is not repeated. What somebody has to change is not tried again."""
        async with served(proxy_that_says(status)) as port:
            proxy = f"http://user:secret@127.0.0.1:{port}"
            text = await told("https://acme.example/thing?key=secret", proxy=proxy, again=again)
        assert text.startswith("acme.example: the proxy in between does not connect: ")
        assert words in text

    @pytest.mark.parametrize(
        ("status", "header", "words", "again"),
        [
            (407, "Proxy-Authenticate: Basic realm=secret", "wants a user and password, or other ones", Again.HOURLY),
            (407, "Via: 1.1 secret", "wants a user and password, or other ones", Again.HOURLY),
            (403, "X-Squid-Error: ERR_ACCESS_DENIED 0", "forbids this host", Again.HOURLY),
            (502, "X-Squid-Error: ERR_READ_ERROR 104", "cannot reach this host", Again.AT_ONCE),
            (503, "x-squid-error: ERR_DNS_FAIL 0", "cannot reach this host", Again.AT_ONCE),
            (504, "X-Squid-Error: ERR_CONNECT_FAIL 110", "cannot reach this host", Again.AT_ONCE),
        ],
    )
    async def test_one_that_answers_itself(self, status: int, header: str, words: str, again: Again) -> None:
        """As it does for http://, where there is no CONNECT: no refusal of the API's, nor an outage."""
        async with served(proxy_that_says(status, header)) as port:
            proxy = f"http://user:secret@127.0.0.1:{port}"
            text = await told("http://acme.example/thing?key=secret", proxy=proxy, again=again)
        assert text.startswith(f"acme.example: the proxy in between answers itself: status {status}: it {words}")

    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_one_that_is_not_there(self, scheme: str) -> None:
        """The host is not blamed for it."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            proxy = f"http://user:secret@127.0.0.1:{taken.getsockname()[1]}"
            text = await told(f"{scheme}://acme.example/thing", proxy=proxy)
        assert text.startswith("acme.example: the proxy in between cannot be reached: the connection is refused")

    async def test_one_nobody_knows(self) -> None:
        """Nor for its name."""
        text = await told("https://acme.example/thing", proxy="http://no-such-proxy.invalid:3128")
        assert text.startswith("acme.example: the proxy in between cannot be reached: ")


def raised(kind: type[httpx.RequestError], cause: BaseException | None, url: str = "https://a.example/x") -> str:
    """What is said of an error that came from this cause."""
    try:
        raise kind("secret text", request=httpx.Request("GET", url)) from cause
    except httpx.TransportError as error:
        return connect_failure(error, 10.0)


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "secret text")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("kind", "cause", "words"),
    [
        (httpx.ConnectError, socket.gaierror(socket.EAI_NONAME, "x"), "name cannot be resolved"),
        (httpx.ConnectError, socket.gaierror(socket.EAI_AGAIN, "x"), "name server does not answer"),
        (httpx.ConnectError, OSError(errno.ENETUNREACH, "x"), "no network to it"),
        (httpx.ConnectError, OSError(errno.EHOSTUNREACH, "x"), "no route to it"),
        (httpx.ConnectError, OSError(errno.ETIMEDOUT, "x"), "does not answer"),
        (httpx.ConnectError, OSError(errno.EMFILE, "x"), "too many open files"),
        (httpx.ConnectError, PermissionError(errno.EACCES, "x"), "forbids the connection"),
        (httpx.ConnectError, OSError(9999, "x"), "the connection broke (ConnectError)"),
        (
            httpx.ConnectError,
            ExceptionGroup("all", [OSError(errno.ENETUNREACH, "x"), OSError(errno.ECONNREFUSED, "x")]),
            "no network to it",
        ),
        (httpx.ConnectError, verification(19), "private authority"),
        (httpx.ConnectError, verification(21), "half a chain"),
        (httpx.ConnectError, verification(23), "revoked"),
        (httpx.ConnectError, verification(62), "another host"),
        (httpx.ConnectError, verification(99), "verify code 99"),
        (httpx.ConnectError, tls("TLSV1_ALERT_PROTOCOL_VERSION"), "no version of TLS in common"),
        (httpx.ReadError, tls("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "client certificate"),
        (httpx.ConnectError, tls("SSLV3_ALERT_HANDSHAKE_FAILURE"), "client certificate"),
        (httpx.ConnectError, tls("TLSV1_UNRECOGNIZED_NAME"), "no host of this name"),
        (httpx.ConnectError, tls("SOMETHING_NEW"), "handshake fails (SOMETHING_NEW)"),
        (httpx.ConnectTimeout, TimeoutError(), "no connection within 10 s"),
        (httpx.ReadTimeout, TimeoutError(), "no complete answer within 10 s"),
        (httpx.ReadError, ConnectionResetError(errno.ECONNRESET, "x"), "was reset"),
        (httpx.WriteError, BrokenPipeError(errno.EPIPE, "x"), "connection broke"),
        (httpx.ReadError, None, "the connection broke (ReadError)"),
        (httpx.LocalProtocolError, None, "(LocalProtocolError)"),
        (httpx.UnsupportedProtocol, None, "(UnsupportedProtocol)"),
        (httpx.ProxyError, None, "the proxy in between does not connect"),
    ],
)
def test_causes_that_are_hard_to_bring_about(
    kind: type[httpx.RequestError], cause: BaseException | None, words: str
) -> None:
    """Types, errno and verify codes decide; nothing of a library's text is repeated."""
    text = raised(kind, cause)
    assert text.startswith("a.example: ")
    assert words in text
    assert "secret" not in text


def test_only_host_and_port_of_a_url_are_named() -> None:
    """A password, a path and a query stay out."""
    url = "https://user:password@a.example:8443/path?token=secret"
    assert raised(httpx.ReadError, None, url).startswith("a.example:8443: the connection broke")


def test_an_error_that_names_no_request() -> None:
    """It is told without its host."""
    assert connect_failure(httpx.ReadError("x"), 10.0) == "unknown-host: the connection broke (ReadError)"
