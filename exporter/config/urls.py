"""Which host a URL names, and where a token may be sent."""

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
    return bare and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def host_of(url: str) -> str:
    """The host in small letters, without the dot that may end it; empty for what is no URL."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether this is the machine itself."""
    address = ip_address_of(host)
    return host == "localhost" if address is None else address.is_loopback


def ip_address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, ``None`` for a name. An IPv4 address in the clothes of IPv6 is what it is."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
