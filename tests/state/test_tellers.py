"""Whether it is known that HubSpot has suspended an integration: that nobody says so any more is no end of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.clients.directory import FILE_NAME
from exporter.clock import format_timestamp
from exporter.config.settings import Config
from exporter.model import Failure, MailboxNews, PartState, Suspension, SyncHealth, UnreadableMessage
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.tellers import UNREAD_FOR, tellers_of, why_unknown

NOW = 1_800_000_000.0
SUSPENDED = Suspension(True, "salesforce_org_locked", NOW - 7200)
RUNNING = Suspension(False, None, None)
FAILED = Failure("timeout", None, "no answer")


def told(source: str, suspension: Suspension | None, at: float = NOW - 60, failure: Failure | None = None) -> Reading:
    """What a source said last, and whether it can be read."""
    part = SyncHealth(at, None, None, None, suspension, None)
    return Reading(source, 60.0, NOW - 30, failure, part, succeeded_at=at)


def why(*readings: Reading, told_by: tuple[str, ...] = ("sync_health",)) -> str | None:
    return why_unknown(Snapshot("acme", "immediate", None, readings, told_by), NOW)


@pytest.mark.parametrize("suspension", [RUNNING, SUSPENDED, None])
def test_a_page_that_can_be_read_is_known(suspension: Suspension | None) -> None:
    """Whatever it says; what that means the facts say."""
    assert why(told("sync_health", suspension)) is None


@pytest.mark.parametrize(
    "reading",
    [
        Reading("sync_health", 60.0, NOW),
        told("sync_health", RUNNING, failure=FAILED),
        told("sync_health", RUNNING, at=NOW - 600),
    ],
)
def test_a_page_that_is_silent_is_not(reading: Reading) -> None:
    """Never read, failing, or too old."""
    assert why(reading) == "Sync Health cannot be read"


def test_one_that_was_never_asked_is_not(config: Config) -> None:
    """As right after the start."""
    assert why() == "Sync Health cannot be read"


@pytest.mark.parametrize("source", ["sync_health", "mailbox"])
@pytest.mark.parametrize("told_by", [("sync_health", "mailbox"), ("sync_health",), ("mailbox",), ()])
def test_who_said_suspended_and_is_silent_since_leaves_it_so(source: str, told_by: tuple[str, ...]) -> None:
    """Its fact is gone after three intervals, and the alert resolves: no job goes by that."""
    silent = told(source, SUSPENDED, at=NOW - 3600, failure=FAILED)
    name = {"sync_health": "Sync Health", "mailbox": "the mailbox"}[source]
    assert why(silent, told_by=told_by) == f"{name} said last that it is suspended, and cannot be read"


@pytest.mark.parametrize(("at", "known"), [(NOW - 60, True), (NOW - 3601, False)])
def test_a_newer_statement_of_somebody_else_counts(at: float, known: bool) -> None:
    """A page says that it runs, after the mailbox had said that it does not; one from before says nothing."""
    silent = told("mailbox", SUSPENDED, at=NOW - 3600, failure=FAILED)
    page = replace(told("sync_health", RUNNING, at=at), succeeded_at=NOW - 60)
    assert (why(silent, page, told_by=("sync_health", "mailbox")) is None) is known


def test_once_it_speaks_again_it_is_known() -> None:
    """Whatever it then says."""
    assert why(told("mailbox", RUNNING), told_by=("mailbox",)) is None


def test_a_mailbox_that_cannot_be_read_may_hold_the_news() -> None:
    """Unless the page itself says how it is."""
    mailbox = told("mailbox", None, failure=FAILED)
    both = ("sync_health", "mailbox")
    assert why(mailbox, told_by=("mailbox",)) == "the mailbox cannot be read"
    assert why(told("sync_health", RUNNING), mailbox, told_by=both) is None
    assert why(told("sync_health", None), mailbox, told_by=both) == "the mailbox cannot be read"


@pytest.mark.parametrize("failure", [None, FAILED])
def test_a_page_that_says_nothing_of_suspensions_is_not_missed(failure: Failure | None) -> None:
    """As exported errors alone, even once they are too old: the mailbox is asked."""
    exports = told("sync_health", None, at=NOW - 7 * 86400, failure=failure)
    both = ("sync_health", "mailbox")
    assert why(exports) is None
    assert why(exports, told("mailbox", None, failure=FAILED), told_by=both) == "the mailbox cannot be read"
    assert why(exports, told("mailbox", RUNNING), told_by=both) is None


def test_a_page_beside_exports_that_cannot_be_read_may_say_it() -> None:
    """It may have been put there just to say so."""
    beside = replace(told("sync_health", None), parts=(PartState("picklists"), PartState(FILE_NAME, FAILED)))
    assert why(beside) == "sync-health.json cannot be read"


def letters(received_at: float | None, suspension: Suspension | None = None, stated_at: float | None = None) -> Reading:
    """A mailbox with an e-mail that nobody understands, and perhaps another that states something."""
    unread = UnreadableMessage(7, received_at, "Salesforce", "it states nothing that is known")
    news = MailboxNews(suspension, stated_at, unmatched=(unread,))
    return Reading("mailbox", 60.0, NOW - 30, None, news, succeeded_at=NOW - 30)


def test_an_e_mail_that_nobody_understands_may_be_one_of_a_suspension() -> None:
    """For as long as its alert tells of it, unless somebody has stated something since."""
    recent = NOW - 3600
    unknown = f"the e-mail of {format_timestamp(recent)} is not understood"
    assert why(letters(recent), told_by=("mailbox",)) == unknown
    assert why(letters(recent, RUNNING, recent - 60), told_by=("mailbox",)) == unknown
    assert why(letters(recent, RUNNING, recent + 60), told_by=("mailbox",)) is None
    assert why(letters(recent), told("report", RUNNING), told_by=("mailbox",)) is None
    assert why(letters(NOW - UNREAD_FOR), told_by=("mailbox",)) is None
    assert why(letters(None), told_by=("mailbox",)) is None


def test_where_nobody_is_configured_to_tell_nobody_is_missed() -> None:
    """The causes that the exporter sees itself are looked at then."""
    assert why(told_by=()) is None


def test_who_tells_of_an_integration(config: Config) -> None:
    """A page that is switched off is there all the same: nobody knows what it says. Uploaded exports are no page."""
    acme = config.integrations[0]
    assert acme.sync_health is not None
    assert tellers_of(acme) == ("sync_health",)
    assert tellers_of(replace(acme, intervals={})) == ("sync_health",)
    assert tellers_of(replace(acme, sync_health=None)) == ()
    uploads = replace(acme.sync_health, url=None, token=None)
    assert tellers_of(replace(acme, sync_health=uploads)) == ()
    assert tellers_of(replace(acme, sync_health=replace(uploads, directory=Path("exports")))) == ("sync_health",)
