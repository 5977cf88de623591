"""What is believed when several sources speak."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import (
    LOG_HOLDS,
    ErrorCount,
    Failure,
    HubSpotAccount,
    MailboxNews,
    OrgLimits,
    OrgUsage,
    Part,
    Storage,
    Suspension,
    SyncHealth,
    UsageLog,
)
from exporter.state.facts import Facts, facts_expire_at, facts_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.statement import CONFIGURATION, HEADER, MAILBOX, REPORT

NOW = 1_800_000_000.0
MINUTE = 60.0
SILENT = SyncHealth(NOW, None, None, None, None, None)
HEALTH = SyncHealth(
    as_of=NOW,
    api_calls_used=400,
    api_calls_allocated=600,
    limited_by_salesforce=1000,
    suspension=Suspension(True, "unknown_error", NOW - 5),
    errors=(ErrorCount("other", "unknown", 1, 2),),
)
DATA = Storage("data", 1, 2)
LIMITS = OrgLimits(OrgUsage(used=700, limit=2000, observed_at=NOW), (DATA,))


def reading(part: Part, source: str = "sync_health", at: float = NOW, usage: OrgUsage | None = None) -> Reading:
    return Reading(source, MINUTE, at, part=part, succeeded_at=at, header_usage=usage)


def snapshot(*readings: Reading, allocation: int | None = None) -> Snapshot:
    return Snapshot("acme", "immediate", allocation, readings)


def test_nothing_is_known_at_first() -> None:
    """Without readings every fact is unknown, and nobody stated any."""
    assert facts_of(snapshot(), NOW) == Facts()


class TestSalesforce:
    def test_the_org_is_what_salesforce_says(self) -> None:
        """Use and limit come from /limits even when HubSpot's page is newer and says otherwise."""
        newer = replace(HEALTH, as_of=NOW + 30)
        facts = facts_of(snapshot(reading(newer), reading(LIMITS, "salesforce_limits")), NOW + 30)
        assert (facts.org_calls_used, facts.org_calls_limit) == (700, 2000)
        assert facts.stated_by["org_calls_limit"] == facts.stated_by["org_calls_used"] == "salesforce_limits"

    def test_the_limit_alone_may_come_from_the_page(self) -> None:
        """While Salesforce says nothing the page's limit stands; the use of the org is not on the page."""
        facts = facts_of(snapshot(reading(HEALTH)), NOW)
        assert (facts.org_calls_used, facts.org_calls_limit) == (None, 1000)
        assert facts.stated_by["org_calls_limit"] == "sync_health"
        assert "org_calls_used" not in facts.stated_by

    @pytest.mark.parametrize(("age", "used", "source"), [(-10, 800, HEADER), (10, 700, "salesforce_limits")])
    def test_the_newer_of_header_and_limits_wins(self, age: float, used: int, source: str) -> None:
        """What came with another answer counts if it is newer than /limits."""
        usage = OrgUsage(used=800, limit=2000, observed_at=NOW - age)
        other = reading(SILENT, "salesforce_access", usage=usage)
        facts = facts_of(snapshot(reading(LIMITS, "salesforce_limits"), other), NOW + 20)
        assert (facts.org_calls_used, facts.stated_by["org_calls_used"]) == (used, source)

    def test_a_refusal_states_usage_too(self) -> None:
        """The use is known while /limits itself fails: from the header of its refusals."""
        failed = Reading(
            "salesforce_limits",
            MINUTE,
            NOW,
            failure=Failure("rate_limit", "REQUEST_LIMIT_EXCEEDED", "used up"),
            header_usage=OrgUsage(2000, 2000, NOW),
        )
        facts = facts_of(snapshot(failed), NOW)
        assert (facts.org_calls_used, facts.org_calls_limit, facts.storage) == (2000, 2000, ())

    def test_storage(self) -> None:
        """It is there if /limits told it."""
        facts = facts_of(snapshot(reading(LIMITS, "salesforce_limits")), NOW)
        assert (facts.storage, facts.stated_by["storage"]) == ((DATA,), "salesforce_limits")
        bare = replace(LIMITS, storage=())
        assert "storage" not in facts_of(snapshot(reading(bare, "salesforce_limits")), NOW).stated_by


class TestAllocation:
    def test_the_page_before_the_configuration(self) -> None:
        """What HubSpot shows is true, whatever the configuration says."""
        facts = facts_of(snapshot(reading(HEALTH), allocation=999), NOW)
        assert (facts.calls_allocated, facts.stated_by["calls_allocated"]) == (600, "sync_health")

    def test_the_configuration_fills_in(self) -> None:
        """Where the page leaves it out, or there is none."""
        for readings in ((reading(SILENT),), ()):
            facts = facts_of(snapshot(*readings, allocation=999), NOW)
            assert (facts.calls_allocated, facts.stated_by["calls_allocated"]) == (999, CONFIGURATION)

    def test_it_may_be_unknown(self) -> None:
        """None set is not 0."""
        facts = facts_of(snapshot(reading(SILENT)), NOW)
        assert facts.calls_allocated is None
        assert "calls_allocated" not in facts.stated_by

    def test_zero_is_known(self) -> None:
        """An allocation of 0 is one."""
        facts = facts_of(snapshot(reading(replace(HEALTH, api_calls_allocated=0, api_calls_used=0)), allocation=9), NOW)
        assert (facts.calls_allocated, facts.calls_used) == (0, 0)


class TestUse:
    def test_the_event_log_fills_in(self) -> None:
        """It is hours late, so it only speaks where the page does not."""
        log = reading(UsageLog(calls=123, as_of=NOW), "salesforce_usage_log")
        facts = facts_of(snapshot(log, reading(SILENT)), NOW)
        assert (facts.calls_used, facts.stated_by["calls_used"]) == (123, "salesforce_usage_log")
        facts = facts_of(snapshot(log, reading(replace(HEALTH, as_of=NOW - 60))), NOW)
        assert (facts.calls_used, facts.stated_by["calls_used"]) == (400, "sync_health")

    def test_an_event_log_not_all_read_does_not(self) -> None:
        """A sum over some of its files is too low to be anybody's use."""
        log = reading(UsageLog(calls=123, as_of=NOW, complete=False), "salesforce_usage_log")
        facts = facts_of(snapshot(log, reading(SILENT)), NOW)
        assert facts.calls_used is None

    def test_what_an_event_log_lacks_is_suspected(self) -> None:
        """With the nameless calls that may be the integration's as well, and why."""
        log = UsageLog(calls=123, as_of=NOW, uncertain=10, unread=7)
        facts = facts_of(snapshot(reading(log, "salesforce_usage_log")), NOW)
        assert (facts.calls_used, facts.calls_suspected and facts.calls_suspected.calls) == (123, 140)
        assert facts.calls_suspected is not None
        assert "about 7 stand in log files that could not be read; 10 of them have no name" in facts.calls_suspected.why

    def test_an_event_log_that_has_stopped_does_not(self) -> None:
        """Three days later nobody can take it for the last 24 hours."""
        log = UsageLog(calls=123, as_of=NOW - LOG_HOLDS - 1)
        assert facts_of(snapshot(reading(log, "salesforce_usage_log")), NOW).calls_used is None
        assert (
            facts_of(snapshot(reading(replace(log, as_of=NOW - LOG_HOLDS), "salesforce_usage_log")), NOW).calls_used
            == 123
        )


class TestHubSpot:
    """Its own API has a quota too, of the account's day."""

    ACCOUNT = HubSpotAccount(123, "app.hubspot.com", calls_used=7, calls_limit=1000, resets_at=NOW + 90)

    def test_what_the_account_says(self) -> None:
        """Use and limit, each if it is known."""
        facts = facts_of(snapshot(reading(self.ACCOUNT, "hubspot_account")), NOW)
        assert (facts.hubspot_calls_used, facts.hubspot_calls_limit) == (7, 1000)
        assert facts.stated_by["hubspot_calls_used"] == facts.stated_by["hubspot_calls_limit"] == "hubspot_account"
        unknown = replace(self.ACCOUNT, calls_used=None)
        facts = facts_of(snapshot(reading(unknown, "hubspot_account")), NOW)
        assert (facts.hubspot_calls_used, facts.hubspot_calls_limit) == (None, 1000)
        assert "hubspot_calls_used" not in facts.stated_by

    def test_midnight_ends_the_count(self) -> None:
        """What was counted yesterday is no use of today; the limit is the same, and the moment is known before."""
        read = snapshot(reading(self.ACCOUNT, "hubspot_account"))
        assert facts_expire_at(read, NOW + 70) == NOW + 90
        assert facts_of(read, NOW + 89.9).hubspot_calls_used == 7
        facts = facts_of(read, NOW + 90)
        assert (facts.hubspot_calls_used, facts.hubspot_calls_limit) == (None, 1000)
        assert facts_expire_at(read, NOW + 90) == NOW + 180

    def test_without_a_moment_it_is_good_while_the_reading_is(self) -> None:
        """As where only headers tell of it."""
        read = snapshot(reading(replace(self.ACCOUNT, resets_at=None), "hubspot_account"))
        assert facts_of(read, NOW + 179).hubspot_calls_used == 7
        assert facts_of(read, NOW + 180) == Facts()


class TestSeveralPages:
    def test_the_newer_statement_wins(self) -> None:
        """By the time the page was seen, not by the time it was read here."""
        older = reading(replace(HEALTH, as_of=NOW - 60, api_calls_used=1, errors=()), "mailbox", at=NOW)
        newer = reading(replace(HEALTH, as_of=NOW - 30), "sync_health", at=NOW - 20)
        for readings in ((older, newer), (newer, older)):
            facts = facts_of(snapshot(*readings), NOW)
            assert (facts.calls_used, facts.errors) == (400, HEALTH.errors)
            assert facts.stated_by["calls_used"] == "sync_health"

    def test_fact_by_fact(self) -> None:
        """A newer page that leaves something out does not unsay what an older one said."""
        older = reading(replace(HEALTH, as_of=NOW - 60), "sync_health")
        suspension = Suspension(False, None, None)
        newer = reading(replace(SILENT, suspension=suspension), "mailbox")
        facts = facts_of(snapshot(older, newer), NOW)
        assert (facts.suspension, facts.stated_by["suspension"]) == (suspension, "mailbox")
        assert (facts.calls_used, facts.stated_by["calls_used"]) == (400, "sync_health")

    def test_no_errors_is_a_statement(self) -> None:
        """A newer page without errors clears the older list."""
        older = reading(replace(HEALTH, as_of=NOW - 60), "a")
        newer = reading(replace(SILENT, errors=()), "b")
        assert facts_of(snapshot(older, newer), NOW).errors == ()


class TestWhenItWasStated:
    """Of when the statement is, whenever it was read."""

    def test_each_fact_has_its_time(self) -> None:
        """That of the page, of the poll of Salesforce, and of the setting; of a setting that has none there is none."""
        page = reading(replace(SILENT, as_of=NOW - 30, errors=()))
        seen = snapshot(page, reading(LIMITS, "salesforce_limits"), allocation=5)
        assert facts_of(seen, NOW).stated_at == {
            "errors": NOW - 30,
            **dict.fromkeys(("org_calls_used", "org_calls_limit", "storage"), NOW),
        }
        loaded = replace(seen, configured_at=NOW - 1000)
        assert facts_of(loaded, NOW).stated_at["calls_allocated"] == NOW - 1000

    @pytest.mark.parametrize("ahead", [1.0, 3600.0, 40 * 86400.0])
    def test_a_clock_that_is_ahead_makes_no_statement_newer_than_its_reading(self, ahead: float) -> None:
        """Who was read later with a right clock has the say."""
        wrong = reading(replace(HEALTH, as_of=NOW + ahead, api_calls_used=1), "a", at=NOW - 20)
        right = reading(replace(HEALTH, as_of=NOW - 10), "b", at=NOW)
        facts = facts_of(snapshot(wrong, right), NOW)
        assert (facts.calls_used, facts.stated_by["calls_used"], facts.stated_at["calls_used"]) == (400, "b", NOW - 10)
        assert facts_of(snapshot(wrong), NOW).stated_at["calls_used"] == NOW - 20


def mail(suspension: Suspension | None, stated_at: float | None, read_at: float = NOW) -> Reading:
    return reading(MailboxNews(suspension, stated_at), MAILBOX, at=read_at)


def report(suspension: Suspension, at: float) -> Reading:
    page = SyncHealth(at, None, None, None, suspension, None)
    return Reading(REPORT, float("inf"), at, part=page, succeeded_at=at)


SUSPENDED = Suspension(True, "salesforce_org_locked", NOW - 500)
CLEARED = Suspension(False, None, None)


class TestWhoSpeaksOfASuspension:
    """HubSpot's page, an e-mail, a report by hand: of several the newest."""

    @pytest.mark.parametrize(
        ("page", "mailed", "reported", "speaks"),
        [(30, 20, 10, REPORT), (30, 10, 20, MAILBOX), (10, 20, 30, "sync_health"), (20, 10, 30, MAILBOX)],
    )
    def test_the_newest(self, page: int, mailed: int, reported: int, speaks: str) -> None:
        """So many seconds ago each; two of them say that there is none."""
        readings = (
            (reading(replace(SILENT, as_of=NOW - page, suspension=CLEARED)), "sync_health"),
            (mail(CLEARED, NOW - mailed), MAILBOX),
            (report(CLEARED, NOW - reported), REPORT),
        )
        told = {
            "sync_health": reading(replace(SILENT, as_of=NOW - page, suspension=SUSPENDED)),
            MAILBOX: mail(SUSPENDED, NOW - mailed),
            REPORT: report(SUSPENDED, NOW - reported),
        }
        chosen = [told[source] if source == speaks else one for one, source in readings]
        facts = facts_of(snapshot(*chosen), NOW)
        assert (facts.suspension, facts.stated_by["suspension"]) == (SUSPENDED, speaks)

    def test_a_report_holds_until_somebody_states_something_newer(self) -> None:
        """It is no source that is read again, so it does not grow too old."""
        seen = snapshot(report(SUSPENDED, NOW))
        assert facts_of(seen, NOW + 30 * 86400).suspension == SUSPENDED

    def test_a_mailbox_that_cannot_be_read_says_nothing_any_more(self) -> None:
        """It may have been cleared since: after three intervals that is not known."""
        seen = snapshot(mail(SUSPENDED, NOW - 4000))
        assert facts_of(seen, NOW + 179).suspension == SUSPENDED
        assert facts_of(seen, NOW + 180).suspension is None

    def test_a_mailbox_without_news_says_nothing(self) -> None:
        """An empty folder does not mean that nothing is suspended."""
        assert facts_of(snapshot(mail(None, None)), NOW) == Facts()


class TestVisibility:
    def test_facts_last_three_intervals(self) -> None:
        """Then they are unknown again; what the configuration says stays."""
        seen = snapshot(reading(HEALTH), reading(LIMITS, "salesforce_limits"), allocation=5)
        assert facts_of(seen, NOW + 3 * MINUTE - 0.001).calls_used == 400
        assert facts_of(seen, NOW + 3 * MINUTE) == Facts(
            calls_allocated=5, stated_by={"calls_allocated": CONFIGURATION}
        )

    def test_a_failing_page_makes_room_for_an_older_one(self) -> None:
        """What expired says nothing, so the next best speaks."""
        expired = reading(replace(HEALTH, as_of=NOW + 50), "a", at=NOW - 3 * MINUTE)
        standing = reading(replace(HEALTH, as_of=NOW - 50, api_calls_used=1), "b")
        assert facts_of(snapshot(expired, standing), NOW).calls_used == 1

    def test_the_next_change_is_known(self) -> None:
        """The first moment at which something expires; infinity when nothing will."""
        usage = OrgUsage(1, 2, NOW - 10)
        seen = snapshot(reading(HEALTH), reading(LIMITS, "salesforce_limits", at=NOW + 5, usage=usage))
        assert facts_expire_at(seen, NOW) == NOW - 10 + 3 * MINUTE
        assert facts_expire_at(seen, NOW - 10 + 3 * MINUTE) == NOW + 3 * MINUTE
        assert facts_expire_at(seen, NOW + 3 * MINUTE) == NOW + 5 + 3 * MINUTE
        assert facts_expire_at(seen, NOW + 5 + 3 * MINUTE) == float("inf")
        assert facts_expire_at(snapshot(), NOW) == float("inf")
