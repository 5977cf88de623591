"""The searches for records that have not reached Salesforce."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.catalog.catalog import NEVER_SYNCED, STALE
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.client import LARGEST_PAGE, MOST_RESULTS, HubSpotClient
from exporter.clients.hubspot.search_pace import SEARCHES_PER_SECOND
from exporter.clients.hubspot.unsynced_records import (
    WRITTEN_LATE,
    Span,
    UnsyncedRecord,
    count_unsynced,
    filters_of,
    newest_sync,
    spans_of,
    unsynced_records,
)
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.state.records import Record
from exporter.demo.simulator.world import World
from exporter.errors import InvalidAnswer
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import LoneClock
from tests.conftest import SIMULATOR

START = 1_800_000_000.0
HOUR = 3600.0
SPAN = Span(START, START + 4 * HOUR)


class Account:
    """A simulated account without records of its own, and a client of it whose clock moves on by itself."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.clock = LoneClock(START + 5 * HOUR)
        self.sent: list[float] = []
        self.world = World(("acme",), self.clock.time, Settings(records=0, records_per_second=0, **changes))
        self.org: Org = self.world.orgs["acme"]
        (folder / "token").write_text(Settings().hubspot_token)
        self.client = self.client_over(httpx.ASGITransport(build_app(self.world, sync_interval=None)), folder)

    def client_over(self, transport: httpx.AsyncBaseTransport, folder: Path) -> HubSpotClient:
        secret = Secret(file=folder / "token")
        settings = HubSpot(f"{SIMULATOR}/acme/hubspot", "2026-09", secret, None, (), ())
        upstream = Upstream(
            httpx.AsyncClient(transport=transport), self.clock, lambda: self.sent.append(self.clock.time())
        )
        return HubSpotClient(settings, secret, upstream, AccountPaces(self.clock))

    def record(self, synced: float | None, changed: float, object_type: str = "contacts") -> Record:
        """A record that was synced and changed at these times."""
        record = self.org.records.add(object_type, (synced or changed) - HOUR if synced else changed)
        if synced is not None:
            record.mark_synced(synced)
        record.changed = changed
        return record

    async def count(self, kind: str, span: Span = SPAN, object_type: str = "contacts") -> int:
        return await count_unsynced(self.client, object_type, kind, span)

    async def found(self, kind: str, span: Span = SPAN, object_type: str = "contacts") -> list[UnsyncedRecord]:
        return [record async for record in unsynced_records(self.client, object_type, kind, span)]


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


class TestStale:
    @pytest.mark.parametrize(
        ("synced", "changed", "counts"),
        [
            (START - HOUR, START + 60, True),
            (START - HOUR, START - 1, False),  # before the span
            (START - HOUR, START + 4 * HOUR + 1, False),  # within the grace
            (START + 120, START + 60, False),  # synced after it
            (START + 60, START + 60, False),  # at the same moment
            (START + 60, START + 73, False),  # by nothing but the late time of its sync
            (START - 5, START + 8, False),  # likewise, at the beginning of the span
            (START + 60, START + 2 * HOUR, False),  # changed again since: what the search cannot tell
        ],
    )
    async def test_what_counts(self, account: Account, synced: float, changed: float, counts: bool) -> None:
        """Changed within the span, synced last before it. The time of a sync is written up to 13 seconds late, which
        moves the modification date."""
        record = account.record(synced, changed)
        assert await account.count(STALE) == int(counts)
        assert [one.hubspot_id for one in await account.found(STALE)] == [record.hubspot_id] * counts

    async def test_it_counts_once_its_sync_too_lies_before_the_span(self, account: Account) -> None:
        """So what is missed at first is found later, if it still waits by then."""
        account.record(START + 60, START + 2 * HOUR)
        later = Span(START + 60 + WRITTEN_LATE + 1, START + 4 * HOUR)
        assert [await account.count(STALE, span) for span in (SPAN, later)] == [0, 1]

    async def test_one_that_was_never_synced_is_not_stale(self, account: Account) -> None:
        """It has no time of a sync to compare with: it is of the other kind."""
        account.record(None, START + 60)
        assert (await account.count(STALE), await account.count(NEVER_SYNCED)) == (0, 1)

    async def test_a_search_that_lags_shows_no_sync_as_missing_for_longer_than_it_lags(self, tmp_path: Path) -> None:
        """A minute after the sync, and the 13 seconds until its time is written, the record counts no more."""
        account = Account(tmp_path, search_lag=60.0, sync_written_late=13.0)
        record = account.record(START - HOUR, START + 60)
        account.org.records.change(record, START + 60)
        record.former = ()
        account.org.tick()
        seen = []
        for _look in range(3):
            seen.append(await account.count(STALE))
            account.clock.advance(37.0)
        assert seen == [1, 1, 0]


class TestStandstill:
    """Nothing of an object is synced any more."""

    @pytest.mark.parametrize(
        ("newest", "spans"),
        [
            (None, 1),
            (START - HOUR, 1),  # the first span has all that waits
            (START + HOUR, 2),
            (START + 4 * HOUR - WRITTEN_LATE, 1),  # within the grace: it does not stand
            (START + 5 * HOUR, 1),
        ],
    )
    def test_it_is_one_once_nothing_was_synced_up_to_the_end_of_the_span(
        self, newest: float | None, spans: int
    ) -> None:
        """Then a second span begins at the newest sync."""
        assert len(spans_of(SPAN, newest)) == spans

    async def test_what_changed_after_the_newest_sync_waits(self, account: Account) -> None:
        """Whenever it was synced before: each record is in one span."""
        account.record(START - HOUR, START + 2 * HOUR)
        account.record(START + 60, START + 2 * HOUR)
        account.record(START + 60, START + 90)
        account.record(START + HOUR, START + HOUR + 13)
        spans = spans_of(SPAN, await newest_sync(account.client, "contacts"))
        assert [await account.count(STALE, span) for span in spans] == [1, 1]
        found = [[one.at async for one in unsynced_records(account.client, "contacts", STALE, span)] for span in spans]
        assert found == [[START + 2 * HOUR], [START + 2 * HOUR]]

    async def test_an_account_where_nothing_was_ever_synced_has_no_newest_sync(self, account: Account) -> None:
        account.record(None, START + 60)
        assert await newest_sync(account.client, "contacts") is None


class TestNeverSynced:
    @pytest.mark.parametrize("object_type", ["contacts", "companies", "deals"])
    async def test_what_counts(self, account: Account, object_type: str) -> None:
        """Created within the span and linked to nothing; a contact is linked to a contact or to a lead."""
        for moment in (START - 1, START, START + HOUR, START + 4 * HOUR + 1):
            account.record(None, moment, object_type)
        for _number in range(5):  # every fifth contact is a lead
            account.record(START + HOUR + 10, START + HOUR, object_type).created = START + HOUR
        assert await account.count(NEVER_SYNCED, object_type=object_type) == 2
        found = await account.found(NEVER_SYNCED, object_type=object_type)
        assert [record.at for record in found] == [START, START + HOUR]


class TestFilters:
    def test_what_is_asked_for(self) -> None:
        """As HubSpot takes it: epoch milliseconds as text, in one group, the owner's own conditions behind."""
        own = {"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"}
        first, last = "1800000000000", "1800014400000"
        assert filters_of("contacts", STALE, SPAN, [own]) == (
            {"propertyName": "lastmodifieddate", "operator": "BETWEEN", "value": first, "highValue": last},
            {"propertyName": "salesforcelastsynctime", "operator": "LT", "value": "1799999985000"},
            own,
        )
        assert filters_of("contacts", NEVER_SYNCED, SPAN, [own]) == (
            {"propertyName": "createdate", "operator": "BETWEEN", "value": first, "highValue": last},
            {"propertyName": "salesforcecontactid", "operator": "NOT_HAS_PROPERTY"},
            {"propertyName": "salesforceleadid", "operator": "NOT_HAS_PROPERTY"},
            own,
        )

    @pytest.mark.parametrize(
        ("object_type", "modified", "link"),
        [
            ("companies", "hs_lastmodifieddate", "salesforceaccountid"),
            ("deals", "hs_lastmodifieddate", "hs_salesforceopportunityid"),
        ],
    )
    def test_other_objects_have_other_properties(self, object_type: str, modified: str, link: str) -> None:
        """The link to Salesforce is named after what stands there."""
        named = [[one["propertyName"] for one in filters_of(object_type, kind, SPAN)] for kind in (STALE, NEVER_SYNCED)]
        assert named == [[modified, "salesforcelastsynctime"], ["createdate", link]]

    async def test_the_owners_own_conditions_narrow_it(self, account: Account) -> None:
        """Such as those of the inclusion segment: else what never syncs counts."""
        for stage in ("lead", "customer", "customer"):
            account.record(None, START + 60).written["lifecyclestage"] = stage
        own = {"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"}
        assert await count_unsynced(account.client, "contacts", NEVER_SYNCED, SPAN, [own]) == 2


class TestPaging:
    async def test_more_than_a_search_returns(self, account: Account) -> None:
        """Each once, the oldest first, with no page that HubSpot refuses, and never a sixth search within a second."""
        wanted = MOST_RESULTS + 450
        for number in range(wanted):
            account.record(START - HOUR, START + (number * 7919 % wanted))
        found = await account.found(STALE)
        assert len({record.hubspot_id for record in found}) == len(found) == wanted
        assert [record.at for record in found] == [START + number for number in range(wanted)]
        assert len(account.sent) <= wanted / (LARGEST_PAGE - 1) + 1
        most = max(sum(start <= other < start + 1 for other in account.sent) for start in account.sent[:50])
        assert most <= SEARCHES_PER_SECOND

    @pytest.mark.parametrize("together", [LARGEST_PAGE - 1, LARGEST_PAGE, LARGEST_PAGE + 1, 3 * LARGEST_PAGE])
    async def test_many_of_one_moment(self, account: Account, together: int) -> None:
        """As an import leaves them; those before and after are found too."""
        moments = [START, *[START + 60] * together, *[START + 120] * 3, START + 180]
        for moment in moments:
            account.record(START - HOUR, moment)
        found = await account.found(STALE)
        assert [record.at for record in found] == moments
        assert set(Counter(record.hubspot_id for record in found).values()) == {1}

    async def test_what_is_synced_meanwhile_makes_nobody_be_passed_over(self, account: Account) -> None:
        """It leaves the results, and with a page number all behind it would move up by its place."""
        records = [account.record(START - HOUR, START + number) for number in range(2 * LARGEST_PAGE)]
        found: list[str] = []
        async for one in unsynced_records(account.client, "contacts", STALE, SPAN):
            if not found:
                for record in records[: LARGEST_PAGE // 2]:
                    record.mark_synced(account.clock.time())
            found.append(one.hubspot_id)
        assert found == [record.hubspot_id for record in records]

    async def test_more_of_one_moment_than_a_search_returns(self, account: Account, tmp_path: Path) -> None:
        """What lies behind the limit cannot be asked for; those of the next moment can."""
        most = MOST_RESULTS // LARGEST_PAGE
        pages = [Canned(200, _page([(str(number), START)], after=str(number))) for number in range(most)]
        transport = CannedTransport(*pages, Canned(200, _page([("last", START + 1)])))
        client = account.client_over(transport, tmp_path)
        found = [record.hubspot_id async for record in unsynced_records(client, "contacts", STALE, SPAN)]
        assert found == [*map(str, range(most)), "last"]
        asked = json.loads(transport.requests[-1].content)
        assert (asked["filterGroups"][0]["filters"][0]["value"], asked["after"]) == ("1800000000001", "0")

    @pytest.mark.parametrize(
        "page",
        [
            {"total": 1, "results": [{"id": "1", "properties": {}}]},
            {"total": 1, "results": [{"id": "1", "properties": {"lastmodifieddate": "soon"}}]},
        ],
    )
    async def test_a_record_without_its_date_is_an_error(
        self, account: Account, tmp_path: Path, page: dict[str, Any]
    ) -> None:
        """It was found by it."""
        client = account.client_over(CannedTransport(Canned(200, page)), tmp_path)
        with pytest.raises(InvalidAnswer):
            _ = [record async for record in unsynced_records(client, "contacts", STALE, SPAN)]

    async def test_one_that_changes_meanwhile_moves_nobody(self, account: Account, tmp_path: Path) -> None:
        """HubSpot found it by the date before, and shows the new one: the next page does not begin there."""
        first = [(str(number), START + number) for number in range(3)]
        changed = _page([*first, ("changed", START + 5 * HOUR - 1), ("3", START + 3)], after="5")
        transport = CannedTransport(Canned(200, changed), Canned(200, _page([("3", START + 3), ("4", START + 4)])))
        client = account.client_over(transport, tmp_path)
        found = [record.hubspot_id async for record in unsynced_records(client, "contacts", STALE, SPAN)]
        assert found == ["0", "1", "2", "changed", "3", "4"]
        asked = json.loads(transport.requests[1].content)
        assert (asked["filterGroups"][0]["filters"][0]["value"], asked["after"]) == ("1800000003000", "0")

    @pytest.mark.parametrize("after", ["200", "somewhere", "1"])
    async def test_a_list_without_end_ends(self, account: Account, tmp_path: Path, after: str) -> None:
        """The same page for ever, whatever it is called."""
        client = account.client_over(CannedTransport(Canned(200, _page([("1", START)], after))), tmp_path)
        with pytest.raises(InvalidAnswer, match="before the time that it was asked for"):
            _ = [record async for record in unsynced_records(client, "contacts", STALE, SPAN)]
        assert len(account.sent) == MOST_RESULTS // LARGEST_PAGE + 1


def _page(records: list[tuple[str, float]], after: str | None = None) -> dict[str, Any]:
    """Of ids and modification dates."""
    results = [{"id": name, "properties": {"lastmodifieddate": str(round(at * 1000))}} for name, at in records]
    paging = {"paging": {"next": {"after": after}}} if after else {}
    return {"total": len(results), "results": results, **paging}
