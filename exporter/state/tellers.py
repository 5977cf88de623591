"""Who says whether HubSpot has suspended an integration, and whether that is known right now. Pure.

A suspension whose source has fallen silent disappears from what is shown, and its alert resolves: that is no end of it.
"""

from __future__ import annotations

from exporter.clients.directory import FILE_NAME
from exporter.clock import format_timestamp
from exporter.config.settings import Integration
from exporter.model import MailboxNews, Suspension, SyncHealth
from exporter.sources import SOURCES
from exporter.state.reading import Reading
from exporter.state.recovery import recovery_of
from exporter.state.snapshot import Snapshot
from exporter.state.statement import MAILBOX, Statement, sources_of, suspension_in

PAGE = "sync_health"
"""Says it as HubSpot's page does, at every poll: as long as it is silent nobody knows."""

TELLERS = (PAGE, MAILBOX)
"""The sources that can say it."""

UNREAD_FOR = 3 * 3600.0
"""Seconds for which an e-mail that nobody understands may be one of a suspension: as long as MailboxUnreadable tells
of it."""

_NAMES = {PAGE: "Sync Health", MAILBOX: "the mailbox"}


def tellers_of(integration: Integration) -> tuple[str, ...]:
    """Those that are configured for it. Of a page that is there and not read nobody knows what it says; a mailbox that
    is not read is none, and where exported errors are only uploaded there is no page."""
    applying = (source.name for source in SOURCES if source.name in TELLERS and source.applies(integration))
    return tuple(
        name for name in applying if (_has_page(integration) if name == PAGE else name in integration.intervals)
    )


def _has_page(integration: Integration) -> bool:
    feed = integration.sync_health
    return feed is not None and (feed.url is not None or feed.directory is not None)


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
        if name == PAGE and reading_of is not None and _has_no_word(reading_of):
            continue
        if reading_of is None or not _speaks(reading_of, now):
            return f"{_NAMES.get(name, name)} cannot be read"
        if name == PAGE:
            return None if suspension_in(reading_of) is not None else f"{FILE_NAME} cannot be read"
    return _not_understood(snapshot, now)


def _has_no_word(page: Reading) -> bool:
    """Whether what was last read says nothing of suspensions, such as exported errors alone: then it need not be read
    to know. A file beside exports that cannot be read may say it."""
    silent = isinstance(page.part, SyncHealth) and suspension_in(page) is None
    return silent and all(part.name != FILE_NAME for part in page.missing_parts)


def _not_understood(snapshot: Snapshot, now: float) -> str | None:
    """Why an e-mail that nobody understands may have said that it is suspended, until something newer is known."""
    for news, source in sources_of(snapshot, now, MailboxNews):
        for letter in news.unmatched:
            if letter.received_at is None or now - letter.received_at >= UNREAD_FOR:
                continue
            feared = Statement(Suspension(suspended=True, reason=None, since=None), source, letter.received_at)
            if not _is_over(snapshot, feared, now):
                return f"the e-mail of {format_timestamp(letter.received_at)} is not understood"
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
