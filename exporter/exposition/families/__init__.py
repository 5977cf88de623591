"""What the page of ``/metrics`` says of an integration: one file per noun, and ``ENTRIES``, the table of all of them.

A new metric is a file beside these and its line in the table.
"""

from __future__ import annotations

from exporter.exposition.families import (
    access,
    calls,
    calls_by_app,
    canary,
    facts,
    heartbeat,
    hubspot_calls,
    info,
    mailbox,
    sources,
    storage,
    suspension,
    sync_errors,
    trust,
    unsynced,
)
from exporter.exposition.families.entry import Families, joined

ENTRIES: tuple[Families, ...] = (
    calls.FAMILIES,
    calls_by_app.FAMILIES,
    hubspot_calls.FAMILIES,
    storage.FAMILIES,
    sync_errors.FAMILIES,
    suspension.FAMILIES,
    access.FAMILIES,
    trust.FAMILIES,
    heartbeat.FAMILIES,
    mailbox.FAMILIES,
    unsynced.FAMILIES,
    canary.FAMILIES,
    info.FAMILIES,
    facts.FAMILIES,
    sources.FAMILIES,
)
"""In the order of the page."""

FAMILIES: Families = joined(*ENTRIES)

__all__ = ["ENTRIES", "FAMILIES"]
