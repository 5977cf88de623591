"""What the end of a reading means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.errors import (
    Again,
    AuthError,
    BudgetExceeded,
    ConnectError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    UpstreamTimeout,
)
from exporter.model import Failure, OrgLimits, OrgUsage, PartState
from exporter.polling.outcome import Outcome, reading_of, row_after
from exporter.polling.target import Target
from exporter.service import Service
from exporter.state.reading import Reading
from exporter.store.polls import PollRow

NOW = 1_800_000_000.0
USAGE = OrgUsage(1, 2, NOW - 60)
PART = OrgLimits(USAGE, ())
ROW = PollRow("acme", "salesforce_limits", 7, NOW + 60, NOW - 60, None, NOW - 60, "{}", USAGE)
REFUSED = Outcome(error=RateLimited("wait", code="REQUEST_LIMIT_EXCEEDED", retry_after=600.0))


def test_what_was_read_replaces_what_was_known() -> None:
    """Payload, time and usage are new, and an earlier failure is over; the schedule stays as it was claimed."""
    usage = OrgUsage(3, 4, NOW)
    failed = replace(ROW, failure=Failure("server", None, "busy"))
    row = row_after(failed, Outcome("[]", PART), usage, NOW)
    assert row == PollRow("acme", "salesforce_limits", 7, NOW + 60, NOW, None, NOW, "[]", usage)


def test_where_there_is_more_to_read_the_next_poll_comes_sooner() -> None:
    """Never later than its interval says."""
    assert row_after(ROW, Outcome("[]", PART, more_in=5.0), None, NOW).due_at == NOW + 5
    assert row_after(ROW, Outcome("[]", PART, more_in=500.0), None, NOW).due_at == ROW.due_at


def test_a_failure_leaves_the_last_good_payload() -> None:
    """It is named, and the pause the API asked for postpones the next poll."""
    row = row_after(ROW, REFUSED, None, NOW)
    failure = Failure("rate_limit", "REQUEST_LIMIT_EXCEEDED", "wait")
    assert row == replace(ROW, attempted_at=NOW, failure=failure, due_at=NOW + 600, failures=1)


def test_a_failure_may_bring_a_payload_all_the_same() -> None:
    """It is kept for the next poll and after a restart, and makes nothing that is shown newer."""
    row = row_after(ROW, Outcome("[]", PART, InvalidAnswer("nothing new")), None, NOW)
    assert (row.payload, row.succeeded_at, row.failure) == ("[]", NOW - 60, Failure("invalid", None, "nothing new"))


@pytest.mark.parametrize(
    ("outcome", "minutes"),
    [
        (Outcome(error=ServerError("status 500")), [1, 2, 4, 8, 16, 32, 60, 60]),
        (Outcome(error=UpstreamTimeout("not finished")), [1, 2, 4]),
        (Outcome(error=ConnectError("refused")), [1, 2, 4]),
        (Outcome(error=InvalidAnswer("cut off")), [1, 2, 4]),
        (Outcome(error=RateLimited("too many concurrent requests")), [1, 2, 4]),
        (Outcome(error=RateLimited("busy", retry_after=150.0)), [2.5, 2.5, 4]),
        (Outcome(error=AuthError("refused")), [60, 60]),
        (Outcome(error=AuthError("refused", retry_after=600.0)), [10, 10, 10, 10, 16]),
        (Outcome(error=InvalidAnswer("as asked", again=Again.LATER, retry_after=5.0)), [1, 2, 4]),
        (Outcome(error=BudgetExceeded("spent")), [60, 60]),
        (Outcome("[]", PART, missing={"objects": None, "fields": UpstreamTimeout("slow")}), [1, 2, 4]),
        (Outcome("[]", PART, missing={"objects": None, "fields": AuthError("no scope")}), [60, 60]),
        (Outcome("[]", PART, missing={"objects": AuthError("no"), "fields": ConnectError("reset")}), [1, 2]),
    ],
    ids=lambda value: str(value.error or value.missing) if isinstance(value, Outcome) else "",
)
def test_an_hourly_source_is_tried_again_soon_where_that_can_help(outcome: Outcome, minutes: list[float]) -> None:
    """Poll after poll that fails alike, whole or in part; one that is read starts from the beginning."""
    row = ROW
    for pause in minutes:
        row = row_after(replace(row, due_at=NOW + 3600), outcome, None, NOW)
        assert row.due_at == NOW + 60 * pause
    assert row_after(row, Outcome("[]", PART), None, NOW).failures == 0


@pytest.mark.parametrize(
    ("outcome", "minutes"),
    [
        (Outcome(error=RateLimited("used up", again=Again.HOURLY)), [60, 60, 60]),
        (Outcome(error=RateLimited("used up", again=Again.HOURLY, retry_after=7200.0)), [120, 120]),
        (Outcome(error=RateLimited("used up", again=Again.HOURLY, retry_after=5.0)), [60]),
        (Outcome(error=BudgetExceeded("spent")), [60, 60]),
        (Outcome(error=AuthError("refused")), [360, 360]),
        (Outcome("[]", PART, missing={"a": None, "b": RateLimited("used up", again=Again.HOURLY)}), [60, 60]),
        (Outcome("[]", PART, missing={"a": RateLimited("", again=Again.HOURLY), "b": UpstreamTimeout("")}), [1, 2, 4]),
        (Outcome("[]", PART, missing={"a": AuthError("no"), "b": BudgetExceeded("spent")}), [60]),
    ],
)
def test_a_quota_that_is_used_up_is_looked_at_once_an_hour(outcome: Outcome, minutes: list[float]) -> None:
    """By a source that is read every six; neither in minutes, for all would be refused, nor only when it is due."""
    row = ROW
    for pause in minutes:
        row = row_after(replace(row, due_at=NOW + 6 * 3600), outcome, None, NOW)
        assert row.due_at == NOW + 60 * pause
    assert row_after(replace(ROW, due_at=NOW + 300), outcome, None, NOW).due_at <= max(NOW + 300, NOW + 60 * minutes[0])


def test_a_part_that_failed_is_named() -> None:
    """The rest counts as read; a poll that reads all of it says so, and one that fails as a whole names no part."""
    gaps = Outcome("[]", PART, missing={"objects": None, "fields": InvalidAnswer("no such table", code="INVALID_TYPE")})
    row = row_after(ROW, gaps, None, NOW)
    missing = PartState("fields", Failure("invalid", "INVALID_TYPE", "no such table"))
    assert (row.failure, row.succeeded_at, row.parts) == (None, NOW, (PartState("objects"), missing))
    healed = row_after(row, Outcome("[]", PART, missing={"objects": None, "fields": None}), None, NOW + 60)
    assert healed.parts == (PartState("objects"), PartState("fields"))
    assert row_after(row, REFUSED, None, NOW + 60).parts == ()


FORBIDDEN = InvalidAnswer("needs the permission Manage Users", code="INSUFFICIENT_ACCESS", again=Again.LATER)


def test_a_part_that_is_missing_for_good_does_not_make_a_hiccup_wait() -> None:
    """A hundred polls without a permission are no failures in a row: the first timeout is tried again in a minute."""
    row = ROW
    for _poll in range(100):
        row = row_after(replace(row, due_at=NOW + 3600), Outcome("[]", PART, missing={"login": FORBIDDEN}), None, NOW)
        assert (row.failures, row.due_at) == (0, NOW + 3600)
    both = {"login": FORBIDDEN, "fields": UpstreamTimeout("slow")}
    pauses = []
    for _poll in range(3):
        row = row_after(replace(row, due_at=NOW + 3600), Outcome("[]", PART, missing=both), None, NOW)
        pauses.append((row.due_at - NOW) / 60)
    assert pauses == [1, 2, 4]


def test_a_part_that_is_to_wait_keeps_the_others_to_their_interval() -> None:
    """A day's pause for one log file is no day without the rest; within the interval it is kept."""
    row = replace(ROW, due_at=NOW + 3600)
    for asked, pause in ((86_400.0, 3600), (600.0, 600), (30.0, 60)):
        error = RateLimited("wait", retry_after=asked)
        assert row_after(row, Outcome("[]", PART, missing={"a": None, "b": error}), None, NOW).due_at == NOW + pause
    assert row_after(row, Outcome(error=RateLimited("wait", retry_after=86_400.0)), None, NOW).due_at == NOW + 86_400


def test_what_fails_for_the_first_time_is_tried_again_first() -> None:
    """Whatever else has failed for long: its own minutes begin anew."""
    broken = {"daily": InvalidAnswer("an unclosed quote")}
    row = ROW
    for _poll in range(9):
        row = row_after(
            replace(row, due_at=NOW + 21_600), Outcome("[]", PART, missing={"hourly": None, **broken}), None, NOW
        )
    assert row.due_at - NOW > 3600
    slow = {"hourly": UpstreamTimeout("slow"), **broken}
    assert row_after(replace(row, due_at=NOW + 21_600), Outcome("[]", PART, missing=slow), None, NOW).due_at == NOW + 60
    whole = Outcome(error=UpstreamTimeout("slow"))
    assert row_after(replace(row, due_at=NOW + 21_600), whole, None, NOW).due_at == NOW + 60


@pytest.fixture
def target(service: Service) -> Target:
    """The limits of acme."""
    return next(each for each in service.poller.targets if each.key == ("acme", "salesforce_limits"))


def test_nothing_is_shown_before_anybody_has_tried(target: Target) -> None:
    """A row that is only due says nothing of the source."""
    assert reading_of(target, replace(ROW, attempted_at=None), None, None) is None


def test_a_row_without_a_part_goes_on_showing_the_last_one(target: Target) -> None:
    """With the failure beside it."""
    shown = Reading("salesforce_limits", target.interval, NOW - 60, part=PART, succeeded_at=NOW - 60)
    reading = reading_of(target, row_after(ROW, REFUSED, None, NOW), None, shown)
    assert reading is not None
    assert (reading.part, reading.succeeded_at, reading.attempted_at) == (PART, NOW - 60, NOW)
    assert reading.failure == Failure("rate_limit", "REQUEST_LIMIT_EXCEEDED", "wait")
    newer = OrgLimits(OrgUsage(5, 6, NOW), ())
    replaced = reading_of(target, row_after(ROW, Outcome("[]", newer), None, NOW), newer, shown)
    assert replaced is not None
    assert (replaced.part, replaced.up) == (newer, True)


def test_since_when_polls_fail_in_the_same_way(target: Target) -> None:
    """Another failure begins anew, and one that worked ends it."""

    def after(outcome: Outcome, at: float, shown: Reading | None) -> Reading:
        reading = reading_of(target, row_after(ROW, outcome, None, at), outcome.part, shown)
        assert reading is not None
        return reading

    first = after(REFUSED, NOW, None)
    again = after(REFUSED, NOW + 60, first)
    other = after(Outcome(error=ServerError("busy")), NOW + 120, again)
    assert [one.failing_since for one in (first, again, other)] == [NOW, NOW, NOW + 120]
    assert after(Outcome("[]", PART), NOW + 180, other).failing_since is None
