"""Certificates of authorities that are trusted beside the public ones: a private one signs the bridge, for instance."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from exporter.config.masking import shown

EXPECTED = "certificates of authorities in PEM form"
VARIABLES = (FILE, FOLDERS) = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""OpenSSL's own: a file, and directories with a colon between them."""

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?P<kind>(?:X509 |TRUSTED )?CERTIFICATE)-----[A-Za-z0-9+/=\s]+-----END (?P=kind)-----"
)
_DER = b"\x30\x82"
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL finds a certificate in a directory: by the hash of its name."""


class AuthoritiesError(ValueError):
    """A file without a certificate that could be trusted; says what it is."""


def unusable_variable(environment: Mapping[str, str]) -> str | None:
    """What is wrong with the variables that say whom to trust instead of the usual; ``None`` if nothing is."""
    if name := environment.get(FILE):
        try:
            read_authorities(Path(name))
        except OSError as error:
            return f'environment variable {FILE}: cannot read "{name}" ({error.strerror})'
        except AuthoritiesError as error:
            return f'environment variable {FILE}: "{name}" {error}'
    elif folders := environment.get(FOLDERS):
        there = [folder for folder in map(Path, folders.split(os.pathsep)) if folder.is_dir()]
        if not there:
            return f"environment variable {FOLDERS}: {shown(folders)} is no directory"
        if not any(_HASHED.fullmatch(file.name) for folder in there for file in folder.iterdir()):
            return f"environment variable {FOLDERS}: nothing in {shown(folders)} is named as `openssl rehash` names it"
    return None


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
