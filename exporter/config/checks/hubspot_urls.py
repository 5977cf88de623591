"""Whether HubSpot's API answers at the URL of an account."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.defaults import HUBSPOT_URL
from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.urls import host_of


def web_application(draft: Draft) -> Iterator[Finding]:
    """No URL is that of the pages people look at, ``app.hubspot.com`` or ``app-eu1.hubspot.com``."""
    for path, entry in draft.sections("hubspot"):
        url = entry.get("url")
        host = host_of(url) if isinstance(url, str) else ""
        if host.endswith(".hubspot.com") and host.startswith(("app.", "app-", "www.")):
            yield Finding((*path, "url"), f"got {shown(url)}", f"{HUBSPOT_URL} (this is HubSpot's web application)")
