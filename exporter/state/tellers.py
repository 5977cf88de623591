"""Who says whether HubSpot has suspended an integration, and whether that is known right now. Pure.

A suspension whose source has fallen silent disappears from what is shown, and its alert resolves: that is no end of it.
"""

from __future__ import annotations

from exporter.config.settings import Integration
from exporter.sources import SOURCES
from exporter.state.reading import Reading
from exporter.state.recovery import recovery_of
from exporter.state.snapshot import Snapshot
from exporter.state.statement import Statement, suspension_in

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
        told = suspension_in(reading)
        if (
            told is not None
            and told.value.suspended
            and not _speaks(reading, now)
            and not _is_over(snapshot, told, now)
        ):
            name = _NAMES.get(reading.source, reading.source)
            return f"{name} said last that it is suspended, and cannot be read"
    for name in snapshot.told_by:
        reading_of = snapshot.reading(name)
        if reading_of is None or not _speaks(reading_of, now):
            return f"{_NAMES.get(name, name)} cannot be read"
        if name == PAGE and suspension_in(reading_of) is not None:
            return None
    return None


def _is_over(snapshot: Snapshot, told: Statement, now: float) -> bool:
    """Whether somebody who can be read has stated something newer, or something was seen that has ended it."""
    newer = (
        statement
        for reading in snapshot.readings
        if _speaks(reading, now) and (statement := suspension_in(reading)) is not None
    )
    later = any((statement.at or 0.0) > (told.at or 0.0) for statement in newer)
    return later or recovery_of(snapshot, told, now) is not None


def _speaks(reading: Reading, now: float) -> bool:
    return reading.up and reading.visible_part(now) is not None
