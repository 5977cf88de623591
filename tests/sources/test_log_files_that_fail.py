"""Each log file is a part that fails alone: the others count, are kept, and are never downloaded again."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.spoiled import GONE, LOG_FILES
from exporter.demo.simulator.world import World
from exporter.errors import Again, AuthError, InvalidAnswer, UpstreamError
from exporter.sources.salesforce_usage_log import parse
from exporter.sources.source import Fetched
from exporter.sources.usage_log.downloads import GO_ON_AFTER
from exporter.sources.usage_log.listing import SWITCH_OFF
from exporter.sources.usage_log.log_file import AGAIN_AFTER, BROKEN_OFF_AGAIN_AFTER, DAY, HOUR, PASSING_TRIES
from tests.clocks import ManualClock
from tests.sources.log_org import NOW, TODAY, FakeOrg, Log, SpoiledOrg, calls, counted, fetch, fetched, hourly, use

NEWEST = NOW - 4 * HOUR
NOT_FOUND = httpx.Response(404, json=[{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])
BROKEN_OFF, WEB_PAGE, CUT_OFF, HALF_GZIP = "hangs up", "maintenance page", "cut off, [0-9]+ of", "gzip that ends early"
ConnectOver = Callable[[httpx.AsyncBaseTransport], Connection]


class BreaksOff(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"EVENT_TYPE,"
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


@pytest.fixture
def org() -> SpoiledOrg:
    """A day of hourly files, one call of HubSpot each."""
    return SpoiledOrg([hourly(NEWEST - hour * HOUR, 1) for hour in range(24)])


def told(poll: Fetched) -> UpstreamError:
    """Why the hourly part is missing."""
    error = poll.parts["hourly"]
    assert error is not None
    return error


def cut(content: bytes, at: int) -> bytes:
    return content[: len(content) - at]


GOOD = hourly(NEWEST, 1).csv
HEADER_LINE = GOOD[: GOOD.index(b"\n") + 1]
BROKEN_GZIP = bytearray(gzip.compress(GOOD))
BROKEN_GZIP[-8] ^= 0xFF


def packed(content: bytes, coding: str = "gzip") -> httpx.Response:
    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    return httpx.Response(200, content=stream(), headers={"Content-Encoding": coding})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            lambda: httpx.Response(200, content=GOOD + b'"ApiTotal'), "ends inside a quoted field", id="quote"
        ),
        pytest.param(
            lambda: httpx.Response(200, content=GOOD + b'"a\n' + GOOD * 999), "not CSV", id="quote before more"
        ),
        pytest.param(lambda: httpx.Response(200, content=b""), "is empty", id="0 bytes"),
        pytest.param(lambda: NOT_FOUND, "status 404 NOT_FOUND: Salesforce has replaced or", id="gone after listing"),
        pytest.param(lambda: httpx.Response(200, content=cut(GOOD, 4)), CUT_OFF, id="cut field"),
        pytest.param(lambda: httpx.Response(200, content=HEADER_LINE), CUT_OFF, id="cut between rows"),
        pytest.param(
            lambda: httpx.Response(200, content=GOOD + b"ApiTotalUsage,x"), "ends in the middle", id="cut row"
        ),
        pytest.param(lambda: packed(bytes(BROKEN_GZIP)), "broken gzip", id="broken gzip"),
        pytest.param(lambda: packed(cut(gzip.compress(GOOD), 20)), HALF_GZIP, id="gzip cut off"),
        pytest.param(lambda: packed(b"not gzip"), "broken gzip", id="no gzip"),
        pytest.param(lambda: packed(GOOD, "br"), "was not asked for", id="another coding"),
        pytest.param(lambda: httpx.Response(200, text="<html>maintenance</html>"), "no column", id="a page"),
        pytest.param(lambda: httpx.Response(200, html="<html>maintenance</html>"), WEB_PAGE, id="a page that says so"),
        pytest.param(lambda: httpx.Response(200, stream=BreaksOff()), BROKEN_OFF, id="broken off"),
        pytest.param(lambda: httpx.Response(400, json=[{"errorCode": "X", "message": ""}]), "status 400 X", id="400"),
    ],
)
async def test_the_newest_of_a_days_files_is_bad(
    connection: Connection, org: SpoiledOrg, answer: Callable[[], httpx.Response], reason: str
) -> None:
    """Case 5: the 23 others are counted, as of their end, and kept; the bad one is named."""
    bad = org.files[0].id
    org.spoiled[bad] = answer
    poll = await fetched(connection)
    assert use(poll.payload) == (23, float(NEWEST))
    with pytest.raises(UpstreamError, match=reason):
        raise told(poll)
    assert bad in str(told(poll))
    assert len(org.downloads) == 24
    again = await fetched(connection, poll.payload)
    assert use(again.payload) == (23, float(NEWEST))
    assert bad in str(told(again))
    assert set(org.downloads[24:]) <= {bad}
    if reason not in (BROKEN_OFF, WEB_PAGE, CUT_OFF, HALF_GZIP):
        assert len(org.downloads) == 24
        assert told(poll).again is told(again).again is Again.LATER


@pytest.mark.parametrize(
    ("content", "count"),
    [
        pytest.param(GOOD + GOOD[len(HEADER_LINE) :] * 4, 5, id="it has grown since it was listed"),
        pytest.param(cut(GOOD, 1), 1, id="the last newline is stated and not sent"),
    ],
)
async def test_a_length_that_differs_is_not_always_a_cut(
    connection: Connection, org: SpoiledOrg, content: bytes, count: int
) -> None:
    """More than was stated is no less, and no row is as short as what may be lacking."""
    org.spoiled[org.files[0].id] = lambda: httpx.Response(200, content=content)
    poll = await fetched(connection)
    assert (counted(poll.payload), poll.parts) == (23 + count, {"hourly": None})


@pytest.mark.parametrize("length", [None, 0])
async def test_without_a_length_a_log_that_ends_with_a_row_is_whole(
    connection: Connection, org: SpoiledOrg, length: int | None
) -> None:
    """There is nothing to hold it against."""
    org.files[0].rows = calls(NEWEST + 60, 5)
    listing = org.files[0].listing | {"LogFileLength": length}
    org.instead = [httpx.Response(200, json={"done": True, "records": [listing]})]
    org.spoiled[org.files[0].id] = lambda: httpx.Response(200, content=GOOD)
    assert counted(await fetch(connection, None)) == 1


async def test_good_gzip_is_read(connection: Connection, org: SpoiledOrg) -> None:
    """In one stream or several, with zeros behind."""
    half = len(GOOD) // 2
    for content in (gzip.compress(GOOD), gzip.compress(GOOD[:half]) + gzip.compress(GOOD[half:]) + b"\0" * 300):
        org.spoiled[org.files[0].id] = lambda content=content: packed(content)  # type: ignore[misc]
        assert counted(await fetch(connection, None)) == 24


class TestTriedAgain:
    async def test_once_it_has_changed(self, connection: Connection, org: SpoiledOrg) -> None:
        """Salesforce lists it anew: under another id, or with another length or date."""
        org.spoiled[org.files[0].id] = lambda: NOT_FOUND
        payload = await fetch(connection, None)
        org.files[0] = hourly(NEWEST, 5, name="0ATANEW00000000000", created=NOW)
        poll = await fetched(connection, payload)
        assert use(poll.payload) == (28, float(NEWEST + HOUR))
        assert poll.parts == {"hourly": None}
        assert org.downloads[24:] == ["0ATANEW00000000000"]

    async def test_a_good_while_later(self, connection: Connection, org: SpoiledOrg, clock: ManualClock) -> None:
        """It may have been the server's fault."""
        bad = org.files[0].id
        org.spoiled[bad] = lambda: httpx.Response(200, content=b"")
        payload = await fetch(connection, None)
        clock.advance(AGAIN_AFTER - 1)
        payload = await fetch(connection, payload)
        assert len(org.downloads) == 24
        org.spoiled.clear()
        clock.advance(1)
        assert counted(await fetch(connection, payload)) == 24
        assert org.downloads[24:] == [bad]

    async def test_a_connection_that_broke_is_tried_soon(
        self, connection: Connection, org: SpoiledOrg, clock: ManualClock
    ) -> None:
        """The third time it counts as the file's own fault, for an hour."""
        org.spoiled[org.files[0].id] = lambda: httpx.Response(200, stream=BreaksOff())
        payload, again = None, []
        for _poll in range(5):
            poll = await fetched(connection, payload)
            payload = poll.payload
            again.append(told(poll).again)
        assert again == [Again.SOON] * (PASSING_TRIES - 1) + [Again.LATER] * 3
        assert len(org.downloads) == 24 + PASSING_TRIES - 1
        org.spoiled.clear()
        clock.advance(BROKEN_OFF_AGAIN_AFTER)
        assert counted(await fetch(connection, payload)) == 24

    async def test_two_in_a_row_end_the_poll(self, connection: Connection, org: SpoiledOrg) -> None:
        """It is not the file then; what was read before is kept."""
        for log in org.files[5:]:
            org.spoiled[log.id] = lambda: httpx.Response(200, stream=BreaksOff())
        poll = await fetched(connection)
        assert len(org.downloads) == 7
        assert told(poll).again is Again.SOON
        assert not parse(poll.payload, NOW).complete
        org.spoiled.clear()
        assert counted(await fetch(connection, poll.payload)) == 24
        assert len(org.downloads) == 7 + 19

    async def test_a_quota_ends_the_poll_at_once(self, connection: Connection, org: SpoiledOrg) -> None:
        """What was read and paid for is kept."""
        quota = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
        org.spoiled[org.files[3].id] = lambda: httpx.Response(403, json=quota)
        poll = await fetched(connection)
        assert len(org.downloads) == 4
        assert sum(file["calls"] is not None for file in poll.payload["files"]) == 3
        assert (told(poll).kind, told(poll).again, poll.more_in) == ("rate_limit", Again.HOURLY, None)


async def test_a_backlog_goes_on_soon(connection: Connection, org: SpoiledOrg) -> None:
    """Several sequences an hour: a portion now, the next one in some minutes, and no file twice."""
    org.files = [hourly(NEWEST - hour * HOUR, 1, sequence=n) for hour in range(24) for n in (1, 2, 3)]
    payload, soon = None, []
    for _poll in range(4):
        poll = await fetched(connection, payload)
        payload = poll.payload
        soon.append(poll.more_in)
    assert soon == [GO_ON_AFTER, GO_ON_AFTER, None, None]
    assert len(org.downloads) == len(set(org.downloads)) == counted(payload) == 72


class TestColumns:
    """EventLogFile does not have every column in every org."""

    @pytest.fixture
    def org(self) -> PoorOrg:
        yesterday = Log("Daily", TODAY - DAY, calls(TODAY - DAY, 3))
        return PoorOrg([yesterday])

    @pytest.mark.parametrize(
        "missing",
        [
            ("Interval",),
            ("Sequence",),
            ("Interval", "Sequence"),
            ("CreatedDate",),
            ("LogFileLength",),
            ("Interval", "Sequence", "CreatedDate", "LogFileLength"),
        ],
    )
    async def test_a_column_that_is_not_there_is_left_out(
        self, connection: Connection, org: PoorOrg, missing: tuple[str, ...]
    ) -> None:
        """Case 15: daily files then; found out once, not at every poll."""
        org.missing = missing
        payload = await fetch(connection, None)
        assert use(payload) == (3, float(TODAY))
        assert len(org.queries) == 1 + len(missing)
        assert use(await fetch(connection, payload)) == (3, float(TODAY))
        assert len(org.queries) == 2 + len(missing)
        assert len(org.downloads) == 1

    @pytest.mark.parametrize(
        "message",
        [
            "Keine Spalte 'Interval' in der Entität 'EventLogFile'.",
            'No such column "Interval" on entity "EventLogFile".',
            "No such column ‘Interval’ on sobject of type EventLogFile",
            "field Interval does not exist",
            "",
        ],
    )
    async def test_a_column_that_is_not_named_is_one_of_those_for_hourly_files(
        self, connection: Connection, org: PoorOrg, message: str
    ) -> None:
        """The message may be in the user's language; two queries, and the next poll takes one. The column that tells a
        file made anew is still asked for."""
        org.missing, org.message = ("Interval",), message
        payload = await fetch(connection, None)
        assert use(payload) == (3, float(TODAY))
        assert use(await fetch(connection, payload)) == (3, float(TODAY))
        assert len(org.queries) == 3
        assert "CreatedDate" in org.queries[-1]

    async def test_columns_that_are_not_named_are_all_done_without(self, connection: Connection, org: PoorOrg) -> None:
        """If those for hourly files were not what was refused."""
        org.missing, org.message = ("LogFileLength",), "?"
        assert use(await fetch(connection, None)) == (3, float(TODAY))
        assert len(org.queries) == 3

    async def test_it_is_asked_for_again_after_a_week(
        self, connection: Connection, org: PoorOrg, clock: ManualClock
    ) -> None:
        """Hourly files may have been licensed meanwhile."""
        org.missing = ("Interval",)
        payload = await fetch(connection, None)
        org.missing = ()
        clock.advance(7 * DAY)
        org.files = [hourly(TODAY + 7 * DAY, 8)]
        assert counted(await fetch(connection, payload)) == 8
        assert "Interval" in org.queries[-1]

    async def test_a_column_that_is_needed_is_not_done_without(self, connection: Connection, org: PoorOrg) -> None:
        """Without LogDate nobody knows what a file covers."""
        org.missing = ("LogDate",)
        with pytest.raises(InvalidAnswer, match="no column LogDate"):
            await fetch(connection, None)
        assert len(org.queries) == 1

    async def test_an_empty_interval_is_a_day(self, connection: Connection, org: PoorOrg) -> None:
        """The column is there and holds nothing."""
        org.blank = True
        assert use(await fetch(connection, None)) == (3, float(TODAY))

    async def test_an_empty_interval_of_an_hour_is_not_guessed_at(self, connection: Connection, org: PoorOrg) -> None:
        """The column was asked for and says nothing: the file is left out, and the day's counts."""
        org.blank = True
        org.files.append(hourly(TODAY + HOUR, 50))
        assert use(await fetch(connection, None)) == (3, float(TODAY))

    async def test_without_the_column_the_sequence_tells(self, connection: Connection, org: PoorOrg) -> None:
        """Hourly files begin at other hours than midnight, and are numbered from 1."""
        org.missing = ("Interval",)
        org.files = [hourly(TODAY + HOUR, 5), hourly(TODAY, 4)]
        assert use(await fetch(connection, None)) == (9, float(TODAY + 2 * HOUR))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_TYPE"),
        (400, "INVALID_TYPE_FOR_OPERATION"),
        (403, "INSUFFICIENT_ACCESS"),
        (400, "INSUFFICIENT_ACCESS_OR_READONLY"),
        (403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        (403, "FUNCTIONALITY_NOT_ENABLED"),
        (403, "FORBIDDEN"),
    ],
)
async def test_an_org_without_event_log_files_says_how_to_switch_the_source_off(
    connection: Connection, org: SpoiledOrg, status: int, code: str
) -> None:
    """One call an interval, one sentence with both remedies."""
    error = [{"errorCode": code, "message": "sObject type 'EventLogFile' is not supported."}]
    org.instead = [httpx.Response(status, json=error)]
    with pytest.raises(AuthError) as caught:
        await fetch(connection, None)
    assert str(caught.value) == f"this org shows no event log files: {SWITCH_OFF}"
    assert "intervals: {salesforce_usage_log: off}" in SWITCH_OFF
    assert caught.value.code == code


async def test_files_that_may_not_be_read_name_the_permission(connection: Connection, org: SpoiledOrg) -> None:
    """Listed they are, but every download is forbidden."""
    error = [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "insufficient access rights"}]
    org.spoiled = {log.id: lambda: httpx.Response(403, json=error) for log in org.files}
    with pytest.raises(AuthError, match="to read log files it needs View Event Log Files"):
        await fetch(connection, None)


async def test_an_org_that_lists_no_file_is_asked_when_it_is_due(connection: Connection, org: SpoiledOrg) -> None:
    """It may be one without: to ask after 1, 2, 4 … minutes costs calls and brings nothing."""
    org.files = []
    with pytest.raises(InvalidAnswer, match=re.escape(SWITCH_OFF)) as caught:
        parse(await fetch(connection, None), NOW)
    assert caught.value.again is Again.LATER


@dataclass
class PoorOrg(FakeOrg):
    """An org whose EventLogFile lacks columns; it names one a time, as Salesforce does."""

    missing: tuple[str, ...] = ()
    message: str | None = None
    blank: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/query/"):
            return await super().handle_async_request(request)
        query = request.url.params["q"]
        for column in self.missing:
            if column in query:
                self.queries.append(query)
                message = (
                    f"\nSELECT Id\n^\nERROR at Row:1:Column:12\nNo such column '{column}' on entity 'EventLogFile'."
                )
                told = message if self.message is None else self.message
                error = [{"errorCode": "INVALID_FIELD", "message": told}]
                return httpx.Response(400, json=error)
        answer = await super().handle_async_request(request)
        rows: Any = answer.json()["records"]
        for row in rows:
            for column in self.missing:
                del row[column]
            if self.blank:
                row["Interval"] = None
        return httpx.Response(200, json={"totalSize": len(rows), "done": True, "records": rows})


class TestSimulator:
    """The same habits in the simulated org: 22 hours of 10 calls of HubSpot and 90 of another app."""

    @pytest.fixture
    def simulated(
        self, clock: ManualClock, connect_over: ConnectOver, request: pytest.FixtureRequest
    ) -> tuple[Connection, Org]:
        settings: dict[str, Any] = getattr(request, "param", {})
        world = World(["acme"], clock.time, Settings(records_per_second=0, event_log_lag=4.0 * HOUR, **settings))
        org = world.orgs["acme"]
        for hour in range(5, 27):
            org.use_api_calls("HubSpot", 10, hour * HOUR)
            org.use_api_calls("Other", 90, hour * HOUR)
        return connect_over(httpx.ASGITransport(build_app(world, sync_interval=None))), org

    @pytest.mark.parametrize("how", [*LOG_FILES, GONE])
    async def test_a_spoiled_newest_file(self, simulated: tuple[Connection, Org], how: str) -> None:
        """Whatever is wrong with it, what is counted is right as of its time."""
        connection, org = simulated
        whole = counted(await fetch(connection, None))
        org.spoiled_log_file = how
        poll = await fetched(connection)
        usage = parse(poll.payload, NOW)
        if how == "short_row":  # a row is lost, not the file
            assert (usage.calls, usage.uncertain, poll.parts["hourly"]) == (whole, 1, None)
        else:
            assert usage.calls is not None
            assert whole is not None
            assert (usage.calls, usage.complete) == (whole - 10, True)
            assert poll.parts["hourly"] is not None

    @pytest.mark.parametrize("simulated", [{"event_log_sequences": 3}], indirect=True)
    async def test_several_files_an_hour(self, simulated: tuple[Connection, Org]) -> None:
        """All are read, in portions, and each call counts once."""
        connection, _org = simulated
        poll = await fetched(connection)
        for _portion in range(3):
            poll = await fetched(connection, poll.payload)
        by_app = dict(parse(poll.payload, NOW).by_app)
        assert by_app["Other"] == 9 * by_app["HubSpot"] > 0

    @pytest.mark.parametrize("simulated", [{"event_log_without": frozenset({"Interval", "Sequence"})}], indirect=True)
    async def test_without_hourly_files(self, simulated: tuple[Connection, Org]) -> None:
        """The daily one is found and read."""
        connection, org = simulated
        payload = await fetch(connection, None)
        assert parse(payload, NOW).as_of == TODAY
        assert org.requests["salesforce.query"] == 3
        await fetch(connection, payload)
        assert org.requests["salesforce.query"] == 4

    @pytest.mark.parametrize("simulated", [{"event_log_nameless": 0.9}], indirect=True)
    async def test_nine_of_ten_calls_are_nameless(self, simulated: tuple[Connection, Org]) -> None:
        """The integration's are told by its user, the others' are of no concern."""
        connection, org = simulated
        salesforce = connection.settings.salesforce
        assert salesforce is not None
        named = replace(connection.settings, salesforce=replace(salesforce, integration_user=org.integration_user))
        usage = parse(await fetch(replace(connection, settings=named), None), NOW)
        assert usage.calls is not None
        assert (usage.calls, usage.uncertain) == (sum(dict(usage.by_app).values()) // 10, 0)
        unsure = parse(await fetch(connection, None), NOW)
        assert unsure.uncertain > 0

    @pytest.mark.parametrize("simulated", [{"event_logs": False}], indirect=True)
    async def test_without_event_logs(self, simulated: tuple[Connection, Org]) -> None:
        """The source says so, and how to switch it off."""
        with pytest.raises(AuthError, match="switch the source off"):
            await fetch(simulated[0], None)
