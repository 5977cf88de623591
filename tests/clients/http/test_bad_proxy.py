"""Proxies that fail: what is said names the proxy, not the host that was wanted, and never the proxy's password."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.clients.http.client import ClientOpener
from exporter.clients.http.upstream import Upstream
from exporter.config.network import network_of
from exporter.errors import Again, ConnectError, UpstreamError, UpstreamTimeout
from tests.clients.http.loopback import Authority, listening, proxy, server
from tests.clocks import ManualClock

OUTSIDE = "acme.my.salesforce.com"
PATIENCE, NO_PATIENCE = 20.0, 0.2
"""Seconds: nobody waits for a proxy that says nothing."""


async def failure(proxy_url: str, authority: Authority | None = None, patience: float = PATIENCE) -> UpstreamError:
    """What asking Salesforce through this proxy comes to."""
    section = {"proxy": proxy_url} | ({} if authority is None else {"ca_file": str(authority.file)})
    async with ClientOpener()(network_of(section, Path(), {})) as http:
        upstream = Upstream(http, ManualClock(), lambda: None, timeout=patience)
        with pytest.raises(UpstreamError) as caught:
            await upstream.call("GET", f"https://{OUTSIDE}/limits", lambda answer: answer.json(), retry=False)
    assert "hunter2" not in str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)
    return caught.value


def speak_something_else(line: socket.socket) -> None:
    line.recv(1024)
    line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def hang_up(line: socket.socket) -> None:
    line.recv(1024)


def say_nothing(line: socket.socket) -> None:
    while line.recv(1024):
        pass


@pytest.mark.parametrize(
    ("does", "kind", "said"),
    [
        (speak_something_else, ConnectError, "it hangs up or does not answer with HTTP: check host and port"),
        (hang_up, ConnectError, "it hangs up or does not answer with HTTP: check host and port"),
        (say_nothing, UpstreamTimeout, f"no complete answer within {NO_PATIENCE:g} s"),
    ],
)
async def test_a_proxy_that_does_not_do_its_work_is_named(
    does: Callable[[socket.socket], None], kind: type[UpstreamError], said: str
) -> None:
    """Salesforce has done nothing wrong."""
    with listening(does) as port:
        patience = NO_PATIENCE if does is say_nothing else PATIENCE
        error = await failure(f"http://me:hunter2@127.0.0.1:{port}", patience=patience)
    named = f"the proxy of http.proxy (http://<secret>@127.0.0.1:{port})"
    assert isinstance(error, kind)
    assert str(error) == f"{OUTSIDE}: {named} does not connect: {said} (GET /limits)"


async def test_a_proxy_whose_certificate_is_not_good_is_named(tmp_path: Path) -> None:
    """As that of a host is: whose it is, and what makes it trusted. It is not asked again at once."""
    ours, other = Authority(tmp_path), Authority(tmp_path, "Another authority")
    with proxy(0, tls=other.tls_for("localhost")) as seen:
        untrusted = await failure(f"https://me:hunter2@localhost:{seen.port}", ours)
        misnamed = await failure(f"https://me:hunter2@127.0.0.1:{seen.port}", other)
    for error, host, said in (
        (untrusted, "localhost", "its certificate is not trusted: "),
        (misnamed, "127.0.0.1", "its certificate is for another host"),
    ):
        named = f"{OUTSIDE}: the proxy of http.proxy (https://<secret>@{host}:{seen.port}) cannot be reached: {said}"
        assert str(error).startswith(named)
        assert error.again is Again.HOURLY
    assert "(issued by “Another authority”)" in str(untrusted)
    assert "http.ca_file" in str(untrusted)


async def test_a_host_behind_a_proxy_is_named_where_its_own_certificate_is_not_good(tmp_path: Path) -> None:
    """The proxy, asked over TLS itself, is trusted; the issuer is often one that reads along."""
    ours, other = Authority(tmp_path), Authority(tmp_path, "Another authority")
    with server(other.tls_for(OUTSIDE)) as salesforce, proxy(salesforce.port, tls=ours.tls_for("localhost")) as seen:
        error = await failure(f"https://localhost:{seen.port}", ours)
    assert str(error).startswith(f"{OUTSIDE}: its certificate is not trusted: ")
    assert "(issued by “Another authority”)" in str(error)


async def test_a_proxy_asked_in_the_wrong_way_is_named(tmp_path: Path) -> None:
    """Over TLS where it has none."""
    with listening(speak_something_else) as port:
        error = await failure(f"https://localhost:{port}")
    assert f"the proxy of http.proxy (https://localhost:{port}) cannot be reached: it does not speak TLS" in str(error)
