"""URLs that a token is sent to."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.schema import config_schema
from exporter.config.urls import is_safe_url


def unsafe_urls(draft: Draft) -> Iterator[Finding]:
    """Every URL is one that a token may be sent to."""
    for path, url in draft.texts("url"):
        if not is_safe_url(url):
            yield Finding(path, f"got {shown(url)}", config_schema()["$defs"]["url"]["description"])
