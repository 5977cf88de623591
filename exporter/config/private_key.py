r"""An RSA private key in PEM form, as people really store it.

In environment variables its lines are often joined: by a literal ``\n``, as JSON and ``.env`` files write a line break,
or by a space, as a shell does with an unquoted variable. The base64 inside means the same, so both are taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_WRITTEN_BREAK = re.compile(r"\\r\\n|\\n|\\r")
_BASE64_OF_BEGIN = "LS0tLS1CRUdJTi"
_LINE = 64

_OTHER_KINDS = {
    "ENCRYPTED PRIVATE KEY": "encrypted",
    "PUBLIC KEY": "a public key",
    "RSA PUBLIC KEY": "a public key",
    "CERTIFICATE": "a certificate",
    "CERTIFICATE REQUEST": "a certificate request",
    "EC PRIVATE KEY": "an elliptic curve key, not an RSA key",
    "DSA PRIVATE KEY": "a DSA key, not an RSA key",
    "OPENSSH PRIVATE KEY": "in OpenSSH's own form, not PEM (ssh-keygen -p -m PEM writes it anew)",
}


class PrivateKeyError(ValueError):
    """Not a key that can sign; says what it is instead, and holds nothing of it."""


def load_private_key(text: str) -> RSAPrivateKey:
    """The key; raises ``PrivateKeyError``."""
    # Most configurations have no such key, and cryptography takes 6 MiB.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

    label, body = _block(text)
    if label in _OTHER_KINDS:
        raise PrivateKeyError(_OTHER_KINDS[label])
    if "ENCRYPTED" in body:
        raise PrivateKeyError("encrypted")
    key = _parsed(label, "".join(body.split()))
    if not isinstance(key, RSAPrivateKey):
        raise PrivateKeyError("not an RSA key")
    return key


def _block(text: str) -> tuple[str, str]:
    """Label and body of the private key, or of whatever stands there in its place."""
    blocks: list[tuple[str, str]] = _BLOCK.findall(_WRITTEN_BREAK.sub("\n", text))
    if not blocks:
        raise PrivateKeyError(_what_is_no_block(text))
    # A certificate may stand in the same file.
    return next((block for block in blocks if block[0].endswith("PRIVATE KEY")), blocks[0])


def _what_is_no_block(text: str) -> str:
    if text.startswith(_BASE64_OF_BEGIN):
        return "base64 of a PEM file, which must be decoded once more"
    if "-----BEGIN" in text:
        return "cut short: its END line is missing"
    return "no PEM at all"


def _parsed(label: str, base64: str) -> object:
    """What cryptography makes of it. Its own words may quote from the key."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    if _BASE64.fullmatch(base64):
        lines = [base64[start : start + _LINE] for start in range(0, len(base64), _LINE)]
        pem = "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
        try:
            return load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            pass
    raise PrivateKeyError("damaged: what stands between its BEGIN and END lines is no key")
