"""Which signs of life end a suspension that was told of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import (
    Heartbeat,
    LastWrite,
    LastWrites,
    MailboxNews,
    ObjectHeartbeat,
    Part,
    Recovery,
    Suspension,
    SyncHealth,
)
from exporter.state.facts import Facts, facts_of
from exporter.state.reading import Reading
from exporter.state.recovery import AFTER
from exporter.state.snapshot import Snapshot
from exporter.state.statement import EVIDENCE, MAILBOX, REPORT

TOLD = 1_800_000_000.0
"""When the e-mail came."""
NOW = TOLD + 7200.0
BOUND = TOLD + AFTER
SUSPENDED = Suspension(True, "salesforce_org_locked", TOLD)
RUNNING = Suspension(False, None, None)
SYNCS = (BOUND + 60, BOUND + 200, BOUND + 400)
"""Enough."""


def read(source: str, part: Part, at: float = NOW, interval: float = 120.0) -> Reading:
    return Reading(source, interval, at, part=part, succeeded_at=at)


MAIL = read(MAILBOX, MailboxNews(SUSPENDED, TOLD))
REPORTED = Reading(
    REPORT, float("inf"), TOLD, part=SyncHealth(TOLD, None, None, None, SUSPENDED, None), succeeded_at=TOLD
)
PAGE = read("sync_health", SyncHealth(TOLD, None, None, None, SUSPENDED, None))


def heartbeat(*syncs: float, deals: tuple[float, ...] = ()) -> Reading:
    objects = (
        ObjectHeartbeat("contacts", max(syncs, default=None), TOLD, None, syncs=syncs),
        ObjectHeartbeat("deals", max(deals, default=None), TOLD, None, syncs=deals),
    )
    return read("hubspot_heartbeat", Heartbeat(objects))


def writes(*moments: float | None) -> Reading:
    names = ("Contact", "Account", "Opportunity")
    objects = tuple(LastWrite(name, at) for name, at in zip(names, moments, strict=False))
    return read("salesforce_heartbeat", LastWrites(objects))


def seen(*readings: Reading, now: float = NOW) -> Facts:
    return facts_of(Snapshot("acme", "immediate", None, readings), now)


def is_over(*readings: Reading, now: float = NOW) -> bool:
    facts = seen(*readings, now=now)
    assert facts.suspension in (SUSPENDED, RUNNING)
    return facts.suspension == RUNNING


@pytest.mark.parametrize("told", [MAIL, REPORTED])
def test_records_that_sync_again_end_it(told: Reading) -> None:
    """Whether an e-mail or a report told of it: it is shown as over, by evidence, of when, and what was seen."""
    facts = seen(told, heartbeat(*SYNCS))
    assert facts.suspension == RUNNING
    assert (facts.stated_by["suspension"], facts.stated_at["suspension"]) == (EVIDENCE, SYNCS[-1])
    assert facts.recovery == Recovery(
        SYNCS[0],
        SYNCS[-1],
        "records sync again (contacts), seen from 2027-01-15T08:16:00.000Z until 2027-01-15T08:21:40.000Z",
    )


def test_what_hubspots_page_says_ends_by_its_next_page_alone() -> None:
    """It says so as soon as it is over."""
    assert not is_over(PAGE, heartbeat(*SYNCS))
    assert not is_over(PAGE, replace(MAIL, part=MailboxNews(RUNNING, TOLD - 60)), heartbeat(*SYNCS))


class TestWhatIsNotEnough:
    @pytest.mark.parametrize(
        "syncs",
        [
            pytest.param((), id="nothing"),
            pytest.param((TOLD - 60, TOLD - 300, TOLD - 900), id="before"),
            pytest.param((TOLD + 60, TOLD + 400, BOUND), id="what was under way, and written late"),
            pytest.param((BOUND + 400,), id="a single odd write"),
            pytest.param((TOLD - 400, BOUND + 60, BOUND + 400), id="two"),
            pytest.param((BOUND + 60, BOUND + 61, BOUND + 62, BOUND + 63), id="one moment"),
            pytest.param((NOW + 60, NOW + 400, NOW + 800), id="what is yet to come"),
        ],
    )
    def test_syncs(self, syncs: tuple[float, ...]) -> None:
        """Of an object."""
        assert not is_over(MAIL, heartbeat(*syncs))

    def test_a_call_that_is_logged(self) -> None:
        """It touches a contact and its deals at one moment."""
        assert not is_over(MAIL, heartbeat(BOUND + 60, deals=(BOUND + 70, BOUND + 80)))

    def test_an_unknown_heartbeat(self) -> None:
        """What was read too long ago ends nothing, nor does Salesforce alone: the user may be a person."""
        old = replace(heartbeat(*SYNCS), succeeded_at=NOW - 360)
        assert not is_over(MAIL, old)
        assert not is_over(MAIL, writes(BOUND + 500))


class TestDirection:
    def test_where_salesforce_shows_it_something_must_have_come_there(self) -> None:
        """A sync time alone does not tell the direction."""
        assert not is_over(MAIL, heartbeat(*SYNCS), writes(TOLD - 60, None))
        assert not is_over(MAIL, heartbeat(*SYNCS), writes(TOLD + 300, BOUND))
        assert not is_over(MAIL, heartbeat(*SYNCS), writes(None, None))
        assert is_over(MAIL, heartbeat(*SYNCS), writes(TOLD - 60, BOUND + 1))

    def test_it_is_told(self) -> None:
        """With the object."""
        recovery = seen(MAIL, heartbeat(*SYNCS), writes(None, BOUND + 1)).recovery
        assert recovery is not None
        assert recovery.detail.endswith(
            "; the integration user wrote to Account in Salesforce at 2027-01-15T08:15:01.000Z"
        )

    def test_where_salesforce_cannot_be_read_now_nothing_is_concluded(self) -> None:
        """It may have shown that nothing came."""
        assert not is_over(MAIL, heartbeat(*SYNCS), replace(writes(BOUND + 1), succeeded_at=NOW - 360))


class TestAfterwards:
    KEPT = Reading(
        EVIDENCE, float("inf"), SYNCS[-1], part=Recovery(SYNCS[0], SYNCS[-1], "seen"), succeeded_at=SYNCS[-1]
    )

    def test_what_was_seen_once_stays(self) -> None:
        """Though nothing can be read any more, and though the newest syncs would not do by themselves."""
        for readings in ((REPORTED, self.KEPT), (REPORTED, self.KEPT, heartbeat(BOUND + 60))):
            facts = seen(*readings, now=NOW + 86400)
            assert (facts.suspension, facts.stated_by["suspension"]) == (RUNNING, EVIDENCE)
            assert facts.recovery == self.KEPT.part

    def test_a_later_statement_suspends_anew(self) -> None:
        """Also one that came soon after what was seen: that may have been under way."""
        for told in (SYNCS[0] - AFTER, SYNCS[0], NOW - 60):
            later = read(MAILBOX, MailboxNews(SUSPENDED, told))
            assert not is_over(later, self.KEPT)
        assert is_over(read(MAILBOX, MailboxNews(SUSPENDED, SYNCS[0] - AFTER - 1)), self.KEPT)

    def test_an_older_e_mail_read_late_does_not(self) -> None:
        """It was over by then."""
        assert is_over(read(MAILBOX, MailboxNews(SUSPENDED, TOLD - 3600)), self.KEPT)

    def test_a_clearance_says_so_itself(self) -> None:
        """No evidence is needed, and none is named."""
        facts = seen(read(MAILBOX, MailboxNews(RUNNING, TOLD)), heartbeat(*SYNCS))
        assert (facts.stated_by["suspension"], facts.recovery) == (MAILBOX, None)
