"""Which host a URL names, and where a token may be sent."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def is_safe_url(url: str) -> bool:
    """Whether a token may be sent there: TLS, or plain HTTP to this machine itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in " \\"):
        return False  # read differently by different parsers
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    if not bare or port == 0 or not has_host(parts):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def host_of(url: str) -> str:
    """The host in small letters, without the dot that may end it; empty for what is no URL."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def has_host(parts: SplitResult) -> bool:
    """Whether the host is one that can be asked; in brackets stands an address."""
    host = (parts.hostname or "").removesuffix(".")
    return _is_host(host) and ("[" not in parts.netloc or ip_address_of(host) is not None)


def _is_host(host: str) -> bool:
    """Whether this is an IP address, or a name that a host can have. A name that ends with a number would be an address
    (``10.0.0.256``); what only one machine understands, the zone of an IPv6 address, is none."""
    if ip_address_of(host) is not None:
        return "%" not in host
    labels = host.split(".")
    return all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal() and _is_decodable(host)


def _is_decodable(host: str) -> bool:
    try:
        return bool(host.encode("ascii").decode("idna"))
    except UnicodeError:
        return False


def is_loopback(host: str) -> bool:
    """Whether this is the machine itself."""
    address = ip_address_of(host)
    return host == "localhost" if address is None else address.is_loopback


@lru_cache(maxsize=1024)
def ip_address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, ``None`` for a name. An IPv4 address in the clothes of IPv6 is what it is."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
