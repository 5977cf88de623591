"""A proxy for everything outside, as configuration and environment name it. Its URL may carry a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from exporter.config.masking import masked
from exporter.config.urls import has_host

SCHEMES = ("http", "https")
EXPECTED = (
    "http://HOST:PORT or https://HOST:PORT of an HTTP proxy, before the host perhaps USER:PASSWORD@ (percent-encoded)"
)

_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` is hidden: it may carry a password. ``named`` says where it was configured."""

    url: str = field(repr=False)
    named: str

    def __str__(self) -> str:
        return f"{self.named} ({masked(self.url)})"


class ProxyError(ValueError):
    """A proxy that cannot be used; says why, without its password."""


def full_url(text: str) -> str:
    """With the scheme that is meant where none is written: only so can a password in it be told from the rest."""
    url = text.strip()
    return url if "://" in url else f"http://{url}"


def proxy_at(text: str, named: str) -> Proxy:
    """The proxy of a text such as ``http://proxy.example:3128`` or ``proxy.example:3128``; raises ``ProxyError``."""
    url = full_url(text)
    if url.removeprefix("http://").startswith(_QUOTES):
        raise ProxyError("it stands in quotation marks, which belong to it where no shell reads them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ProxyError("its host or port cannot be read") from None
    if parts.scheme.startswith("socks"):
        raise ProxyError("SOCKS proxies cannot be used")
    if parts.scheme not in SCHEMES:
        raise ProxyError(f"{parts.scheme}:// is no HTTP proxy")
    if port == 0 or not has_host(parts) or not url.isascii() or not url.isprintable() or " " in url:
        raise ProxyError("its host or port cannot be read")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ProxyError("it has a path, query or fragment")
    return Proxy(url.rstrip("/"), named)
