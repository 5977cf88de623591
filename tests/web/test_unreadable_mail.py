"""E-mails that nobody understands, on the pages."""

from __future__ import annotations

from dataclasses import replace

from exporter.model import MailboxNews, UnreadableMessage
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.web.pages.status_page import render, status_row
from exporter.web.pages.unreadable_mail import RECENT, unreadable_mail

NOW = 1_800_000_000.0
NASTY = """<script>alert("x" & 'y')</script>"""
MESSAGE = UnreadableMessage(7, NOW - 3_600, "Your sync", "it states nothing that is known")


def snapshot(*messages: UnreadableMessage) -> Snapshot:
    news = MailboxNews(None, None, unmatched=messages)
    return Snapshot("acme", "immediate", None, (Reading("mailbox", 60.0, NOW, None, news, NOW),))


def test_they_are_listed_with_the_reason_and_how_to_mend_it() -> None:
    """The newest first; one without a time comes last."""
    found = snapshot(
        replace(MESSAGE, uid=3, received_at=None, subject="", why="the server does not hand this message out"),
        replace(MESSAGE, uid=4, received_at=NOW - 7_200, subject="Older"),
        MESSAGE,
    )
    assert [(line.subject, line.received) for line in unreadable_mail(found, NOW)] == [
        ("Your sync", "60 min ago"),
        ("Older", "2 h ago"),
        ("(no subject)", "at a time not known"),
    ]
    page = render([status_row(found, NOW)], NOW)
    assert "E-mails of HubSpot that are not understood: 3" in page
    assert "mail-test" in page


def test_what_strangers_write_is_text() -> None:
    """A subject is anybody's, and so is what is quoted of a message."""
    page = render([status_row(snapshot(replace(MESSAGE, subject=NASTY, why=NASTY)), NOW)], NOW)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;") == 2


def test_old_ones_are_history() -> None:
    """They stand in the mailbox, and on the page of nobody."""
    assert unreadable_mail(snapshot(replace(MESSAGE, received_at=NOW - RECENT)), NOW) == ()
    assert "not understood" not in render([status_row(snapshot(), NOW)], NOW)
