"""HubSpot's e-mails."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.model.suspension import Suspension


@dataclass(frozen=True, slots=True)
class UnreadableMessage:
    """An e-mail that looks like one of HubSpot's, and states nothing that is understood: ``why``, in a sentence."""

    uid: int
    received_at: float | None
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class MailboxNews:
    """What HubSpot's e-mails state. ``suspension`` is the newest statement about one, or that it is over, received
    ``stated_at``; both ``None`` as long as no e-mail has stated either.

    ``notices`` are pairs: a category of sync errors, and when the newest e-mail came that tells of it. ``unmatched``
    are the newest e-mails that nobody understood; ``totals`` are pairs: ``matched``, ``unmatched`` or ``ignored``, and
    how many were that since the folder was first read.
    """

    suspension: Suspension | None
    stated_at: float | None
    notices: tuple[tuple[str, float], ...] = ()
    unmatched: tuple[UnreadableMessage, ...] = ()
    totals: tuple[tuple[str, int], ...] = ()
