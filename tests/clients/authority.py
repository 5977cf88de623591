"""A certificate authority of one's own, with certificates for loopback that are good or bad in one way each."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LOOPBACK = (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost"))
OTHER = (x509.DNSName("other.example"),)
# Days from now: from when to when it is valid.
NOW, PAST, FUTURE = (-1, 30), (-30, -1), (3, 30)


class Authority:
    """``file`` is its own certificate, which nobody trusts before being told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of our own")])
        certificate = _builder(self._name, self._name, NOW, (), authority=True).public_key(self._key.public_key())
        self.file = folder / "authority.pem"
        self.file.write_bytes(certificate.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def server(self, kind: str) -> ssl.SSLContext:
        """What a server shows: ``leaf``, ``self_signed``, ``other_host``, ``expired`` or ``not_yet_valid``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._written(kind))
        return context

    def client(self, name: str, *names: x509.GeneralName) -> Path:
        """Certificate and key of a client with these alternative names; ``self_signed`` is signed by nobody else."""
        return self._written(name, names)

    def pair(self, kind: str) -> Path:
        """Certificate and key of a server, by the kinds of ``server``."""
        return self._written(kind)

    def _written(self, kind: str, names: tuple[x509.GeneralName, ...] | None = None) -> Path:
        valid = {"expired": PAST, "not_yet_valid": FUTURE}.get(kind, NOW)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, kind)])
        key = ec.generate_private_key(ec.SECP256R1())
        signed_by, issuer = (key, name) if kind == "self_signed" else (self._key, self._name)
        if names is None:
            names = OTHER if kind == "other_host" else LOOPBACK
        builder = _builder(name, issuer, valid, names, authority=False)
        certificate = builder.public_key(key.public_key()).sign(signed_by, hashes.SHA256())
        file = self._folder / f"{kind}.pem"
        file.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return file


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    valid: tuple[int, int],
    names: tuple[x509.GeneralName, ...],
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    begins, ends = (now + datetime.timedelta(days=days) for days in valid)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False) if names else builder
