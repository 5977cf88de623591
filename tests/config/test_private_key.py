"""A private key is taken as people really store it, and what is none is called what it is."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from exporter.config.private_key import PrivateKeyError, load_private_key
from tests.config.conftest import private_key

KEY = load_private_key(private_key())
Change = Callable[[str], str]


@pytest.mark.parametrize("kind", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\\n"),
        lambda text: text.replace("\n", "\\r\\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", " "),
        lambda text: text.replace("\n", ""),
        lambda text: f'"{text}"',
        lambda text: "\n".join(f"    {line}" for line in text.splitlines()),
        lambda text: "Bag Attributes\n  friendlyName: a key\n" + text,
        lambda text: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + text,
        str.strip,
    ],
    ids=["as it is", "\\n", "\\r\\n", "CRLF", "spaces", "one line", "quoted", "indented", "bag", "certificate", "bare"],
)
def test_the_same_key_however_its_lines_are_joined(kind: PrivateFormat, change: Change) -> None:
    """Environment variables, JSON, .env files and unquoted shell variables each do it their own way."""
    assert load_private_key(change(private_key(kind))).private_numbers() == KEY.private_numbers()


def _pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    kind: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, kind, encryption or NoEncryption()).decode()


LOCKED = BestAvailableEncryption(b"hunter2")
CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not-a-key-but-a-secret", "no PEM at all"),
        ("", "no PEM at all"),
        (private_key()[:400], "cut short: its END line is missing"),
        (private_key()[:400] + "\n-----END PRIVATE KEY-----\n", "damaged"),
        (private_key().replace("w", "*"), "damaged"),
        (base64.b64encode(private_key().encode()).decode(), "base64 of a PEM file, which must be decoded once more"),
        (_pem(KEY, encryption=LOCKED), "encrypted"),
        (_pem(KEY, PrivateFormat.TraditionalOpenSSL, LOCKED), "encrypted"),
        (KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), "a public key"),
        (KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode(), "a public key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "a certificate"),
        (_pem(CURVE), "not an RSA key"),
        (_pem(CURVE, PrivateFormat.TraditionalOpenSSL), "an elliptic curve key, not an RSA key"),
        (_pem(KEY, PrivateFormat.OpenSSH), "in OpenSSH's own form, not PEM"),
    ],
    ids=range(14),
)
def test_what_is_no_key_is_called_what_it_is(text: str, reason: str) -> None:
    """Nothing of the text stands in the error, nor in what caused it."""
    with pytest.raises(PrivateKeyError, match=f"^{reason}") as caught:
        load_private_key(text)
    assert caught.value.__context__ is None
    assert not any(line in str(caught.value) for line in text.splitlines() if line)
