"""The e-mails in the mailbox that look like HubSpot's and state nothing that is understood. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.model import MailboxNews, UnreadableMessage
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of
from exporter.web.pages.source_lines import age

RECENT = 7 * 86400.0
"""Seconds after which an e-mail has been seen by whoever wanted to see it."""

LATELY = 86400.0
"""Seconds for which it makes trouble that nobody understands an e-mail: read them today, says the alert."""


@dataclass(frozen=True, slots=True)
class MailLine:
    """One e-mail: its subject, how old it is, and why it is not understood."""

    subject: str
    received: str
    why: str


def unreadable_mail(snapshot: Snapshot, now: float) -> tuple[MailLine, ...]:
    """Those of the last days, the newest first; without a time of their own they come last."""
    recent = [one for one in _unmatched(snapshot, now) if one.received_at is None or now - one.received_at < RECENT]
    ordered = sorted(recent, key=lambda one: (one.received_at or 0.0, one.uid), reverse=True)
    return tuple(
        MailLine(
            subject=one.subject or "(no subject)",
            received="at a time not known" if one.received_at is None else age(now - one.received_at),
            why=one.why,
        )
        for one in ordered
    )


def unreadable_lately(snapshot: Snapshot, now: float) -> int:
    """How many came lately. One without a time of its own may be of any day."""
    times = (message.received_at for message in _unmatched(snapshot, now))
    return sum(at is not None and now - at < LATELY for at in times)


def _unmatched(snapshot: Snapshot, now: float) -> list[UnreadableMessage]:
    return [message for news, _source in sources_of(snapshot, now, MailboxNews) for message in news.unmatched]
