"""How outside APIs are reached: through which proxy, and whose certificates are trusted.

``http`` of the configuration says so; of what it leaves out, the environment's variables do. Loopback is never asked
through a proxy. Everything outside is asked over TLS, so ``HTTP_PROXY`` has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.config.authorities import read_authorities
from exporter.config.no_proxy import Exemption, entries_of, exemption
from exporter.config.proxy import Proxy, ProxyError, proxy_at
from exporter.config.urls import host_of, is_loopback

PROXY_VARIABLES = ("HTTPS_PROXY", "ALL_PROXY")
NO_PROXY = "NO_PROXY"
UNUSED_VARIABLE = "HTTP_PROXY"


@dataclass(frozen=True, slots=True)
class Network:
    """``unusable`` says why the proxy that the environment names cannot be used; it may never be needed.

    ``authorities`` are PEM certificates trusted beside the public ones; ``None``: what the environment says.
    ``pair`` are files with the certificate and the key that are shown to a host that demands one.
    """

    proxy: Proxy | None = None
    unusable: str | None = None
    exemptions: tuple[Exemption, ...] = ()
    authorities: str | None = field(default=None, repr=False)
    pair: tuple[Path, Path] | None = None

    def needs_proxy(self, url: str) -> bool:
        """Whether a proxy would be asked for this URL, if there is one."""
        host = host_of(url)
        if is_loopback(host) or host.endswith(".localhost"):
            return False
        return not any(entry.covers(url) for entry in self.exemptions)

    def proxy_for(self, url: str) -> Proxy | None:
        """Whom to ask for this URL, ``None`` for its host itself; raises ``ProxyError``."""
        if (self.proxy is None and self.unusable is None) or not self.needs_proxy(url):
            return None
        if self.unusable is not None:
            raise ProxyError(self.unusable)
        return self.proxy


def network_of(entry: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> Network:
    """What the section ``http`` and the environment say; raises ``OSError`` or ``ValueError`` for a bad section."""
    proxy, unusable = _proxy(entry.get("proxy"), environment)
    return Network(
        proxy=proxy,
        unusable=unusable,
        exemptions=tuple(filter(None, map(exemption, no_proxy_entries(entry.get("no_proxy"), environment)))),
        authorities=read_authorities(folder / entry["ca_file"]) if "ca_file" in entry else None,
    )


def _proxy(configured: str | None, environment: Mapping[str, str]) -> tuple[Proxy | None, str | None]:
    if configured is not None:
        return proxy_at(configured, "http.proxy"), None
    for name, text in variables(PROXY_VARIABLES, environment):
        try:
            return proxy_at(text, name), None
        except ProxyError as error:
            return None, f"environment variable {name}: {error}"
    return None, None


def no_proxy_entries(configured: Sequence[str] | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The entries as they were written."""
    if configured is not None:
        return tuple(configured)
    return tuple(entry for _name, text in variables([NO_PROXY], environment) for entry in entries_of(text))


def variables(names: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those of the variables that are set, as they are spelt; of both spellings of one, the small one counts."""
    for name in names:
        spelt = next((each for each in (name.lower(), name) if environment.get(each, "").strip()), None)
        if spelt is not None:
            yield spelt, environment[spelt]
