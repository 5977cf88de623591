"""Certificates of authorities that are trusted beside the public ones: a private one signs the bridge, for instance."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

EXPECTED = "certificates of authorities in PEM form"

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?P<kind>(?:X509 |TRUSTED )?CERTIFICATE)-----[A-Za-z0-9+/=\s]+-----END (?P=kind)-----"
)
_DER = b"\x30\x82"


class AuthoritiesError(ValueError):
    """A file without a certificate that could be trusted; says what it is."""


def read_authorities(file: Path) -> str:
    """The certificates of a file and nothing else of it; raises ``OSError`` or ``AuthoritiesError``."""
    return authorities_in(file.read_bytes())


def authorities_in(content: bytes) -> str:
    """The same of what stood in a file; raises ``AuthoritiesError``."""
    certificates = b"\n".join(match.group() for match in _CERTIFICATE.finditer(content)).decode("ascii")
    if not certificates:
        raise AuthoritiesError("is in DER form" if content.startswith(_DER) else "holds no certificate in PEM form")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except ssl.SSLError:
        raise AuthoritiesError("holds a damaged certificate") from None
    return certificates
