"""The usage log: every call of HubSpot's connected app counted once, every log file read once."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import AuthError, InvalidAnswer, RateLimited, ServerError, UpstreamError
from exporter.sources.salesforce_usage_log import applies, parse
from exporter.sources.usage_log.app_calls import THEIRS, AppCalls
from exporter.sources.usage_log.coverage import MOST_LATE, Coverage, known_files
from exporter.sources.usage_log.downloads import MAX_DOWNLOADS, READING_SECONDS
from exporter.sources.usage_log.log_file import DAY, HOUR, LogFile
from tests.clocks import ManualClock
from tests.examples import examples
from tests.sources.log_org import HEADER, NOW, TODAY, FakeOrg, Log, calls, counted, fetch, hourly, stamp, use


class TestCounting:
    async def test_the_last_24_hours_are_summed(self, connection: Connection, org: FakeOrg) -> None:
        """They end where the newest file ends; an hour before them is not even downloaded."""
        newest = NOW - 4 * HOUR
        org.files = [hourly(newest - hour * HOUR, 1 + hour) for hour in range(30)]
        payload = await fetch(connection, None)
        assert use(payload) == (sum(range(1, 25)), float(newest + HOUR))
        assert len(org.downloads) == 24

    async def test_only_what_the_app_spends_is_counted(self, connection: Connection, org: FakeOrg) -> None:
        """Rows of other apps and rows that do not count are left out; true is written in several ways."""
        rows = [
            *calls(NOW, 2, counts="1"),
            *calls(NOW, 3, counts="true"),
            *calls(NOW, 5, counts="TRUE"),
            *calls(NOW, 7, counts="True"),
            *calls(NOW, 100, counts="0"),
            *calls(NOW, 100, counts="false"),
            *calls(NOW, 100, counts=""),
            *calls(NOW, 100, app="HubSpot Sandbox"),
            *calls(NOW, 100, app=""),
        ]
        org.files = [Log("Hourly", NOW, rows)]
        assert counted(await fetch(connection, None)) == 17

    async def test_daily_files_alone_are_enough(self, connection: Connection, org: FakeOrg) -> None:
        """Without Event Monitoring there is one file a day: yesterday is what is known."""
        org.files = [Log("Daily", TODAY - DAY, [*calls(TODAY - DAY, 3), *calls(TODAY - 1, 4)])]
        assert use(await fetch(connection, None)) == (7, float(TODAY))

    async def test_an_hour_in_both_files_counts_once(self, connection: Connection, org: FakeOrg) -> None:
        """The daily file fills the hours of which there is no hourly one, and no others."""
        yesterday = [TODAY - DAY + hour * HOUR for hour in range(24)]
        daily = [row for hour in yesterday for row in calls(hour + 1, 10)]
        there = [hour for hour in yesterday if hour != TODAY - 5 * HOUR]
        org.files = [Log("Daily", TODAY - DAY, daily), *(hourly(hour, 10) for hour in there), hourly(TODAY, 1)]
        # The window begins at one o'clock: 22 hourly files and one hour of the daily file, then today's first hour.
        assert counted(await fetch(connection, None)) == 23 * 10 + 1

    async def test_a_daily_file_that_adds_nothing_is_not_downloaded(self, connection: Connection, org: FakeOrg) -> None:
        """It would be an API call for nothing, and for the largest of the files."""
        hours = [hourly(TODAY - DAY + hour * HOUR, 1) for hour in range(24)]
        org.files = [Log("Daily", TODAY - DAY, calls(TODAY - 1, 1000), name="0ATDAILY0000000000"), *hours]
        assert counted(await fetch(connection, None)) == 24
        assert "0ATDAILY0000000000" not in org.downloads

    async def test_late_arrivals_add_up(self, connection: Connection, org: FakeOrg) -> None:
        """A further sequence of an hour holds only the new events."""
        org.files = [hourly(TODAY, 5, sequence=1), hourly(TODAY, 2, sequence=2)]
        payload = await fetch(connection, None)
        org.files.append(hourly(TODAY, 1, sequence=3))
        assert counted(payload) == 7
        assert counted(await fetch(connection, payload)) == 8
        assert len(org.downloads) == 3

    @pytest.mark.parametrize("name", [None, "0ATSECOND000000000"])
    async def test_a_file_delivered_anew_replaces_the_old_one(
        self, connection: Connection, org: FakeOrg, name: str | None
    ) -> None:
        """It holds everything again, under the same id or another."""
        org.files = [hourly(TODAY, 5)]
        payload = await fetch(connection, None)
        again = hourly(TODAY, 6, created=NOW, name=name)
        org.files = [again, *org.files] if name else [again]
        payload = await fetch(connection, payload)
        assert counted(payload) == 6
        assert counted(await fetch(connection, payload)) == 6
        assert counted(await fetch(connection, None)) == 6
        assert org.downloads == [hourly(TODAY, 5).id, again.id, again.id]

    async def test_a_file_that_grew_is_read_again(self, connection: Connection, org: FakeOrg) -> None:
        """Its length says so, though its date of creation does not."""
        org.files = [hourly(TODAY, 5)]
        payload = await fetch(connection, None)
        org.files = [hourly(TODAY, 9)]
        assert counted(await fetch(connection, payload)) == 9

    async def test_an_older_delivery_does_not_come_back(self, connection: Connection, org: FakeOrg) -> None:
        """A list that lags behind does not undo what is known."""
        org.files = [hourly(TODAY, 6, created=NOW)]
        payload = await fetch(connection, None)
        org.files = [hourly(TODAY, 5)]
        assert counted(await fetch(connection, payload)) == 6
        assert len(org.downloads) == 1

    @pytest.mark.parametrize("interval", ["Hourly", "Daily"])
    async def test_a_row_outside_its_files_period_counts_there_all_the_same(
        self, connection: Connection, org: FakeOrg, interval: str
    ) -> None:
        """It is in no other file; so is one whose time cannot be read."""
        org.files = [Log(interval, TODAY, [*calls(TODAY - 1, 2), *calls(TODAY + DAY, 3)])]
        org.files[0].content = org.files[0].csv + b'"ApiTotalUsage","soon","HubSpot","","1"\n'
        assert counted(await fetch(connection, None)) == 6

    async def test_no_file_is_not_no_call(self, connection: Connection) -> None:
        """Where nothing is logged nothing is known."""
        with pytest.raises(InvalidAnswer, match="lists no event log file"):
            parse(await fetch(connection, None), NOW)

    async def test_no_call_of_the_app_is_a_known_zero_once_there_was_one(
        self, connection: Connection, org: FakeOrg
    ) -> None:
        """Before that nobody knows what the app is called, and 0 would be a guess."""
        others = Log("Hourly", TODAY, calls(TODAY, 9, app="Other"))
        org.files = [others]
        assert use(await fetch(connection, None)) == (None, float(TODAY + HOUR))
        org.files = [hourly(TODAY - 2 * DAY, 1)]
        payload = await fetch(connection, None)
        assert counted(payload) == 1
        org.files = [others]
        payload = await fetch(connection, payload)
        assert use(payload) == (0, float(TODAY + HOUR))
        assert use(await fetch(connection, payload)) == (0, float(TODAY + HOUR))

    async def test_an_interval_of_the_future_is_left_out(self, connection: Connection, org: FakeOrg) -> None:
        """It is not known what it covers."""
        org.files = [hourly(TODAY, 5), hourly(TODAY + 1, 7)]
        org.files[1].interval = "Minutely"
        assert counted(await fetch(connection, None)) == 5


class TestCost:
    async def test_a_day_costs_four_queries_and_a_download_an_hour(
        self, connection: Connection, org: FakeOrg, clock: ManualClock
    ) -> None:
        """After the first poll, six hours apart: 28 calls a day, with a daily file there as well."""
        payload, spent = None, 0
        for poll in range(5):
            hours = int(clock.time()) // HOUR - 4
            days = range(hours // 24 - 2, hours // 24)
            logs = [hourly(hour * HOUR, 1) for hour in range(hours - 60, hours)]
            org.files = [*logs, *(Log("Daily", day * DAY, calls(day * DAY, 500)) for day in days)]
            payload = await fetch(connection, payload)
            assert counted(payload) == 24
            if poll == 0:
                spent = len(org.queries) + len(org.downloads)
            clock.advance(6 * HOUR)
        assert spent == 1 + 24
        assert len(org.queries) + len(org.downloads) - spent == 4 + 24

    async def test_the_query_asks_for_three_days(self, connection: Connection, org: FakeOrg) -> None:
        """Of one event type, newest first, and not for more than one batch."""
        await fetch(connection, None)
        (query,) = org.queries
        assert "WHERE EventType = 'ApiTotalUsage' AND LogDate >= 2027-01-12T08:00:00Z ORDER BY LogDate DESC" in query
        assert re.search(r"LIMIT \d{3}$", query)

    async def test_a_backlog_is_read_in_portions_newest_first(self, connection: Connection, org: FakeOrg) -> None:
        """So that a gap does not end in a run on the org's API calls; the rest is not forgotten."""
        newest = NOW - 4 * HOUR
        org.files = [hourly(newest - hour * HOUR, 1, sequence=number) for hour in range(24) for number in (1, 2)]
        payload = await fetch(connection, None)
        assert counted(payload) == len(org.downloads) == MAX_DOWNLOADS
        assert org.downloads[0] == hourly(newest, 1, sequence=2).id
        payload = await fetch(connection, payload)
        assert counted(payload) == len(org.downloads) == 48

    async def test_what_is_not_all_read_is_not_a_count(self, connection: Connection, org: FakeOrg) -> None:
        """While files are still to be read there were more calls than the sum says, and the last poll knows all."""
        newest = NOW - 4 * HOUR
        org.files = [hourly(newest - hour * HOUR, 1, sequence=number) for hour in range(24) for number in (1, 2)]
        payload = await fetch(connection, None)
        assert not parse(payload, NOW).complete
        assert parse(await fetch(connection, payload), NOW).complete

    async def test_slow_downloads_leave_time_to_keep_what_was_read(
        self, connection: Connection, org: FakeOrg, clock: ManualClock
    ) -> None:
        """The poll's deadline is not run into; the next poll goes on."""
        org.files = [hourly(NOW - hour * HOUR, 1) for hour in range(24)]
        org.on_download = lambda: clock.advance(READING_SECONDS / 2)
        payload = await fetch(connection, None)
        assert counted(payload) == 2
        assert counted(await fetch(connection, payload)) == 4

    async def test_what_is_no_longer_needed_is_dropped(
        self, connection: Connection, org: FakeOrg, clock: ManualClock
    ) -> None:
        """The payload does not grow; a file Salesforce has deleted by now is kept for as long as it may count."""
        org.files = [hourly(NOW - hour * HOUR, 1) for hour in range(24)]
        payload = await fetch(connection, None)
        org.files = [hourly(NOW + hour * HOUR, 1) for hour in (1, 2)]
        clock.advance(6 * HOUR)
        payload = await fetch(connection, payload)
        assert counted(payload) == 24
        oldest = NOW + 3 * HOUR - DAY - MOST_LATE
        assert min(file["start"] for file in payload["files"]) >= oldest

    @pytest.mark.parametrize(
        "previous",
        [
            {"org": "https://acme.my.salesforce.com", "app": "HubSpot", "files": [], "unread": 0},
            {"org": "", "app": "HubSpot"},
            {"org": 1, "files": [7]},
            [],
            "x",
        ],
    )
    async def test_a_payload_of_another_version_is_ignored(
        self, connection: Connection, org: FakeOrg, previous: Any
    ) -> None:
        """As if this were the first poll."""
        org.files = [hourly(TODAY, 5)]
        assert counted(await fetch(connection, previous)) == 5

    async def test_another_app_is_counted_from_what_was_read(
        self, integration: Integration, connection: Connection, org: FakeOrg
    ) -> None:
        """Files tell of every app, so a new name in the configuration costs no download."""
        org.files = [Log("Hourly", TODAY, [*calls(TODAY, 5), *calls(TODAY, 3, app="Other")])]
        payload = await fetch(connection, None)
        assert integration.hubspot is not None
        renamed = replace(integration, hubspot=replace(integration.hubspot, connected_apps=("Other",)))
        assert counted(await fetch(replace(connection, settings=renamed), payload)) == 3
        assert len(org.downloads) == 1

    async def test_another_org_or_user_starts_anew(
        self, integration: Integration, connection: Connection, org: FakeOrg
    ) -> None:
        """What was counted of something else does not stand, nor does whose calls they were."""
        org.files = [hourly(TODAY, 5)]
        payload = await fetch(connection, None)
        assert integration.salesforce is not None
        other = replace(integration, salesforce=replace(integration.salesforce, integration_user="other@acme.example"))
        assert counted(await fetch(replace(connection, settings=other), payload)) == 5
        assert counted(await fetch(connection, payload | {"org": "https://other.example"})) == 5
        assert len(org.downloads) == 3


class TestFailure:
    async def test_without_the_permission_the_object_does_not_exist(self, connection: Connection, org: FakeOrg) -> None:
        """Salesforce says INVALID_TYPE; the message says what to grant."""
        error = [{"errorCode": "INVALID_TYPE", "message": "sObject type 'EventLogFile' is not supported."}]
        org.instead = [httpx.Response(400, json=error)]
        with pytest.raises(AuthError, match="View Event Log Files") as caught:
            await fetch(connection, None)
        assert caught.value.code == "INVALID_TYPE"

    async def test_another_bad_query_stays_one(self, connection: Connection, org: FakeOrg) -> None:
        """Only that code means the permission."""
        org.instead = [httpx.Response(400, json=[{"errorCode": "MALFORMED_QUERY", "message": "x"}])]
        with pytest.raises(InvalidAnswer):
            await fetch(connection, None)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "is empty"),
            (b"\n\n", "is empty"),
            (b"<html>\n", "no column COUNTS_AGAINST_API_LIMIT"),
            ("größe\n".encode("utf-16"), "no column COUNTS_AGAINST_API_LIMIT"),
            (b'"CONNECTED_APP_NAME","TIMESTAMP_DERIVED"\n', "no column COUNTS_AGAINST_API_LIMIT"),
            (b'"CONNECTED_APP_NAME","COUNTS_AGAINST_API_LIMIT"\n', "no column TIMESTAMP_DERIVED"),
            (",".join(HEADER).encode() + b"\nApiTotalUsage,HubSpot\n", "1 rows with other fields than the header"),
            (",".join(HEADER).encode() + b"\nApiTotalUsage,HubSpot", "ends in the middle of a row"),
            (",".join(HEADER).encode() + b'\n"ApiTotal', "ends inside a quoted field"),
        ],
    )
    async def test_a_file_that_is_no_usage_log(
        self, connection: Connection, org: FakeOrg, content: bytes, reason: str
    ) -> None:
        """It is named with what is wrong."""
        org.files = [Log("Daily", TODAY - DAY, [], content=content)]
        with pytest.raises(InvalidAnswer, match=f"^log file {org.files[0].id}: {reason}"):
            await fetch(connection, None)

    @pytest.mark.parametrize(
        "changes",
        [
            {"Id": "../../limits"},
            {"Id": None},
            {"LogDate": "yesterday"},
            {"CreatedDate": "2027-01-15"},
            {"Sequence": -1},
        ],
    )
    async def test_a_list_that_makes_no_sense(
        self, connection: Connection, org: FakeOrg, changes: dict[str, Any]
    ) -> None:
        """Nothing is downloaded by it."""
        rows = [hourly(TODAY, 1).listing | changes]
        org.instead = [httpx.Response(200, json={"done": True, "records": rows})]
        with pytest.raises(InvalidAnswer, match="EventLogFile"):
            await fetch(connection, None)
        assert org.downloads == []

    async def test_an_empty_line_is_no_row(self, connection: Connection, org: FakeOrg) -> None:
        """Files may end with one."""
        org.files = [hourly(TODAY, 5)]
        org.files[0].content = org.files[0].csv + b"\n\n"
        assert counted(await fetch(connection, None)) == 5

    async def test_it_applies_where_there_is_an_org_and_an_account(
        self, integration: Integration, connection: Connection
    ) -> None:
        """It asks nothing of HubSpot, so it needs no token there."""
        assert applies(integration)
        assert not applies(replace(integration, hubspot=None))
        assert not applies(replace(integration, salesforce=None))
        with pytest.raises(AuthError, match="no Salesforce org"):
            await fetch(replace(connection, salesforce=None), None)


class TestSimulator:
    """The same against the simulated org, with files that come four hours late."""

    @pytest.fixture(params=["Hourly", "Daily"])
    def world(self, clock: ManualClock, request: pytest.FixtureRequest) -> World:
        late = Settings(records_per_second=0, event_log_interval=request.param, event_log_lag=4.0 * HOUR)
        return World(["acme", "beta"], clock.time, late)

    @pytest.fixture
    def simulated(self, world: World, connect_over: Callable[[httpx.AsyncBaseTransport], Connection]) -> Connection:
        return connect_over(httpx.ASGITransport(build_app(world, sync_interval=None)))

    async def test_calls_are_counted(self, simulated: Connection, world: World, clock: ManualClock) -> None:
        """Those of the app and no others, once their files are there; files are read once."""
        acme = world.orgs["acme"]
        for hour in range(10, 22):
            acme.use_api_calls("HubSpot", 10, hour * HOUR)
            acme.use_api_calls("Other", 1000, hour * HOUR)
        payload = await fetch(simulated, None)
        daily = acme.settings.event_log_interval == "Daily"
        usage = parse(payload, clock.time())
        assert (usage.calls, usage.as_of, usage.complete) == (120, TODAY if daily else NOW - 9.0 * HOUR, True)
        downloads = acme.requests["salesforce.log_file"]
        assert downloads == (1 if daily else 12)
        assert parse(await fetch(simulated, payload), clock.time()) == usage
        assert acme.requests["salesforce.log_file"] == downloads

    @pytest.mark.parametrize(("fault", "error"), [("quota", RateLimited), ("unavailable_html", ServerError)])
    async def test_a_download_that_fails_fails_the_source(
        self, simulated: Connection, world: World, fault: str, error: type[UpstreamError]
    ) -> None:
        """With what Salesforce said."""
        acme = world.orgs["acme"]
        acme.use_api_calls("HubSpot", 10, 30.0 * HOUR - 6 * HOUR + 60)
        assert simulated.salesforce is not None
        await simulated.salesforce.get_json("limits/")
        acme.faults.put(Fault("salesforce", fault))
        with pytest.raises(error):
            await fetch(simulated, None)

    async def test_a_session_that_expires_is_renewed(self, simulated: Connection, world: World) -> None:
        """In the middle of the downloads too."""
        acme = world.orgs["acme"]
        acme.use_api_calls("HubSpot", 10, 20.0 * HOUR)
        await fetch(simulated, None)
        acme.sessions.expire_all()
        assert counted(await fetch(simulated, None)) == 10
        assert acme.requests["token"] == 2


events = st.lists(st.tuples(st.integers(TODAY - DAY - 6 * HOUR, TODAY + 8 * HOUR - 1), st.integers(1, 3)), max_size=40)


@settings(derandomize=True, deadline=None, max_examples=examples(300))
@given(events, st.sets(st.integers(-31, 7)), st.sets(st.sampled_from([-2, -1])), st.randoms())
def test_no_call_is_counted_twice(
    happened: list[tuple[int, int]], lost_hours: set[int], lost_days: set[int], random: Any
) -> None:
    """Whatever hourly and daily files there are, in whatever order and how often they are listed: the count is the
    number of calls in the hours that some file covers."""
    hours = [TODAY + hour * HOUR for hour in range(-30, 8) if hour not in lost_hours]
    days = [TODAY + day * DAY for day in (-2, -1) if day not in lost_days]
    sequences = {number: [when for when, late in happened if late == number] for number in (1, 2, 3)}
    files = [_read("Hourly", hour, number, whens) for hour in hours for number, whens in sequences.items()]
    files += [_read("Daily", day, 0, [when for when, _late in happened]) for day in days]
    listed = files * 2
    random.shuffle(listed)
    kept = known_files(files[:10], listed)
    if not kept:
        return
    coverage = Coverage.of(kept)
    found = [(hour, app) for file in kept for hour in coverage.hours(file) for app in file.calls or ()]
    total = sum(app.hours.get(hour, 0) for hour, app in found)
    covered = {*hours, *(day + hour * HOUR for day in days for hour in range(24))}
    window = {hour for hour in covered if coverage.end - DAY <= hour < coverage.end}
    assert total == sum(when // HOUR * HOUR in window for when, _late in happened)


def _read(interval: str, start: int, sequence: int, happened: Iterable[int]) -> LogFile:
    period = HOUR if interval == "Hourly" else DAY
    hours: dict[int, int] = {}
    for when in happened:
        if start <= when < start + period:
            hours[when // HOUR * HOUR] = hours.get(when // HOUR * HOUR, 0) + 1
    apps = (AppCalls("HubSpot", "", THEIRS, hours),)
    return LogFile(f"{interval}{start}{sequence}", interval, start, sequence, float(start + period), None, apps)


class Generated(httpx.AsyncByteStream):
    """A log of so many rows that is never in memory as a whole."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield ",".join(HEADER).encode() + b"\n"
        row = f'"ApiTotalUsage","{stamp(TODAY)}","HubSpot","{"x" * 200}","1"\n'.encode()
        for _portion in range(self._rows // 200):
            yield row * 200


class GeneratedOrg(FakeOrg):
    rows = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/LogFile"):
            return httpx.Response(200, stream=Generated(self.rows))
        return await super().handle_async_request(request)


async def test_memory_stays_flat_however_large_a_file_is(
    connect_over: Callable[[httpx.AsyncBaseTransport], Connection],
) -> None:
    """Ten times the rows take not even half as much again of memory, and a few seconds."""
    org = GeneratedOrg([hourly(TODAY, 1)])
    connection = connect_over(org)

    async def peak(rows: int) -> int:
        org.rows = rows
        tracemalloc.start()
        try:
            assert counted(await fetch(connection, None)) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(600)  # what is loaded and cached on the way the first time is not the file's
    async with asyncio.timeout(60):
        assert await peak(60_000) < 1.5 * await peak(6_000)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)
times = st.integers(0, 4 * 10**9) | scalars
hours_told = st.dictionaries(st.integers(0, 4 * 10**9).map(str) | st.text(max_size=9), st.integers(0, 9) | scalars)
apps_told = anything | st.fixed_dictionaries(
    {
        "name": st.text(max_size=9),
        "id": st.text(max_size=9),
        "user": st.sampled_from(["mine", "theirs", "unknown", "nobody"]),
        "hours": hours_told,
    }
)
entries = anything | st.fixed_dictionaries(
    {
        "id": st.text(max_size=18) | scalars,
        "interval": st.sampled_from(["Hourly", "Daily", "Weekly"]),
        "start": times,
        "sequence": st.integers(0, 3) | scalars,
        "created": times,
        "length": scalars,
        "calls": st.none() | st.lists(apps_told, max_size=3) | scalars,
        "trouble": st.none() | anything,
    }
)
payloads = anything | st.fixed_dictionaries(
    {
        "org": st.text(max_size=9),
        "user": st.none() | st.text(max_size=9),
        "apps": st.lists(st.text(max_size=9), min_size=1, max_size=2),
        "ids": st.lists(st.text(max_size=9), max_size=2),
        "files": st.lists(entries, max_size=4) | anything,
        "matched": st.booleans(),
        "shown": st.lists(st.text(max_size=9), max_size=2),
        "without": st.just([]),
        "asked_at": times,
    }
)


@settings(derandomize=True, deadline=None, max_examples=examples(400))
@given(payloads)
def test_any_json_is_parsed_or_refused(payload: Any) -> None:
    """And a count is never more than what the payload holds."""
    try:
        usage = parse(payload, NOW)
    except UpstreamError:
        return
    told = [app["hours"].values() for entry in payload["files"] for app in entry["calls"] or ()]
    assert 0 <= (usage.calls or 0) + usage.uncertain <= sum(sum(hours) for hours in told)
    assert usage.as_of <= NOW
