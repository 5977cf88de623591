"""Which hosts are asked without the proxy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.no_proxy import entries_of, exemption

COVERED = [
    ("example.com", "https://example.com/a"),
    ("example.com", "https://bridge.example.com"),
    ("EXAMPLE.com", "https://Bridge.Example.Com"),
    (".example.com", "https://bridge.example.com"),
    (".example.com", "https://example.com"),
    ("*.example.com", "https://bridge.example.com"),
    ("example.com.", "https://example.com"),
    ("example.com", "https://example.com."),
    ("bridge", "https://bridge:8443/acme"),
    ("*", "https://acme.my.salesforce.com"),
    ("example.com:8443", "https://example.com:8443"),
    ("example.com:443", "https://example.com"),
    ("https://example.com", "https://example.com"),
    ("10.1.2.3", "https://10.1.2.3"),
    ("10.1.2.3:8443", "https://10.1.2.3:8443/a"),
    ("10.0.0.0/8", "https://10.1.2.3"),
    ("10.1.2.3/8", "https://10.200.0.1"),
    ("0.250.250.0/24", "https://0.250.250.9"),
    ("2001:db8::1", "https://[2001:db8::1]"),
    ("[2001:db8::1]", "https://[2001:db8::1]:8443"),
    ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ("[2001:db8::]/32", "https://[2001:db8:1::1]"),
    ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f0::9]"),
    ("fd07:b51a:cc66:f0::/64", "https://[FD07:B51A:CC66:F0:0:0:0:9]/a"),
    ("10.0.0.0/8", "https://[::ffff:10.1.2.3]"),
]


@pytest.mark.parametrize(("entry", "url"), COVERED)
def test_an_entry_covers_what_curl_and_go_say(entry: str, url: str) -> None:
    """Domains with everything below them, addresses, networks, perhaps of one port."""
    meant = exemption(entry)
    assert meant is not None
    assert meant.covers(url)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("example.com", "https://notexample.com"),
        ("example.com", "https://example.com.evil.example"),
        ("*.example.com", "https://example.com"),
        ("example.com:8443", "https://example.com"),
        ("10.0.0.0/8", "https://11.0.0.1"),
        ("10.0.0.0/8", "https://ten.example"),
        ("10.0.0.1", "https://10.0.0.10"),
        ("2001:db8::1", "https://[2001:db8::2]"),
        ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f1::9]"),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]"),
    ],
)
def test_an_entry_covers_nothing_else(entry: str, url: str) -> None:
    """A name that only ends alike is another one."""
    meant = exemption(entry)
    assert meant is not None
    assert not meant.covers(url)


@pytest.mark.parametrize(
    "entry",
    [
        *("", "[::1", "::1]", "[]", "10.0.0.0/33", "fd00::/129", "a b", "host:port", "*example.com*", "a/b", "é"),
        *("192.168.", "192.168", "192.168.*", "10.0.0.1-10.0.0.9", "10.0.0.256"),
    ],
)
def test_what_means_nothing_is_told_from_what_does(entry: str) -> None:
    """It is left out, or refused, but never brings anything down."""
    assert exemption(entry) is None


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("localhost,127.0.0.1,::1,[::1]", ("localhost", "127.0.0.1", "::1", "[::1]")),
        (" a , b c,,\td ", ("a", "b", "c", "d")),
        ("", ()),
        (" , ", ()),
    ],
)
def test_the_variable_is_a_list(text: str, entries: tuple[str, ...]) -> None:
    """Commas or white space stand between the entries."""
    assert entries_of(text) == entries


@given(st.text(max_size=40), st.sampled_from([url for _entry, url in COVERED]))
def test_no_text_brings_it_down(text: str, url: str) -> None:
    """Whatever a container's engine puts into the variable."""
    for entry in entries_of(text):
        meant = exemption(entry)
        if meant is not None:
            meant.covers(url)
