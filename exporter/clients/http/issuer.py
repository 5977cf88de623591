"""Who signed a certificate that is not trusted: ``ssl`` says why it was refused, and not whose it is.

Often it is a proxy that reads along: its name tells somebody at once whose certificate to ask for.
"""

from __future__ import annotations

import ssl
from typing import Any

_LONGEST = 80
_NAMES = ("commonName", "organizationName", "organizationalUnitName")
"""Of a distinguished name, the first that is there is what people know it by."""


def tell_issuers(tls: ssl.SSLContext) -> None:
    """From now on ``issuer_of`` knows of what its connections refuse."""
    tls.sslobject_class = _Connection
    tls.sslsocket_class = _Socket


def issuer_of(error: ssl.SSLCertVerificationError) -> str | None:
    """Its name as the refused certificate has it, fit to be printed; ``None`` where nobody looked, or it has none."""
    told: str | None = getattr(error, "issuer", None)
    return told


class _Connection(ssl.SSLObject):
    """As asyncio uses it."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            _note(error, self)
            raise


class _Socket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except ssl.SSLCertVerificationError as error:
            _note(error, self)
            raise


def _note(error: ssl.SSLCertVerificationError, refusing: ssl.SSLObject | ssl.SSLSocket) -> None:
    # No public name leads there before Python 3.13, and from then on only to bytes that nobody has read.
    chain: list[Any] = getattr(getattr(refusing, "_sslobj", None), "get_unverified_chain", list)()
    error.issuer = _name(chain[0].get_info()) if chain else None  # type: ignore[attr-defined]


def _name(certificate: dict[str, Any]) -> str | None:
    parts = {key: value for ((key, value), *_) in certificate.get("issuer", ())}
    name = next((parts[key] for key in _NAMES if parts.get(key)), None)
    if name is None:
        return None
    # Whoever answers has written it.
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
