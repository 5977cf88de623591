"""What is made of a day of which some could not be read: a count while it lacks little, and never without a doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from exporter.clients.connection import Connection
from exporter.errors import InvalidAnswer
from exporter.model import LOG_HOLDS, UsageLog
from exporter.remediation.gate import gate
from exporter.sources.salesforce_usage_log import parse
from exporter.sources.usage_log.app_calls import THEIRS, AppCalls
from exporter.sources.usage_log.coverage import MOST_LATE, MOST_UNREAD, counted_window
from exporter.sources.usage_log.downloads import MAX_DOWNLOADS
from exporter.sources.usage_log.log_file import AGAIN_AFTER, DAY, HOUR, LogFile
from exporter.sources.usage_log.unread import ROW_BYTES
from exporter.state.facts import Facts, facts_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from tests.clocks import ManualClock
from tests.sources.log_org import NOW, TODAY, Log, SpoiledOrg, calls, fetch, fetched, hourly, use

NEWEST = NOW - 4 * HOUR
SIX_HOURS = 6 * HOUR


def gone() -> httpx.Response:
    error = {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    return httpx.Response(404, json=[error])


@pytest.fixture
def org() -> SpoiledOrg:
    """A day of hourly files, ten calls of HubSpot each."""
    return SpoiledOrg([hourly(NEWEST - hour * HOUR, 10) for hour in range(24)])


def believed(usage: UsageLog, allocation: int) -> Facts:
    reading = Reading("salesforce_usage_log", SIX_HOURS, NOW, part=usage, succeeded_at=NOW)
    return facts_of(Snapshot("acme", "immediate", allocation, (reading,)), NOW)


class TestABadHour:
    @pytest.mark.parametrize("hour", [MOST_LATE // HOUR, 12, 23])
    async def test_the_others_are_counted_all_day(self, connection: Connection, org: SpoiledOrg, hour: int) -> None:
        """Case 5, as the bad hour grows older: the 23 others are shown and named apps with them, as of now."""
        org.spoiled[org.files[hour].id] = gone
        poll = await fetched(connection)
        usage = parse(poll.payload, NOW)
        assert (usage.calls, usage.as_of, usage.complete) == (230, NEWEST + HOUR, True)
        assert dict(usage.by_app)["HubSpot"] == 230
        assert org.files[hour].id in str(poll.parts["hourly"])

    async def test_what_may_stand_in_it_counts_for_the_remediation(
        self, connection: Connection, org: SpoiledOrg
    ) -> None:
        """About ten calls, by the size of the file: 230 are known, 240 may be used."""
        org.spoiled[org.files[12].id] = gone
        usage = parse(await fetch(connection, None), NOW)
        assert usage.unread == 10
        assert gate(believed(usage, allocation=321)) is None
        refusal = gate(believed(usage, allocation=320))
        assert refusal is not None
        assert refusal.detail == (
            "240 of 320 allocated API calls may be used: about 10 stand in log files that could not be read"
        )

    async def test_an_hour_too_busy_to_be_left_out_leaves_no_count(
        self, connection: Connection, org: SpoiledOrg
    ) -> None:
        """The sum would be too low to be anybody's use: absent, by app too. The remediation is told all the same."""
        org.files[12] = replace(org.files[12], rows=calls(org.files[12].start, 60))
        org.spoiled[org.files[12].id] = gone
        usage = parse(await fetch(connection, None), NOW)
        assert (usage.calls, usage.complete, usage.by_app) == (230, False, ())
        assert usage.unread > MOST_UNREAD * 290
        facts = believed(usage, allocation=360)
        assert facts.calls_used is None
        assert gate(facts) is not None

    @pytest.mark.parametrize("hours", [1, 3, MOST_LATE // HOUR])
    async def test_an_older_window_stands_in_for_some_hours(
        self, connection: Connection, org: SpoiledOrg, hours: int
    ) -> None:
        """As late as log files come anyway, and every hour of it is there."""
        org.files = [hourly(NEWEST - hour * HOUR, 1) for hour in range(40)]
        org.spoiled[org.files[hours - 1].id] = gone
        usage = parse(await fetch(connection, None), NOW)
        assert (usage.calls, usage.as_of, usage.complete, usage.unread) == (24, NEWEST + HOUR - hours * HOUR, True, 0)

    async def test_the_days_file_fills_in(self, connection: Connection, org: SpoiledOrg) -> None:
        """An hour whose own file is bad is in it as well."""
        yesterday = [TODAY - DAY + hour * HOUR for hour in range(24)]
        org.files = [hourly(TODAY, 1), *(hourly(hour, 1) for hour in reversed(yesterday))]
        org.files.append(Log("Daily", TODAY - DAY, [row for hour in yesterday for row in calls(hour + 1, 1)]))
        org.spoiled[org.files[12].id] = gone
        poll = await fetched(connection)
        assert use(poll.payload) == (24, float(TODAY + HOUR))
        assert poll.parts["daily"] is None
        assert poll.parts["hourly"] is not None

    async def test_one_of_an_hours_sequences_is_bad(self, connection: Connection, org: SpoiledOrg) -> None:
        """Then the hour is not known, though another of its files was read."""
        org.files.insert(0, hourly(NEWEST, 3, sequence=2))
        org.spoiled[org.files[0].id] = gone
        assert use(await fetch(connection, None)) == (230, float(NEWEST))


class TestABadDay:
    async def test_the_day_before_stands_in(self, connection: Connection, org: SpoiledOrg) -> None:
        """Where there are daily files alone: as yesterday's poll said, with its own date."""
        org.files = [Log("Daily", TODAY - days * DAY, calls(TODAY - days * DAY, days)) for days in (1, 2)]
        org.spoiled[org.files[0].id] = gone
        poll = await fetched(connection)
        usage = parse(poll.payload, NOW)
        assert (usage.calls, usage.as_of, usage.complete) == (2, TODAY - DAY, True)
        assert NOW - usage.as_of < LOG_HOLDS
        assert poll.parts["daily"] is not None


def log(hour: int, total: int | None, length: float | None, interval: str = "Hourly") -> LogFile:
    """A file of so many hours ago, unread if its calls are ``None``."""
    start = NEWEST - hour * HOUR
    apps = None if total is None else (AppCalls("HubSpot", "", THEIRS, {start: total}),)
    return LogFile(f"{interval}{hour}", interval, start, 1, float(start), length, apps)


@pytest.mark.parametrize(
    ("missing", "read", "unread"),
    [
        pytest.param(log(9, None, 900), [log(hour, 20, 600) for hour in range(9)], 30, id="by its length"),
        pytest.param(log(9, None, 1), [log(hour, 20, 600) for hour in range(9)], 1, id="one at least"),
        pytest.param(log(9, None, None), [log(hour, hour, None) for hour in range(9)], 8, id="no lengths: the largest"),
        pytest.param(log(9, None, 0), [log(hour, hour, 600) for hour in range(9)], 8, id="0 bytes are not 0 calls"),
        pytest.param(log(9, None, 10 * ROW_BYTES), [log(0, 0, 600)], 10, id="no density: Salesforce's rows"),
        pytest.param(log(9, None, None), [], None, id="nobody can say"),
    ],
)
def test_what_stands_in_a_file_that_was_not_read_is_estimated(
    missing: LogFile, read: list[LogFile], unread: int | None
) -> None:
    """From its size, and from what those that were read hold."""
    assert counted_window([missing, *read]).unread == unread


def test_what_little_may_be_lacking_is_a_share_of_all_calls() -> None:
    """As of the newest file that was read: one that is lacking at the end is no hour of the day that is counted."""
    whole = [log(hour, 10, 600) for hour in range(24) if hour not in (10, 11, 12)]
    three = [log(hour, None, 600) for hour in (10, 11, 12)]
    assert counted_window([*whole, *three]).is_count
    more = [log(10, None, 601), *three[1:]]
    assert not counted_window([*whole, *more]).is_count
    newest_too = [log(hour, None if hour in (0, 12) else 10, 600) for hour in range(25)]
    window = counted_window(newest_too)
    assert (window.as_of, window.unread, window.is_count) == (NEWEST, 10, True)


class TestNothingNew:
    """Files go on being listed, and none of them can be read."""

    @staticmethod
    def list_six_more(org: SpoiledOrg, answer: Callable[[], httpx.Response] | None) -> None:
        newest = org.files[0].start
        for hour in range(1, 7):
            org.files.insert(0, hourly(newest + hour * HOUR, 10))
            if answer is not None:
                org.spoiled[org.files[0].id] = answer

    async def test_the_source_is_down_after_three_intervals(
        self, connection: Connection, org: SpoiledOrg, clock: ManualClock
    ) -> None:
        """Until then a part is missing and what is known counts; what is remembered is kept, so that a source that is
        down downloads nothing twice within half a day; one good file, and it is up again."""
        payload = await fetch(connection, None)
        down = []
        for _poll in range(6):
            self.list_six_more(org, gone)
            clock.advance(SIX_HOURS)
            poll = await fetched(connection, payload)
            payload = poll.payload
            assert poll.parts["hourly"] is not None
            down.append(poll.failure is not None)
        assert down == [False, False, False, True, True, True]
        assert isinstance(poll.failure, InvalidAnswer)
        assert max(org.downloads.count(log.id) for log in org.files) <= 1 + 36 * HOUR // AGAIN_AFTER
        self.list_six_more(org, None)
        clock.advance(SIX_HOURS)
        poll = await fetched(connection, payload)
        assert poll.failure is None
        assert poll.payload["failing_since"] is None

    async def test_what_it_shows_is_as_old_as_what_was_read(
        self, connection: Connection, org: SpoiledOrg, clock: ManualClock
    ) -> None:
        """Files that were only listed make nothing newer: DataStale can tell."""
        payload = await fetch(connection, None)
        self.list_six_more(org, gone)
        self.list_six_more(org, gone)
        clock.advance(2 * SIX_HOURS)
        usage = parse(await fetch(connection, payload), clock.time())
        assert (usage.as_of, usage.complete) == (NEWEST + HOUR, False)

    async def test_some_that_are_read_keep_it_up(
        self, connection: Connection, org: SpoiledOrg, clock: ManualClock
    ) -> None:
        """Though the newest of every poll cannot be: that is one part of a source that is up."""
        payload = await fetch(connection, None)
        for _poll in range(6):
            self.list_six_more(org, None)
            org.spoiled[org.files[0].id] = gone
            clock.advance(SIX_HOURS)
            poll = await fetched(connection, payload)
            payload = poll.payload
            assert poll.failure is None
            assert poll.parts["hourly"] is not None

    async def test_a_payload_of_before_is_taken(self, connection: Connection, org: SpoiledOrg) -> None:
        """It does not know since when, and costs no download."""
        payload = await fetch(connection, None)
        del payload["failing_since"]
        assert use(await fetch(connection, payload))[0] == 240
        assert len(org.downloads) == 24


async def test_nothing_at_all_fails_the_source(connection: Connection, org: SpoiledOrg) -> None:
    """With what the newest file said, and how many more there are; the next poll knows, and downloads none of them."""
    org.spoiled = {log.id: lambda: httpx.Response(200, content=b"") for log in org.files}
    poll = await fetched(connection)
    assert isinstance(poll.failure, InvalidAnswer)
    assert str(poll.failure) == f"log file {org.files[0].id}: is empty (and 23 more)"
    assert (await fetched(connection, poll.payload)).failure is not None
    assert len(org.downloads) == 24 <= MAX_DOWNLOADS


async def test_how_many_more_there_are_is_said(connection: Connection, org: SpoiledOrg) -> None:
    """The newest stands for all of a kind: a label for each file would be a series for each."""
    for bad in org.files[2:5]:
        org.spoiled[bad.id] = gone
    poll = await fetched(connection)
    assert poll.parts.keys() == {"hourly"}
    assert str(poll.parts["hourly"]).endswith("(and 2 more)")
