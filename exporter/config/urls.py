"""Where a token may be sent."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_safe_url(url: str) -> bool:
    """Whether a token may be sent there: TLS, or plain HTTP to this machine itself."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in " \\"):
        return False  # read differently by different parsers
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    return bare and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
