"""Why a connection failed, and what to do: read off the chain of causes beneath what httpx raises. Pure.

Types, ``errno`` and OpenSSL's verify codes decide (``X509_V_ERR_*`` of ``x509_vfy.h``); the English of a library is
neither matched nor shown, for it changes and may quote what was sent. Of a proxy's refusal httpx keeps nothing but
``"407 Proxy Authentication Required"``: there the number is read.

A certificate that is not good, a proxy that wants another password: these do not pass by themselves, and nothing is to
be had by asking three times at once.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from itertools import pairwise
from traceback import walk_tb
from types import FrameType

import httpx

from exporter.clients.http.issuer import issuer_of
from exporter.config.proxy import ProxyError
from exporter.errors import Again

_NOT_TRUSTED = (
    "its certificate is not trusted: {how}. If it is your own, put the authority's certificate (PEM) into a "
    "file and name that in http.ca_file"
)
_HALF = "the server sends half a chain{issuer}"
_CERTIFICATES = {
    2: _NOT_TRUSTED.format(how="the authority that signed it is not known here"),
    18: _NOT_TRUSTED.format(how="it is self-signed"),
    19: _NOT_TRUSTED.format(how="a private authority signed it, or a proxy that reads along{issuer}"),
    20: _NOT_TRUSTED.format(how=f"the authority that signed it is not known here, or {_HALF}"),
    21: _NOT_TRUSTED.format(how=_HALF),
    9: "its certificate is not valid yet: check the clock of this machine",
    10: "its certificate has expired: it must be renewed there, or the clock of this machine is wrong",
    23: "its certificate was revoked",
    62: "its certificate is for another host: check the host name in the URL",
    64: "its certificate is for another host, not for this IP address: write the host name into the URL",
}  # fmt: skip
_NO_PAIR = "it may want a client certificate, which this exporter has none of"
_OR_PAIR = ", and whether it wants a client certificate"
_OR_WANTS_PAIR = ", or it wants a client certificate"
"""With TLS 1.3 a client's handshake is over before it is refused: it is hung up on, or reset."""
_TLS_REASONS = (
    (
        ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"),
        "it does not speak TLS on this port: check port and https:// in the URL",
    ),
    (
        ("UNSUPPORTED_PROTOCOL", "ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW"),
        "it and this machine have no version of TLS in common",
    ),
    (
        ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "ALERT_CERTIFICATE", "ALERT_UNKNOWN_CA"),
        f"it refuses the TLS handshake: {_NO_PAIR}",
    ),
    (("UNRECOGNIZED_NAME",), "it serves no host of this name: check the host name in the URL"),
    (("UNEXPECTED_EOF",), "it hangs up during the TLS handshake: a firewall, or not a TLS port"),
)
_NAMES = {
    socket.EAI_AGAIN: "the name server does not answer, so its name cannot be resolved for now",
    socket.EAI_FAIL: "the name server fails, so its name cannot be resolved",
}
_NO_NAME = "its name cannot be resolved: check the host name in the URL, and the name server of this machine"
_ERRNOS = {
    errno.ECONNREFUSED: "the connection is refused: nothing listens there, or a firewall forbids it; check the port",
    errno.ECONNRESET: "the connection was reset: it crashed, or a firewall between cut it",
    errno.EPIPE: "the connection broke while it was in use",
    errno.ECONNABORTED: "the connection was aborted",
    errno.ETIMEDOUT: "it does not answer: a firewall may drop the packets, or it is down",
    errno.EHOSTUNREACH: "there is no route to it: check network, VPN and firewall",
    errno.ENETUNREACH: "there is no network to it: check network, and IPv6 if its address is one",
    errno.ENETDOWN: "the network of this machine is down",
    errno.EACCES: "this machine forbids the connection (firewall or policy)",
    errno.EPERM: "this machine forbids the connection (firewall or policy)",
    errno.EADDRNOTAVAIL: "this machine has no address or port left for the connection",
    errno.EMFILE: "this process has too many open files",
    errno.ENFILE: "this machine has too many open files",
}  # fmt: skip
_HTTPX = (
    (
        httpx.ConnectTimeout,
        "no connection within {seconds:g} s: a firewall drops the packets, or the address or port is wrong",
    ),
    (httpx.TimeoutException, "no complete answer within {seconds:g} s"),
    (httpx.RemoteProtocolError, "it hangs up or does not answer with HTTP: check host and port"),
    (httpx.NetworkError, "the connection broke ({name})"),
)
_PLAIN_TO_TLS = ", and whether the URL should be https://"
PROXY_REFUSES = {
    401: "it wants a user and password",
    403: "it forbids this host",
    407: "it wants a user and password, or other ones",
}
PROXY_FAILS = "it cannot reach this host"

PROXY = "exporter.proxy"
"""The extension of a request that says which proxy it is sent through, and where that is configured."""

_TO_PROXY = ("httpcore._async.http_proxy", "httpcore._async.connection")


def connect_failure(error: httpx.TransportError, seconds: float) -> str:
    """Whose connection failed and why, such as ``acme.example: the connection is refused: …``. No URL, no query.

    ``seconds`` is how long was waited at most.
    """
    url = _url(error)
    host = url.netloc.decode("ascii", "replace")
    chain = list(_chain(error))
    if isinstance(error.__cause__, ProxyError):
        return f"{host}: no proxy was asked: {error.__cause__}"
    if isinstance(error, httpx.ProxyError):
        return f"{host}: {_proxy(error)} does not connect: {_of_proxy(str(error))}"
    reason = _of_certificate(chain) or _of_tls(chain) or _of_socket(chain) or _of_httpx(error, url.scheme, seconds)
    if not _at_proxy(chain):
        return f"{host}: {reason}{_pair_hint(error) if url.scheme == 'https' else ''}"
    reached = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    return f"{host}: {_proxy(error)} {'does not connect' if reached else 'cannot be reached'}: {reason}"


def _pair_hint(error: Exception) -> str:
    if isinstance(error, httpx.RemoteProtocolError):
        return _OR_PAIR
    reset = isinstance(error, httpx.ReadError) and any(isinstance(one, ConnectionResetError) for one in _chain(error))
    return _OR_WANTS_PAIR if reset else ""


def in_flags(text: str) -> str:
    """The same for who is told by flags, as there is no configuration."""
    pair = f"{_OR_PAIR.removeprefix(', and ')} or another one (--cert-file, --key-file)"
    text = text.replace(_NO_PAIR, f"check {pair}").replace(_OR_PAIR, f", and {pair}")
    text = text.replace(_OR_WANTS_PAIR, f", or {pair.removeprefix('whether ')}")
    return text.replace("http.ca_file", "--ca-file")


def reason_of(error: BaseException) -> str | None:
    """Why a certificate, a handshake or a socket failed, for whoever speaks another protocol; ``None`` for the rest."""
    chain = list(_chain(error))
    return _of_certificate(chain) or _of_tls(chain) or _of_socket(chain)


def again_after(error: httpx.TransportError) -> Again:
    """When asking again can help. Where somebody has to change something, within the hour: it costs no API a call."""
    if isinstance(error.__cause__, ProxyError):
        return Again.HOURLY
    if isinstance(error, httpx.ProxyError):
        status = _status_of_proxy(str(error))
        return Again.HOURLY if status in PROXY_REFUSES else Again.AT_ONCE
    untrusted = any(isinstance(one, ssl.SSLCertVerificationError) for one in _chain(error))
    return Again.HOURLY if untrusted else Again.AT_ONCE


def _url(error: httpx.RequestError) -> httpx.URL:
    try:
        return error.request.url
    except RuntimeError:  # httpx has forgotten to say
        return httpx.URL("https://unknown-host")


def _proxy(error: httpx.RequestError) -> str:
    try:
        named = error.request.extensions.get(PROXY)
    except RuntimeError:
        named = None
    return f"the proxy of {named}" if named else "the proxy in between"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the branches of a group included."""
    todo, seen = [error], set()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            todo.extend(one.exceptions)
        todo.extend(cause for cause in (one.__cause__, one.__context__) if cause is not None)


def _of_certificate(chain: list[BaseException]) -> str | None:
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            other = f"its certificate is refused (OpenSSL's verify code {one.verify_code}){{issuer}}"
            issuer = issuer_of(one)
            told = _CERTIFICATES.get(one.verify_code, other)
            return told.replace("{issuer}", f" (issued by “{issuer}”)" if issuer else "")
    return None


def _of_tls(chain: list[BaseException]) -> str | None:
    for one in chain:
        # A read that would have to wait is part of every handshake.
        if isinstance(one, ssl.SSLError) and not isinstance(one, ssl.SSLWantReadError | ssl.SSLWantWriteError):
            reason = one.reason or ("UNEXPECTED_EOF" if isinstance(one, ssl.SSLEOFError) else "")
            for parts, told in _TLS_REASONS:
                if any(part in reason for part in parts):
                    return told
            return f"the TLS handshake fails ({reason or type(one).__name__})"
    return None


def _of_socket(chain: list[BaseException]) -> str | None:
    for one in chain:
        if isinstance(one, socket.gaierror):
            return _NAMES.get(one.errno or 0, _NO_NAME)
        if isinstance(one, OSError) and not isinstance(one, ssl.SSLError) and one.errno in _ERRNOS:
            return _ERRNOS[one.errno]
    return None


def _of_httpx(error: Exception, scheme: str, seconds: float) -> str:
    for kind, told in _HTTPX:
        if isinstance(error, kind):
            hint = _PLAIN_TO_TLS if kind is httpx.RemoteProtocolError and scheme == "http" else ""
            return told.format(name=type(error).__name__, seconds=seconds) + hint
    return f"the connection fails ({type(error).__name__})"


def _of_proxy(text: str) -> str:
    status = _status_of_proxy(text)
    if status is None:
        return "it refuses the login or cannot reach the host"
    return f"status {status}: {PROXY_REFUSES.get(status, PROXY_FAILS)}"


def _status_of_proxy(text: str) -> int | None:
    status = re.match(r"[1-5][0-9][0-9]\b", text)
    return int(status[0]) if status else None


def _at_proxy(chain: list[BaseException]) -> bool:
    """Whether the proxy itself was spoken to. No exception says so, only where it comes from: what leads through a
    proxy opens a connection of its own to it, and speaks with the host without one."""
    return any(
        (before, after) == _TO_PROXY
        for one in chain
        for before, after in pairwise(_module(frame) for frame, _line in walk_tb(one.__traceback__))
    )


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))
