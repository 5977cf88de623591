"""Which hosts are asked without the proxy: the entries of ``no_proxy`` and of the variable ``NO_PROXY``.

As curl and Go read them: ``example.com`` and ``.example.com`` mean the domain and all below it, ``*.example.com`` what
is below it, ``*`` everything; an address or a network (``10.0.0.0/8``, ``fd00::/8``) means hosts written as addresses.
Each may be followed by a port; IPv6 may stand in brackets.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from exporter.config.urls import host_of, ip_address_of

_SEPARATOR = re.compile(r"[,\s]+")
_ENTRY = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\](?P<bits>/[0-9]+)?|(?P<host>[^\[\]:]*))(?::(?P<port>[0-9]{1,5}))?")
_DOMAIN = re.compile(r"(?:\*?\.)?(?:[a-z0-9_-]+\.)*(?![0-9]+$)[a-z0-9_-]+")
"""What ends with a number is no name: ``192.168.`` and ``10.0.0.1-10.0.0.9`` mean addresses in a way nobody reads."""
_DEFAULT_PORTS = {"https": 443, "http": 80}

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Exemption:
    """One entry that was understood; ``port`` of ``None`` means every port."""

    target: str | _Network
    port: int | None

    def covers(self, url: str) -> bool:
        """Whether the host of this URL is asked without the proxy."""
        parts = urlsplit(url)
        if self.port is not None and self.port != (parts.port or _DEFAULT_PORTS.get(parts.scheme)):
            return False
        host = host_of(url)
        if not isinstance(self.target, str):
            address = ip_address_of(host)
            return address is not None and address in self.target
        if self.target == "*":
            return True
        below = self.target.removeprefix("*").removeprefix(".")
        return host.endswith(f".{below}") or (host == below and not self.target.startswith("*"))


def entries_of(text: str) -> tuple[str, ...]:
    """The entries of a list as the variable holds it: commas or white space stand between them."""
    return tuple(entry for entry in _SEPARATOR.split(text) if entry)


def exemption(entry: str) -> Exemption | None:
    """What an entry means; ``None`` if it means nothing."""
    text = entry.strip().lower()
    bare = _network(text)
    if bare is not None:
        return Exemption(bare, None)
    match = _ENTRY.fullmatch(text.partition("://")[2].rstrip("/") if "://" in text else text)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    network = _network((match["ipv6"] or match["host"] or "") + (match["bits"] or ""))
    if network is not None:
        return Exemption(network, port)
    host = (match["host"] or "").rstrip(".")
    return Exemption(host, port) if host == "*" or _DOMAIN.fullmatch(host) else None


def _network(text: str) -> _Network | None:
    """An address is a network of one."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
