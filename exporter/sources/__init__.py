"""One file per source; ``SOURCES`` is the table of all of them."""

from __future__ import annotations

from exporter.sources import salesforce_limits, sync_health
from exporter.sources.source import Source

SOURCES: tuple[Source, ...] = (salesforce_limits.SOURCE, sync_health.SOURCE)

__all__ = ["SOURCES", "Source"]
