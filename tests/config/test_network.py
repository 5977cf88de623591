"""Through which proxy outside APIs are reached, as file and environment say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.cli import main
from exporter.config.masking import masked
from exporter.config.network import network_of
from exporter.config.proxy import Proxy, ProxyError, proxy_at
from tests.config.conftest import SMALL, Load

SALESFORCE = "https://acme.my.salesforce.com"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
LOOPBACK = {"integrations": [{"name": "acme", "sync_health": {"url": "http://127.0.0.1:8080/acme"}}]}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's environment says does not count."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("section", "environment", "url"),
    [
        ({}, {}, None),
        ({}, {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({}, {"https_proxy": "http://small:3128", "HTTPS_PROXY": "http://big:3128"}, "http://small:3128"),
        ({}, {"https_proxy": " ", "HTTPS_PROXY": "http://big:3128"}, "http://big:3128"),
        ({}, {"ALL_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({}, {"ALL_PROXY": "socks5://s:1080", "HTTPS_PROXY": "https://proxy/"}, "https://proxy"),
        ({}, {"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"proxy": "http://ours:3128"}, {"HTTPS_PROXY": "socks5://s:1080"}, "http://ours:3128"),
        ({}, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "salesforce.com"}, None),
        ({}, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "[::1],fd07:b51a:cc66:f0::/64"}, "http://proxy:3128"),
        ({"no_proxy": ["*"]}, {"ALL_PROXY": "socks5://s:1080"}, None),
        ({"no_proxy": []}, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "http://proxy:3128"),
    ],
)
def test_who_is_asked_for_salesforce(section: dict[str, Any], environment: dict[str, str], url: str | None) -> None:
    """The file first; of what it leaves out, the environment. A variable for plain HTTP has nothing to do."""
    proxy = network_of(section, Path(), environment).proxy_for(SALESFORCE)
    assert (proxy and proxy.url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/acme",
        "http://127.8.9.10",
        "http://localhost:8080",
        "https://LOCALHOST",
        "https://bridge.localhost",
        "http://[::1]:8080",
        "https://[::ffff:127.0.0.1]",
    ],
)
@pytest.mark.parametrize("entries", [[], ["example.com"]])
def test_loopback_is_never_asked_through_a_proxy(url: str, entries: list[str]) -> None:
    """Whatever file and variables say: the token would go to the proxy in clear text."""
    environment = {"HTTP_PROXY": "http://proxy:1", "HTTPS_PROXY": "http://proxy:2", "ALL_PROXY": "http://proxy:3"}
    for section in ({}, {"proxy": "http://proxy:4"}):
        assert network_of({**section, "no_proxy": entries}, Path(), environment).proxy_for(url) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("socks5://127.0.0.1:1080", "SOCKS proxies cannot be used"),
        ("socks5h://user:hunter2@proxy:1080", "SOCKS proxies cannot be used"),
        ("ftp://proxy", "ftp:// is no HTTP proxy"),
        ("http://proxy:port", "its host or port cannot be read"),
        ("http://proxy:99999", "its host or port cannot be read"),
        ("http://proxy:0", "its host or port cannot be read"),
        ("http://", "its host or port cannot be read"),
        ("http://user:hunter2@", "its host or port cannot be read"),
        ("http://[::1", "its host or port cannot be read"),
        ("http://a proxy:3128", "its host or port cannot be read"),
        ("http://pröxy:3128", "its host or port cannot be read"),
        ("http://user:hunter2/@proxy:3128", "its host or port cannot be read"),
        ("http://10.0.0.256:3128", "its host or port cannot be read"),
        ("http://proxy..example:3128", "its host or port cannot be read"),
        ('"http://proxy:3128"', "it stands in quotation marks, which belong to it where no shell reads them"),
        ("'user:hunter2@proxy:3128'", "it stands in quotation marks, which belong to it where no shell reads them"),
        ("http://proxy:3128/path", "it has a path, query or fragment"),
        ("http://proxy:3128?hunter2", "it has a path, query or fragment"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_by_one_sentence(
    text: str,
    reason: str,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """check-config names variable or key, and never shows the password; nothing but that ends the program."""
    with pytest.raises(ProxyError, match=f"^{reason}$"):
        proxy_at(text, "here")
    load(SMALL)
    file = tmp_path / "exporter.yml"
    monkeypatch.setenv("HTTPS_PROXY", text)
    for command in (["check-config", str(file)], ["serve", f"--config.file={file}", "--web.listen-address=:0"]):
        assert main(command) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert f"environment variable HTTPS_PROXY: {reason}; expected http://HOST:PORT" in line
        assert "hunter2" not in line


def test_a_proxy_that_nobody_needs_need_not_be_good(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop with a SOCKS proxy plays with a bridge on loopback; asking outside all the same says the sentence."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    network = load(LOOPBACK).network
    assert network.proxy_for("http://127.0.0.1:8080/acme") is None
    with pytest.raises(ProxyError, match="ALL_PROXY: SOCKS"):
        network.proxy_for(SALESFORCE)


def test_a_password_of_a_proxy_is_never_shown(load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Not by the configuration, not by the proxy, not by check-config, which advises to put it elsewhere."""
    config = load({**SMALL, "http": {"proxy": "user:hunter2@proxy.example:3128"}})
    assert config.network.proxy == Proxy("http://user:hunter2@proxy.example:3128", "http.proxy")
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 0
    said = capsys.readouterr()
    assert said.err == "note: http.proxy holds a password: in the variable HTTPS_PROXY it does not stand in a file\n"
    assert "hunter2" not in repr(config) + str(config.network.proxy) + said.out


@pytest.mark.parametrize(
    "text",
    [
        "http://me:hunter2@proxy:3128",
        "http://me@corp.example:hunter2@proxy:3128",
        "http://me@corp.example:hunter/hunter2@proxy:3128",
        "http://me@@:hunter2@proxy:port",
        "socks5://me@corp.example:hunter2@proxy",
    ],
)
def test_whatever_a_user_is_called_the_password_is_hidden(text: str) -> None:
    """Many a proxy's user is an e-mail address, with a sign in it that should be percent-encoded."""
    try:
        shown_of = str(proxy_at(text, "here"))
    except ProxyError as error:
        shown_of = str(error)
    assert "hunter" not in shown_of + masked(text) + repr(network_of({}, Path(), {"HTTPS_PROXY": text}))


@pytest.mark.parametrize(
    ("environment", "note"),
    [
        ({"NO_PROXY": "localhost,::1,[::1],fd07:b51a:cc66:f0::/64,10.0.0.0/8"}, None),
        (
            {"no_proxy": "host:port"},
            'environment variable no_proxy: "host:port" is no host, domain, address or network',
        ),
        ({"HTTP_PROXY": "nonsense://"}, "environment variable HTTP_PROXY is not used"),
        ({"HTTP_PROXY": "http://proxy", "HTTPS_PROXY": "http://proxy"}, None),
    ],
)
def test_what_is_doubtful_in_the_environment_is_noted(
    environment: dict[str, str], note: str | None, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that means nothing is left out; a variable that is not used may have been meant to be."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notes = load(SMALL).notes
    assert [each.startswith(note or "") for each in notes] == ([] if note is None else [True])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "(No such file or directory)"),
        (b"", "holds no certificate in PEM form"),
        (b"\x30\x82\x01\x02", "is in DER form"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds a damaged certificate"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no certificate in PEM form"),
    ],
)
def test_authorities_that_cannot_be_read_are_told(
    content: bytes | None,
    reason: str,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Those of the file by its key, those of the environment by their variable."""
    load(SMALL)
    authorities = tmp_path / "ca.pem"
    if content is not None:
        authorities.write_bytes(content)
    file = tmp_path / "exporter.yml"
    monkeypatch.setenv("SSL_CERT_FILE", str(authorities))
    assert main(["check-config", str(file)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "environment variable SSL_CERT_FILE: " in line
    assert f'"{authorities}" {reason}; expected certificates of authorities in PEM form' in line
    monkeypatch.delenv("SSL_CERT_FILE")
    file.write_text(file.read_text()[:-1] + ', "http": {"ca_file": "ca.pem"}}')
    assert main(["check-config", str(file)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "http.ca_file: " in line
    assert reason in line


@pytest.mark.parametrize(
    ("below", "reason"),
    [
        (["certs"], None),
        (["missing", "certs"], None),
        (["missing", "none"], " is no directory"),
        (["unhashed"], " is named as `openssl rehash` names it"),
    ],
)
def test_directories_of_authorities_are_a_list(
    below: list[str],
    reason: str | None,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With colons, as OpenSSL reads it: one that is there is enough. It finds nothing by any name but a hash."""
    load(SMALL)
    for folder, name in (("certs", "0a1b2c3d.0"), ("unhashed", "ca.pem")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
    monkeypatch.setenv("SSL_CERT_DIR", ":".join(str(tmp_path / name) for name in below))
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == (0 if reason is None else 1)
    said = capsys.readouterr().err
    assert ("environment variable SSL_CERT_DIR: " in said) == (reason is not None)
    assert (reason or "") in said
