"""Reads the section ``tls_server_config`` of a web configuration."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config.authorities import EXPECTED, AuthoritiesError, authorities_in
from exporter.config.finding import Finding
from exporter.config.masking import is_file_name, shown
from exporter.serving.cipher_suites import CURVES, FOR_HTTP_2, VERSIONS, openssl_suites
from exporter.serving.files import Files
from exporter.serving.server_context import (
    ServerContext,
    canonical_name,
    load_pair,
    new_context,
    set_suites,
    set_versions,
)

NAME = "tls_server_config"
_LOWEST, _HIGHEST = "TLS12", "TLS13"
_VERIFYING = {
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_ANY = ("RequireAnyClientCert", "RequireClientCert")


class TlsSection:
    """What the section means. Whatever is wrong is among the ``findings``; what is doubtful, among the ``notes``."""

    def __init__(self, section: Mapping[str, Any], folder: Path, files: Files, *, http2: bool) -> None:
        self._section = section
        self._folder = folder
        self._files = files
        self._http2 = http2
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def context(self) -> ServerContext:
        """Good for serving if nothing was found."""
        context = new_context()
        self._load_pair(context)
        self._set_versions(context)
        self._set_curves(context)
        if not self._section.get("prefer_server_cipher_suites", True):
            context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        self._set_clients(context)
        return context

    def _find(self, key: str, value: str, expected: str) -> None:
        self.findings.append(Finding((NAME, key) if key else (NAME,), value, expected))

    def _material(self, key: str) -> bytes | None:
        """What stands in the file or inline; ``None`` where that is not there or cannot be read."""
        if key in self._section:
            return str(self._section[key]).encode()
        name = self._section.get(f"{key}_file")
        if name is None:
            return None
        if not is_file_name(name):
            self._find(f"{key}_file", "got text that is no path (not shown, it may be a secret)", "the path of a file")
            return None
        file = self._folder / name
        try:
            return self._files.read(file)
        except OSError as error:
            self._find(f"{key}_file", f'cannot read "{file}" ({error.strerror})', "a readable file")
            return None

    def _load_pair(self, context: ssl.SSLContext) -> None:
        for needed in ("cert", "key"):
            if not {needed, f"{needed}_file"} & self._section.keys():
                self._find(
                    "",
                    f"key '{needed}_file' is missing",
                    "a certificate and its private key: cert_file or cert, key_file or key",
                )
        certificate, key = self._material("cert"), self._material("key")
        if certificate is None or key is None:
            return
        reason = why_no_pair(context, certificate, key)
        if reason is not None:
            place, value, expected = reason
            self._find(place if place in self._section else f"{place}_file", value, expected)

    def _set_versions(self, context: ssl.SSLContext) -> None:
        lowest, highest = (
            self._section.get(f"{end}_version", usual) for end, usual in (("min", _LOWEST), ("max", _HIGHEST))
        )
        if VERSIONS[lowest] > VERSIONS[highest]:
            which = "max_version" if "max_version" in self._section else "min_version"
            self._find(
                which,
                f"min_version is {lowest} and max_version {highest}",
                "a max_version that is not below min_version",
            )
            return
        if "TLS10" in (lowest, highest) or "TLS11" in (lowest, highest):
            self.notes.append(
                f"{NAME}: TLS 1.0 and 1.1 are broken: leave min_version and max_version out if every client can"
            )
        names = tuple(self._section.get("cipher_suites", ()))
        suites = openssl_suites(names)
        if names and not suites:  # they are about TLS 1.3 alone, so nothing before it can be spoken
            if highest != "TLS13":
                self._find("cipher_suites", "only suites of TLS 1.3, which max_version excludes", "suites of TLS 1.2")
                return
            lowest = "TLS13"
        if names and self._http2 and lowest != "TLS13" and not set(FOR_HTTP_2) & set(names):
            self._find(
                "cipher_suites",
                "none of those that HTTP/2 demands",
                f"{FOR_HTTP_2[1]} or {FOR_HTTP_2[0]} among them, or http2: false in http_server_config",
            )
        set_versions(context, lowest, highest)
        set_suites(context, suites, lowest)

    def _set_curves(self, context: ssl.SSLContext) -> None:
        curves = list(dict.fromkeys(self._section.get("curve_preferences", ())))
        set_groups = getattr(context, "set_groups", None)  # since Python 3.15
        if len(curves) == 1:
            context.set_ecdh_curve(CURVES[curves[0]])
        elif curves and set_groups is not None:
            set_groups(":".join(CURVES[curve] for curve in curves))
        elif 1 < len(curves) < len(CURVES):
            self.notes.append(
                f"{NAME}.curve_preferences: several are left to OpenSSL's own choice, which Python before 3.15 can "
                "bind to one only"
            )

    def _set_clients(self, context: ServerContext) -> None:
        kind = self._section.get("client_auth_type") or "NoClientCert"
        authorities = self._authorities(kind)
        names = self._section.get("client_allowed_sans", ())
        if names and kind not in _VERIFYING:
            self._find(
                "client_allowed_sans",
                f"client_auth_type is {kind}, which verifies no certificate",
                "client_auth_type: RequireAndVerifyClientCert",
            )
        elif names and _VERIFYING[kind] != ssl.CERT_REQUIRED:
            self.notes.append(
                f"{NAME}.client_allowed_sans: who shows no certificate has none of the names, so {kind} lets in nobody"
                " else than RequireAndVerifyClientCert does"
            )
        if kind in _ANY:
            self._find(
                "client_auth_type",
                f"got {shown(kind)}, which anybody can meet with a certificate of his own making",
                "RequireAndVerifyClientCert with client_ca_file",
            )
        if kind == "RequestClientCert":
            self.notes.append(
                f"{NAME}.client_auth_type: RequestClientCert keeps nobody out, so no certificate is asked for"
            )
        if kind not in _VERIFYING:
            return
        context.verify_mode = _VERIFYING[kind]
        context.allowed_names = frozenset(map(canonical_name, names))
        if authorities is not None:
            context.load_verify_locations(cadata=authorities)
        elif not self.findings:
            self.notes.append(
                f"{NAME}: without client_ca_file the system's authorities vouch for clients, which is whoever they know"
            )
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)

    def _authorities(self, kind: str) -> str | None:
        content = self._material("client_ca")
        key = "client_ca" if "client_ca" in self._section else "client_ca_file"
        if content is None:
            return None
        if kind == "NoClientCert":
            self._find(
                key,
                "client_auth_type is NoClientCert, so nobody is asked for a certificate",
                "client_auth_type: RequireAndVerifyClientCert",
            )
        try:
            return authorities_in(content)
        except AuthoritiesError as error:
            self._find(key, f"it {error}", EXPECTED)
            return None


def why_no_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> tuple[str, str, str] | None:
    """Which of the two is no good, why, and what was expected. OpenSSL's own words may quote from them."""
    if b"-----BEGIN CERTIFICATE-----" not in certificate:
        return "cert", "no certificate in PEM form", "a certificate in PEM form, and those that lead to its authority"
    if b"PRIVATE KEY-----" not in key:
        return "key", "no private key in PEM form", "the certificate's private key in PEM form"
    try:
        load_pair(context, certificate, key)
    except ValueError as error:  # an SSLError is an OSError, a password that is asked for a ValueError
        return "key", f"it is {error}", "an unencrypted private key in PEM form"
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "key", "the key of another certificate", "the private key of cert_file"
        return (
            "cert",
            f"certificate and key cannot be used ({(error.reason or 'unreadable').lower().replace('_', ' ')})",
            "a certificate and its private key, both in PEM form",
        )
    return None
