"""The examples that exporter-toolkit tests its own reading with, written anew: each is taken or refused as there.

One is refused here alone: ``RequireAnyClientCert``, which lets in whoever signs a certificate of his own.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from exporter.config.problem import ConfigError
from exporter.serving.cipher_suites import CIPHER_SUITES
from exporter.serving.web_config import load_web_config
from tests.serving.conftest import HASHED, Write

PAIR = {"cert_file": "server.pem", "key_file": "server.pem"}
IF_GIVEN = {**PAIR, "client_auth_type": "VerifyClientCertIfGiven"}
VERIFIED = {**PAIR, "client_auth_type": "RequireAndVerifyClientCert"}
GCM = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]


def tls(**keys: Any) -> dict[str, Any]:
    return {"tls_server_config": {**PAIR, **keys}}


def headers(**values: Any) -> dict[str, Any]:
    return {"http_server_config": {"headers": {name.replace("_", "-"): value for name, value in values.items()}}}


TAKEN: dict[str, Any] = {
    "empty": "",
    "sample": tls(),
    "sample with users and a limit": {
        **tls(),
        "basic_auth_users": {"alice": HASHED, "bob": HASHED.replace("$2b$", "$2y$")},
        "rate_limit": {"interval": "1s", "burst": 20},
    },
    "verifies if given": {"tls_server_config": IF_GIVEN},
    "verifies by an authority": {"tls_server_config": {**VERIFIED, "client_ca_file": "authority.pem"}},
    "verifies by the system's authorities": {"tls_server_config": VERIFIED},
    "names of clients": {
        "tls_server_config": {
            **VERIFIED,
            "client_ca_file": "authority.pem",
            "client_allowed_sans": ["one", "test3", "two"],
        }
    },
    "all suites": {"tls_server_config": {**IF_GIVEN, "cipher_suites": list(CIPHER_SUITES)}},
    "some suites": {
        "tls_server_config": {**IF_GIVEN, "cipher_suites": GCM, "min_version": "TLS12", "max_version": "TLS12"}
    },
    "the client's order": {
        "tls_server_config": {
            **IF_GIVEN,
            "cipher_suites": GCM[::-1],
            "prefer_server_cipher_suites": False,
            "min_version": "TLS12",
            "max_version": "TLS12",
        }
    },
    "all curves": {
        "tls_server_config": {**IF_GIVEN, "curve_preferences": ["CurveP256", "CurveP384", "CurveP521", "X25519"]}
    },
    "one curve": {"tls_server_config": {**IF_GIVEN, "min_version": "TLS13", "curve_preferences": ["CurveP521"]}},
    "no HTTP/2, and no suite for it": {
        "tls_server_config": {**IF_GIVEN, "cipher_suites": GCM[1:], "max_version": "TLS12"},
        "http_server_config": {"http2": False},
    },
    "headers": headers(
        X_Frame_Options="deny",
        Strict_Transport_Security="max-age=31536000; includeSubDomains",
        X_Content_Type_Options="nosniff",
        X_XSS_Protection=1,
        Content_Security_Policy="default-src 'self' *.example.net",
    ),
    "no limit": {"rate_limit": {"interval": 0, "burst": 0}},
    "a limit without a burst": {"rate_limit": {"interval": "1s", "burst": 0}},
    "users": {**tls(), "basic_auth_users": {"alice": HASHED}},
    "users without TLS": {"basic_auth_users": {"alice": HASHED}},
}

REFUSED: dict[str, tuple[Any, str]] = {
    "junk": ("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n", "1: got text (not shown"),
    "unknown key": (
        {"tls_server_config": {"cert_filse": "x"}},
        "unknown key 'cert_filse'; expected 'cert_file', perhaps",
    ),
    "no path of a certificate": (tls(cert_file=""), 'cert_file: got ""; expected the path of a readable file'),
    "no certificate": (
        {"tls_server_config": {"cert": "", "key_file": "server.pem"}},
        'cert: got ""; expected a certificate',
    ),
    "no path of a key": (tls(key_file=""), 'key_file: got ""; expected the path of a readable file'),
    "no key": ({"tls_server_config": {"cert_file": "server.pem", "key": ""}}, "key: got "),
    "neither path": (tls(cert_file="", key_file="", client_auth_type="x"), 'key_file: got ""'),
    "no such certificate": (
        tls(cert_file="somefile"),
        'somefile" (No such file or directory); expected a readable file',
    ),
    "no such key": (tls(key_file="somefile"), 'somefile" (No such file or directory); expected a readable file'),
    "an authority for nobody": (
        tls(client_ca_file="authority.pem"),
        "client_auth_type is NoClientCert, so nobody is asked",
    ),
    "no such authority": (tls(client_ca_file="somefile"), "client_ca_file: cannot read"),
    "no hash": (
        {**tls(), "basic_auth_users": {"john": "doe"}},
        "basic_auth_users.john: got text (not shown, it may be a secret); expected the bcrypt hash",
    ),
    "an invented suite": (
        tls(cipher_suites=["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048"]),
        'cipher_suites[0]: got "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048"',
    ),
    "an invented curve": (
        tls(curve_preferences=["CurveP257"]),
        "curve_preferences[0]: got \"CurveP257\"; expected 'CurveP256', perhaps",
    ),
    "an invented version": (tls(min_version="TLS111"), 'min_version: got "TLS111"; expected'),
    "no suite for HTTP/2": (
        tls(cipher_suites=GCM[1:], max_version="TLS12"),
        "none of those that HTTP/2 demands; expected TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or",
    ),
    "a wrong content type option": (
        headers(X_Content_Type_Options="sniff"),
        'X-Content-Type-Options: got "sniff"; expected',
    ),
    "a wrong frame option": (headers(X_Frame_Options="foo"), 'X-Frame-Options: got "foo"; expected'),
    "another header": (headers(Content_Type="foo"), "unknown key 'Content-Type'; expected"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_good_there_is_taken(name: str, write: Write) -> None:
    """Whatever is served by it shows elsewhere."""
    load_web_config(write(TAKEN[name]))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_bad_there_is_refused(name: str, write: Write) -> None:
    """With file, line, key, value, and what to write."""
    data, sentence = REFUSED[name]
    file = write(data)
    with pytest.raises(ConfigError) as caught:
        load_web_config(file)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(f"{file}:")


def test_a_file_that_is_not_there_is_refused(write: Write) -> None:
    """As any configuration."""
    with pytest.raises(ConfigError, match="cannot read it: No such file or directory"):
        load_web_config(write("").with_name("somefile"))


def test_certificate_key_and_authority_may_stand_inline(write: Write) -> None:
    """In PEM form; a path beside one is refused."""
    file = write("")
    pem = file.with_name("server.pem").read_text()
    authority = file.with_name("authority.pem").read_text()
    inline = {"cert": pem, "key": pem, "client_ca": authority, "client_auth_type": "RequireAndVerifyClientCert"}
    assert load_web_config(write({"tls_server_config": inline})).context is not None
    with pytest.raises(ConfigError, match="got cert_file and cert; expected only one of them"):
        load_web_config(write({"tls_server_config": {**inline, "cert_file": "server.pem"}}))


def test_lines_are_those_of_the_file(write: Write) -> None:
    """Of every problem, in their order."""
    with pytest.raises(ConfigError) as caught:
        load_web_config(write(yaml.safe_dump({"rate_limit": {"interval": 5, "burst": -1}, "colour": "red"})))
    assert [(problem.line, problem.path) for problem in caught.value.problems] == [
        (1, "colour"),
        (3, "rate_limit.burst"),
        (4, "rate_limit.interval"),
    ]
