"""Where a command sends a token: the address, by which certificates it is trusted, and who asks."""

from __future__ import annotations

import argparse
import base64
import os
import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.clients.http.secrets import secret_text
from exporter.config.authorities import EXPECTED, unusable_variable
from exporter.config.masking import masked
from exporter.config.network import Network, network_of
from exporter.config.secret import Secret
from exporter.config.urls import is_safe_url
from exporter.errors import UsageError
from exporter.serving.tls_section import why_no_pair


def safe_url(text: str) -> str:
    """Where a token may be sent."""
    if not is_safe_url(text):
        raise argparse.ArgumentTypeError(
            f"{masked(text)!r} is no address that a token may be sent to: "
            "expected https://HOST[:PORT][/PATH], or http:// to this machine itself"
        )
    return text


@dataclass(frozen=True, slots=True)
class User:
    """One of ``basic_auth_users``."""

    name: str
    password: Secret

    def __str__(self) -> str:
        return f"user {self.name!r} with the password of {self.password}"

    def authorization(self) -> dict[str, str]:
        """The header that says so; raises ``AuthError`` for a password that cannot be read."""
        both = f"{self.name}:{secret_text(self.password, 'password')}".encode()
        return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}


FLAGS = ("ca_file", "cert_file", "key_file")
"""Of ``add_tls_flags``."""


def add_tls_flags(parser: argparse.ArgumentParser, url: str) -> None:
    """``--ca-file``, ``--cert-file`` and ``--key-file``, for the address that the flag ``url`` gives."""
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help=f"certificates (PEM) that {url} is trusted by")
    parser.add_argument("--cert-file", type=Path, metavar="FILE", help=f"certificate (PEM), where {url} demands one")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="its private key (PEM)")


def tls_network(arguments: argparse.Namespace) -> Network:
    """What the flags of ``add_tls_flags`` say; raises ``UsageError``."""
    network, certificate, key = _ca_network(arguments.ca_file), arguments.cert_file, arguments.key_file
    if certificate is None and key is None:
        return network
    if certificate is None or key is None:
        arguments.wrong_usage("arguments --cert-file and --key-file: one without the other is of no use")
    try:
        contents = certificate.read_bytes(), key.read_bytes()
    except OSError as error:
        flag = "--cert-file" if error.filename == str(certificate) else "--key-file"
        raise UsageError(f"{flag}: cannot read {error.filename}: {error.strerror}") from None
    reason = why_no_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), *contents)
    if reason is not None:
        place, value, expected = reason
        raise UsageError(f"--{place}-file: {value}; expected {expected.replace('cert_file', '--cert-file')}")
    return replace(network, pair=(certificate, key))


def _ca_network(ca_file: Path | None) -> Network:
    """What ``--ca-file`` says, through the proxy of the environment if there is one, as everything outside; raises
    ``UsageError``."""
    unusable = unusable_variable(os.environ) if ca_file is None else None
    if unusable is not None:
        raise UsageError(f"{unusable}; expected {EXPECTED}")
    try:
        return network_of({} if ca_file is None else {"ca_file": ca_file}, Path(), os.environ)
    except OSError as error:
        raise UsageError(f"--ca-file: cannot read {ca_file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"--ca-file: {ca_file} {error}") from None
