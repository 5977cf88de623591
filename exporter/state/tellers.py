"""Who says whether HubSpot has suspended an integration, and whether that is known right now. Pure.

A suspension whose source has fallen silent disappears from what is shown, and its alert resolves: that is no end of it.
"""

from __future__ import annotations

from exporter.config.settings import Integration
from exporter.model import Part, Suspension, SyncHealth
from exporter.sources import SOURCES
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

PAGE = "sync_health"
"""Says it as HubSpot's page does, at every poll: as long as it is silent nobody knows."""

TELLERS = (PAGE, "mailbox")
"""The sources that can say it. A mailbox that can be read says it too: no news is none."""

_NAMES = {PAGE: "Sync Health", "mailbox": "the mailbox"}


def tellers_of(integration: Integration) -> tuple[str, ...]:
    """Those that are configured for it. Of a page that is there and not read nobody knows what it says; a mailbox that
    is not read is none."""
    applying = (source.name for source in SOURCES if source.name in TELLERS and source.applies(integration))
    return tuple(name for name in applying if name == PAGE or name in integration.intervals)


def why_unknown(snapshot: Snapshot, now: float) -> str | None:
    """Why nobody knows whether it is suspended; ``None`` where somebody does, or nobody is configured to tell."""
    for reading in snapshot.readings:
        told = suspension_in(reading.part)
        if told is not None and told.suspended and not _speaks(reading, now) and not _newer(snapshot, reading, now):
            name = _NAMES.get(reading.source, reading.source)
            return f"{name} said last that it is suspended, and cannot be read"
    for name in snapshot.told_by:
        if not _speaks(snapshot.reading(name), now):
            return f"{_NAMES.get(name, name)} cannot be read"
        if name == PAGE and suspension_in(snapshot.reading(name).part) is not None:  # type: ignore[union-attr]
            return None
    return None


def suspension_in(part: Part | None) -> Suspension | None:
    """What a part says of a suspension, if anything."""
    return part.suspension if isinstance(part, SyncHealth) else None


def _newer(snapshot: Snapshot, silent: Reading, now: float) -> bool:
    """Whether somebody who can be read has stated it since."""
    before = silent.true_at or 0.0
    return any(
        suspension_in(reading.part) is not None and (reading.true_at or 0.0) > before
        for reading in snapshot.readings
        if reading is not silent and _speaks(reading, now)
    )


def _speaks(reading: Reading | None, now: float) -> bool:
    return reading is not None and reading.up and reading.visible_part(now) is not None
