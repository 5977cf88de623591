"""The store's URL."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import has_password, shown


def unusable_store(draft: Draft) -> Iterator[Finding]:
    """A URL without a password, whose host can be told."""
    store = draft.section("store")
    if not isinstance(store, str):
        return
    if has_password(store):
        yield Finding(
            ("store",), f"secret stands in the file: {shown(store)}", "the password in the file that PGPASSFILE names"
        )
    elif store.startswith("postgresql://") and not _has_host_and_port(store):
        yield Finding(("store",), f"got {shown(store)}", "postgresql://USER@HOST:PORT/DATABASE")


def _has_host_and_port(url: str) -> bool:
    """Whether the host can be told; a port is optional, but if there is one it is a number up to 65535."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
