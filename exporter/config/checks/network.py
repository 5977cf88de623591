"""Proxies and authorities that cannot be used, in the file and in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exporter.config import defaults
from exporter.config.authorities import EXPECTED as EXPECTED_AUTHORITIES
from exporter.config.authorities import AuthoritiesError, read_authorities, unusable_variable
from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import is_file_name, shown
from exporter.config.network import Network, network_of
from exporter.config.no_proxy import exemption
from exporter.config.proxy import EXPECTED as EXPECTED_PROXY
from exporter.config.proxy import ProxyError, full_url, proxy_at

_CA_FILE = ("http", "ca_file")


def unusable_proxy(draft: Draft) -> Iterator[Finding]:
    """The proxy of the file can be used; that of the environment too, if anything would be asked through it."""
    section = _section(draft)
    configured = section.get("proxy")
    if isinstance(configured, str):
        try:
            proxy_at(configured, "http.proxy")
        except ProxyError as error:
            yield Finding(("http", "proxy"), f"got {shown(full_url(configured))}: {error}", EXPECTED_PROXY)
        return
    unusable = _network(section)
    if unusable is not None and unusable.unusable and any(map(unusable.needs_proxy, _asked(draft))):
        yield Finding(("http", "proxy"), unusable.unusable, f"{EXPECTED_PROXY}, there or here")


def meaningless_exemptions(draft: Draft) -> Iterator[Finding]:
    """Every entry of the file's ``no_proxy`` means something."""
    entries = _section(draft).get("no_proxy")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, str) and entry and exemption(entry) is None:
            yield Finding(
                ("http", "no_proxy", index),
                f"got {shown(entry)}",
                "a host, a domain, an IP address or a network such as 10.0.0.0/8, perhaps with a port",
            )


def unusable_authorities(draft: Draft) -> Iterator[Finding]:
    """The authorities to trust can be read: those of the file, else those of the environment."""
    configured = _section(draft).get("ca_file")
    if isinstance(configured, str) and configured:
        if is_file_name(configured):
            yield from _unreadable(draft.folder / configured)
        else:
            yield Finding(_CA_FILE, "got text that is no path", "the path of a file")
        return
    reason = unusable_variable(os.environ)
    if reason is not None:
        yield Finding(_CA_FILE, reason, EXPECTED_AUTHORITIES)


def _unreadable(file: Path) -> Iterator[Finding]:
    try:
        read_authorities(file)
    except OSError as error:
        yield Finding(_CA_FILE, f'cannot read "{file}" ({error.strerror})', EXPECTED_AUTHORITIES)
    except AuthoritiesError as error:
        yield Finding(_CA_FILE, f'"{file}" {error}', EXPECTED_AUTHORITIES)


def _section(draft: Draft) -> dict[str, Any]:
    section = draft.section("http")
    return section if isinstance(section, dict) else {}


def _network(section: dict[str, Any]) -> Network | None:
    """How the environment's proxy would be used; ``None`` where the schema has complained already."""
    entries = section.get("no_proxy")
    if entries is not None and not (isinstance(entries, list) and all(isinstance(entry, str) for entry in entries)):
        return None
    return network_of({} if entries is None else {"no_proxy": entries}, Path(), os.environ)


def _asked(draft: Draft) -> Iterator[str]:
    """The URLs that will be asked, as far as the configuration tells."""
    for path, url in draft.texts("url"):
        if path[-1] != "audience":
            yield url
    for _path, entry in draft.sections("salesforce"):
        status = entry.get("status")
        if status != "off" and not (isinstance(status, dict) and "url" in status):
            yield defaults.STATUS_URL
    for _path, entry in draft.sections("hubspot"):
        if "url" not in entry and ("token_file" in entry or "token_env" in entry):
            yield defaults.HUBSPOT_URL
