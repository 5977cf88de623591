"""Where a token may be sent."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.urls import is_safe_url


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.my.salesforce.com",
        "https://bridge.example:8443/acme/",
        "HTTPS://BRIDGE.EXAMPLE",
        "https://[2001:db8::1]/acme",
        "https://bridge.example.",
        "https://a_b.cluster-1.local",
        "https://xn--bcher-kva.example",
        "http://localhost:8080",
        "http://127.0.0.1:1/acme/bridge",
        "http://127.8.9.10",
        "http://[::1]:8080/",
    ],
)
def test_tls_anywhere_and_plain_http_to_this_machine(url: str) -> None:
    """Tokens travel encrypted, or not at all."""
    assert is_safe_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://bridge.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://127.1",
        "http://2130706433",
        "ftp://bridge.example",
        "bridge.example",
        "//bridge.example",
        "/acme",
        "https://",
        "https:///acme",
        "https://[::1",
        "https://bridge.example:port",
        "https://bridge.example:65536",
        "https://me@bridge.example",
        "https://me:secret@bridge.example",
        "https://:secret@bridge.example",
        "https://bridge.example?token=secret",
        "https://bridge.example/#part",
        "https://bridge.example/a b",
        "https://bridge example",
        " https://bridge.example",
        "https://bridge.example\n",
        "https://bridge.example/\nacme",
        "https://bri\tdge.example",
        "https://bridge.example\\@evil.example",
        "https://bridge.example\x00",
        "https://bücher.example",
        "https://10.0.0.256",
        "https://1.2.3",
        "https://bridge.example:0",
        "https://bridge,example",
        "https://*.example",
        "https://<host>",
        "https://${HOST}",
        "https://a..b",
        "https://.example",
        "https://-a.example",
        f"https://{'a' * 64}.example",
        "https://xn--a",
        "https://[v1.x]",
        "https://[fe80::1%25eth0]",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    """Plain HTTP over a network, credentials or parameters in the URL, text that parsers read differently."""
    assert not is_safe_url(url)


@given(
    st.from_regex(r"(https?|ftp)://[a-z0-9@:\\/.\[\]#?%_ \t-]{1,30}", fullmatch=True)
    | st.from_regex(r"http://(localhost|127\.0\.0\.1|\[::1\])[a-z0-9@:\\/.#?%]{0,10}", fullmatch=True)
)
def test_the_http_client_connects_to_the_host_that_was_judged(url: str) -> None:
    """A URL we allow means the same host, scheme and port to the client that will carry the token."""
    if is_safe_url(url):
        try:
            meant = httpx.URL(url)
        except httpx.InvalidURL:
            return  # not sent anywhere
        assert meant.scheme == "https" or meant.host in {"localhost", "::1"} or meant.host.startswith("127.")
        assert not meant.userinfo
        assert not meant.query
