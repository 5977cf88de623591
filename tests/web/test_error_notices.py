"""What HubSpot's e-mails told of sync errors, on the page and in the API."""

from __future__ import annotations

from exporter.model import MailboxNews
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.web.pages.error_notices import NoticeLine, notice_lines, notices_json

NOW = 1_800_000_000.0
NEWS = MailboxNews(None, None, notices=(("duplicates", NOW - 7_200.0), ("picklists", NOW - 3_600.0)))


def snapshot(read_at: float = NOW) -> Snapshot:
    return Snapshot("acme", "immediate", None, (Reading("mailbox", 60.0, read_at, None, NEWS, read_at),))


def test_the_newest_of_each_category_is_told() -> None:
    """The newest first, by the title HubSpot's page has."""
    assert notice_lines(snapshot(), NOW) == (NoticeLine("Picklists", "60 min ago"), NoticeLine("Duplicates", "2 h ago"))
    assert notices_json(snapshot(), NOW) == [
        {"category": "picklists", "received_at": "2027-01-15T07:00:00.000Z"},
        {"category": "duplicates", "received_at": "2027-01-15T06:00:00.000Z"},
    ]


def test_without_a_mailbox_nothing_is_known() -> None:
    """Nor by one that was read too long ago."""
    for found in (Snapshot("acme", "immediate", None, ()), snapshot(NOW - 86_400.0)):
        assert notice_lines(found, NOW) == ()
        assert notices_json(found, NOW) is None
