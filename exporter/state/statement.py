"""Who states what, and when: statements of one fact, of which the newest is believed. Pure.

A statement is of the time that it says it is of, yet never of a later one than it was first read at: a clock that is
ahead, of a bridge or of a mail server, must not make one statement the newest for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from exporter.model import MailboxNews, Part, SyncHealth
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

P = TypeVar("P", bound=Part)

CONFIGURATION = "configuration"
REPORT = "report"
"""Named as the source of a suspension that was reported by hand or by a hook."""
EVIDENCE = "evidence"
"""Named as the source where what was seen has ended a suspension."""
HEADER = "sforce_limit_info"
"""Named as the source of org usage that came with the header of some other answer."""
MAILBOX = "mailbox"
"""The source that reads HubSpot's e-mails."""

NOT_POLLED = frozenset({REPORT, EVIDENCE})
"""What is kept as the readings of sources are, and was stated or seen by other means."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says of a fact; ``at`` is of when that is, ``None`` for a setting of which nobody knows."""

    value: Any
    source: str
    at: float | None

    @classmethod
    def of(cls, value: Any, source: str, at: float | None) -> Self | None:
        """``None`` where the source leaves the fact out."""
        return None if value is None else cls(value, source, at)


def newest(statements: Iterable[Statement]) -> Statement | None:
    return max(statements, key=lambda statement: statement.at or 0.0, default=None)


def sources_of(snapshot: Snapshot, now: float, kind: type[P]) -> tuple[tuple[P, str], ...]:
    """Every visible part of a kind, with the source that stated it."""
    # Of each kind there are few: to look at the kind first takes a third of the time, dozens of times a poll.
    return tuple(
        (reading.part, reading.source)
        for reading in snapshot.readings
        if isinstance(reading.part, kind) and reading.visible_part(now) is not None
    )


def newest_page(snapshot: Snapshot, now: float, fact: str) -> Statement | None:
    """A field of SyncHealth by the newest page that does not leave it out."""
    return newest(_pages(snapshot, now, fact))


def suspension_statements(snapshot: Snapshot, now: float) -> Iterator[Statement]:
    """What the page, a report and the mailbox say of a suspension."""
    visible = (reading for reading in snapshot.readings if reading.visible_part(now) is not None)
    yield from filter(None, map(suspension_in, visible))


def suspension_in(reading: Reading) -> Statement | None:
    """What a source last said of a suspension, whether it still counts or not."""
    part, at = reading.part, reading.true_at or 0.0
    if isinstance(part, SyncHealth):
        return Statement.of(part.suspension, reading.source, at)
    if isinstance(part, MailboxNews):
        return Statement.of(part.suspension, reading.source, min(part.stated_at or 0.0, at))
    return None


def _pages(snapshot: Snapshot, now: float, fact: str) -> Iterator[Statement]:
    for page, source in sources_of(snapshot, now, SyncHealth):
        statement = Statement.of(getattr(page, fact), source, snapshot.true_at(source))
        if statement is not None:
            yield statement
