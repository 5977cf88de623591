"""How outside APIs are reached: through a real proxy or straight, with a private authority's certificate or not."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.http.client import ClientOpener, trusting
from exporter.clients.http.upstream import Upstream
from exporter.config.authorities import read_authorities
from exporter.config.network import Network, network_of
from exporter.demo.processes import free_port
from exporter.errors import ConnectError
from tests.clients.http.loopback import Authority, Seen, proxy, server
from tests.clocks import ManualClock

OUTSIDE = "acme.my.salesforce.com"
TOKEN = {"Authorization": "Bearer hunter2"}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def salesforce(authority: Authority) -> Iterator[Seen]:
    """A server that shows a certificate for the host outside."""
    with server(authority.tls_for(OUTSIDE)) as seen:
        yield seen


def network(section: dict[str, Any], **environment: str) -> Network:
    return network_of(section, Path(), environment)


async def ask(network: Network, url: str = f"https://{OUTSIDE}/limits") -> Any:
    """The JSON at a URL, as the clients of all APIs ask for it."""
    async with ClientOpener()(network) as http:
        upstream = Upstream(http, ManualClock(), lambda: None)
        return await upstream.call("GET", url, lambda answer: answer.json(), headers=TOKEN, retry=False)


@pytest.mark.parametrize("by", ["file", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_what_is_outside_is_asked_through_the_proxy(by: str, authority: Authority, salesforce: Seen) -> None:
    """The proxy sees the host's name and nothing of the request: the token travels encrypted."""
    with proxy(salesforce.port) as seen:
        url = f"http://127.0.0.1:{seen.port}"
        section = {"ca_file": str(authority.file)} | ({"proxy": url} if by == "file" else {})
        assert await ask(network(section, **({} if by == "file" else {by: url}))) == {"here": True}
    (head,) = seen.heads
    assert head.startswith(f"CONNECT {OUTSIDE}:443 HTTP/1.1\r\n")
    assert "hunter2" not in head
    assert "Authorization: Bearer hunter2" in salesforce.heads[0]


async def test_a_proxy_that_wants_a_password_gets_it(authority: Authority, salesforce: Seen) -> None:
    """As basic authentication; signs that a URL cannot hold are percent-encoded in it."""
    with proxy(salesforce.port) as seen:
        section = {"ca_file": str(authority.file), "proxy": f"http://me:p%40ss@127.0.0.1:{seen.port}"}
        await ask(network(section))
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:p@ss').decode()}" in seen.heads[0]


async def test_a_proxy_may_be_asked_over_tls(authority: Authority, salesforce: Seen) -> None:
    """Its certificate may be of the same private authority."""
    with proxy(salesforce.port, tls=authority.tls_for("localhost")) as seen:
        section = {"ca_file": str(authority.file), "proxy": f"https://localhost:{seen.port}"}
        assert await ask(network(section)) == {"here": True}
    assert len(seen.heads) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_is_asked_straight(host: str) -> None:
    """Whatever the variables say: a bridge on this machine is asked over plain HTTP, with a token."""
    with server() as bridge, proxy(bridge.port) as seen:
        url = f"http://127.0.0.1:{seen.port}"
        variables = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), url)
        for section in ({}, {"proxy": url}, {"proxy": url, "no_proxy": []}):
            assert await ask(network(section, **variables), f"http://{host}:{bridge.port}/acme") == {"here": True}
    assert len(bridge.heads) == 3
    assert seen.heads == []


async def test_an_exempted_host_is_asked_straight(authority: Authority) -> None:
    """No name is resolved here to anything outside, so the proxy alone could have answered."""
    with server() as unasked, proxy(unasked.port) as seen:
        section = {"proxy": f"http://127.0.0.1:{seen.port}", "no_proxy": [".invalid"]}
        with pytest.raises(ConnectError, match=r"^bridge\.invalid: (its name cannot|the name server)"):
            await ask(network(section), "https://bridge.invalid/a")
    assert seen.heads == []


async def test_a_private_authority_is_trusted_beside_the_public_ones(authority: Authority, bridge: Seen) -> None:
    """What trusts the bridge's certificate still trusts Salesforce's."""
    public = {entry["serialNumber"] for entry in httpx.create_ssl_context(trust_env=False).get_ca_certs()}
    both = trusting(read_authorities(authority.file)).get_ca_certs()
    assert public < {entry["serialNumber"] for entry in both}
    assert len(public) > 50
    assert await ask(network({"ca_file": str(authority.file)}), _straight(bridge)) == {"here": True}


def _straight(seen: Seen) -> str:
    return f"https://localhost:{seen.port}/a"


@pytest.fixture
def bridge(authority: Authority) -> Iterator[Seen]:
    with server(authority.tls_for("localhost")) as seen:
        yield seen


async def test_a_file_of_several_authorities(authority: Authority, bridge: Seen, tmp_path: Path) -> None:
    """A bundle as Windows programs write it, with comments beside the certificates."""
    bundle = tmp_path / "bundle.pem"
    text = f"# Firmen-CAs für alle\n{Authority(tmp_path, 'Another').pem}\n# ours\n{authority.pem}"
    bundle.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert await ask(network({"ca_file": str(bundle)}), _straight(bridge)) == {"here": True}


ASKED = """
import socket, sys
from exporter.clients.http.client import trusting
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as line:
    trusting(None).wrap_socket(line, server_hostname="localhost").close()
"""


def test_an_authority_that_the_system_trusts_is_trusted(authority: Authority, bridge: Seen, tmp_path: Path) -> None:
    """As companies install their own on their machines: seen by a process that has another ``/etc/ssl/certs``."""
    installed = tmp_path / "certs"
    installed.mkdir()
    (installed / "ca-certificates.crt").write_text(authority.pem)
    asks = [sys.executable, "-c", ASKED, str(bridge.port)]
    elsewhere = f'mount --bind "{installed}" /etc/ssl/certs && exec "$@"'
    here = subprocess.run(asks, check=False, capture_output=True, text=True)
    there = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", elsewhere, "sh", *asks], check=False)
    assert "CERTIFICATE_VERIFY_FAILED" in here.stderr
    assert there.returncode == 0


async def test_a_certificate_of_nobody_known_is_said(bridge: Seen) -> None:
    """With the host, the reason, who signed it, and what makes it trusted."""
    said = r"^localhost:\d+: its certificate is not trusted: .* \(issued by “A private authority”\)\. .* http\.ca_file"
    with pytest.raises(ConnectError, match=said):
        await ask(network({}), _straight(bridge))


async def test_an_issuer_is_shown_as_far_as_it_can_be_printed(tmp_path: Path) -> None:
    """Whoever answers has written it: it moves no cursor, and fills no log."""
    tls = Authority(tmp_path, "\x1b[2J" + "x" * 60).tls_for("localhost")
    with server(tls) as seen, pytest.raises(ConnectError) as caught:
        await ask(network({}), _straight(seen))
    assert f"(issued by “\ufffd[2J{'x' * 60}”)" in str(caught.value)


async def test_who_is_trusted_need_not_be_a_root(tmp_path: Path, authority: Authority) -> None:
    """Companies hand out the authority that signs below theirs; on every Python that is enough."""
    below = Authority(tmp_path, "Below the private one", above=authority)
    with server(below.tls_for("localhost")) as seen:
        assert await ask(network({"ca_file": str(below.file)}), _straight(seen)) == {"here": True}


def _hashed(authority: Authority, folder: Path) -> Path:
    """A directory as OpenSSL looks for certificates in one."""
    name = subprocess.check_output(["openssl", "x509", "-noout", "-hash", "-in", authority.file], text=True).strip()
    (folder / "hashed").mkdir()
    (folder / "hashed" / f"{name}.0").write_text(authority.pem)
    return folder / "hashed"


async def test_the_variables_say_together_whom_to_trust(
    tmp_path: Path, authority: Authority, bridge: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file and directories of certificates, each named by its hash, as OpenSSL's own programs read them."""
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'none'}:{_hashed(authority, tmp_path)}")
    assert await ask(network({}), _straight(bridge)) == {"here": True}
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path, "Another").file))
    assert await ask(network({}), _straight(bridge)) == {"here": True}


async def test_a_certificate_of_another_host_is_said(authority: Authority, salesforce: Seen) -> None:
    """It was signed by somebody trusted, for somebody else."""
    with pytest.raises(ConnectError, match=r"^localhost:\d+: its certificate is for another host"):
        await ask(network({"ca_file": str(authority.file)}), _straight(salesforce))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("407 hunter2", "status 407: it wants a user and password, or other ones"),
        ("403 Forbidden", "status 403: it forbids this host"),
        ("502 Bad Gateway", "status 502: it cannot reach this host"),
    ],
)
async def test_a_proxy_that_refuses_is_said(status: str, said: str) -> None:
    """Its status, and no word of its own or of its URL."""
    with proxy(0, status=status) as seen, pytest.raises(ConnectError) as caught:
        await ask(network({"proxy": f"http://me:hunter2@127.0.0.1:{seen.port}"}))
    named = f"the proxy of http.proxy (http://<secret>@127.0.0.1:{seen.port})"
    assert str(caught.value) == f"{OUTSIDE}: {named} does not connect: {said} (GET /limits)"


async def test_a_proxy_that_is_not_there_is_said() -> None:
    """The connection that was refused is the proxy's, not Salesforce's; by the variable or key that names it."""
    for named in ("HTTPS_PROXY", "all_proxy"):
        port = free_port()
        said = (
            rf"the proxy of {named} \(http://<secret>@127.0.0.1:{port}\) cannot be reached: the connection is refused"
        )
        with pytest.raises(ConnectError, match=rf"^{re.escape(OUTSIDE)}: {said}"):
            await ask(network({}, **{named: f"http://me:hunter2@127.0.0.1:{port}"}))


async def test_a_proxy_of_the_environment_that_cannot_be_used_is_said_when_it_is_needed() -> None:
    """An org's login may lead to a host that the configuration does not name."""
    with pytest.raises(ConnectError, match=r"no proxy was asked: environment variable ALL_PROXY: SOCKS proxies cannot"):
        await ask(network({}, ALL_PROXY="socks5://127.0.0.1:1080"))


async def test_no_cookie_is_kept() -> None:
    """What one answer sets is not sent with the next request."""
    answers = [httpx.Response(200, headers={"Set-Cookie": "session=1; Path=/"}), httpx.Response(200)]
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answers[len(asked) - 1]

    async with ClientOpener(httpx.MockTransport(answer))(network({})) as http:
        upstream = Upstream(http, ManualClock(), lambda: None)
        for _ in answers:
            await upstream.call("GET", "http://localhost/a", lambda got: got.status)
    assert not any("cookie" in request.headers for request in asked)
