"""The server's side of TLS, as a section ``tls_server_config`` means it."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from typing import cast

import structlog

from exporter.serving.cipher_suites import ALL_BEFORE_TLS_1_3, VERSIONS

log = structlog.get_logger(__name__)


class ServerContext(ssl.SSLContext):
    """Ends a connection after its handshake if none of the names of the client's certificate is among
    ``allowed_names``; without any, whom the authorities vouch for comes in."""

    allowed_names: frozenset[str] = frozenset()
    told: set[str]
    """Why handshakes failed, each said once: who is refused sees a connection end, no more, and comes again."""


class _Connection(ssl.SSLObject):
    """One connection. ``ssl`` itself checks the names of servers only."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
            self._check_names()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._tell(_cause(error))
            raise

    def _check_names(self) -> None:
        allowed = cast(ServerContext, self.context).allowed_names
        if not allowed or allowed.intersection(names := alternative_names(self)):
            return
        shown = ", ".join(sorted(names)) or "it has none"
        raise ssl.SSLCertVerificationError(f"none of the client's names is in client_allowed_sans: {shown}")

    def _tell(self, cause: str) -> None:
        told = cast(ServerContext, self.context).told
        if cause not in told and len(told) < _MOST_TOLD:
            told.add(cause)
            log.warning("TLS handshake failed", cause=cause)


_MOST_TOLD = 100


def _cause(error: ssl.SSLError) -> str:
    """OpenSSL's own word for it."""
    reason, more = getattr(error, "reason", None), getattr(error, "verify_message", "")
    if not reason:  # it is our own
        return str(error.args[-1])
    return ": ".join(filter(None, (reason.lower().replace("_", " "), more)))


def alternative_names(connection: ssl.SSLObject) -> frozenset[str]:
    """Those of the certificate that the client has shown: DNS names, addresses, e-mail addresses, URIs."""
    certificate = connection.getpeercert() or {}
    told = cast(Sequence[tuple[str, str]], certificate.get("subjectAltName", ()))
    return frozenset(canonical_name(name) for kind, name in told if kind in _KINDS)


_KINDS = {"DNS", "IP Address", "email", "URI"}


def canonical_name(name: str) -> str:
    """An IPv6 address has several spellings, and OpenSSL takes another than people do."""
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name


def new_context() -> ServerContext:
    """As safe as Python makes it; for TLS 1.2 and newer."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.told = set()
    context.sslobject_class = _Connection
    context.set_alpn_protocols(["http/1.1"])
    return context


def load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Raises ``ssl.SSLError`` or ``ValueError``. ``ssl`` reads files only: where it can be, one on no disk."""
    with _file(certificate) as certificate_file, _file(key) as key_file:
        context.load_cert_chain(certificate_file, key_file, password=_no_password)


@contextlib.contextmanager
def _file(content: bytes) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        if sys.platform == "linux":
            file = stack.enter_context(os.fdopen(os.memfd_create("pem"), "wb"))
            name = f"/proc/self/fd/{file.fileno()}"
        else:
            file = stack.enter_context(tempfile.NamedTemporaryFile())
            name = file.name
        file.write(content)
        file.flush()
        yield name


def _no_password() -> str:
    """Asked for where the key is encrypted; otherwise OpenSSL asks on the terminal."""
    raise ValueError("encrypted")


def set_versions(context: ssl.SSLContext, lowest: str, highest: str) -> None:
    """OpenSSL speaks those before TLS 1.2 only where its security level lets it, which nobody else is told to lower."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = VERSIONS[lowest]
        context.maximum_version = VERSIONS[highest]


def set_suites(context: ssl.SSLContext, suites: Sequence[str], lowest: str) -> None:
    """The suites of TLS 1.2 and before, by OpenSSL's names; without any, Python's."""
    old = lowest in ("TLS10", "TLS11")
    if suites or old:
        context.set_ciphers(":".join([*(suites or ALL_BEFORE_TLS_1_3), *(["@SECLEVEL=0"] if old else [])]))
