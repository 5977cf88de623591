"""The canary: rounds in both directions over the simulated org, from the first check to every way of ending."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import Canary, CanaryBack, Config, HubSpot, Integration
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import Again, UpstreamError
from exporter.model import CanaryDirection, CanaryRounds
from exporter.sources.canary import applies, fetch, parse
from exporter.sources.source import Fetched
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR

CANARY = Canary("contacts", "101", "salesforce_canary", "Contact", "003000000000101SIM", "HubSpot_Canary__c")
BACK = CanaryBack("HubSpot_Canary_Back__c", "salesforce_canary_back")
MINUTE, HOUR = 60.0, 3600.0


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to the simulator, and loses the answers to what is named in ``deaf_to``."""

    def __init__(self, world: World) -> None:
        self._simulator = httpx.ASGITransport(build_app(world, sync_interval=None))
        self.deaf_to = ""
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = f"{request.method} {request.url.path}"
        self.sent.append(said)
        answer = await self._simulator.handle_async_request(request)
        if self.deaf_to and self.deaf_to in said:
            raise httpx.ReadError("connection reset")
        return answer

    def count(self, part: str) -> int:
        return sum(part in said for said in self.sent)


class Probe:
    """Polls a canary as the poller does: when it asked to be polled next, with the payload it left behind."""

    def __init__(self, connection: Connection, clock: ManualClock, org: Org, wire: Wire) -> None:
        self.connection = connection
        self.clock = clock
        self.org = org
        self.wire = wire
        self.payload: Any = None
        self.failure: UpstreamError | None = None
        self.due_at = clock.time()

    async def poll(self) -> None:
        told = await self.clock.pass_during(fetch(self.connection, self.payload))
        assert isinstance(told, Fetched)
        self.payload, self.failure = json.loads(json.dumps(told.payload)), told.failure
        pause = told.more_in or 0.0
        if told.failure is not None:
            passes = told.failure.again in (Again.AT_ONCE, Again.SOON)
            pause = MINUTE if passes else CANARY.interval
        self.due_at = self.clock.time() + max(pause, 1.0)

    async def until(self, end: float, sync_every: float | None = 15 * MINUTE) -> None:
        """Polls until then, while HubSpot syncs every so often."""
        synced = self.clock.time()
        while self.due_at <= end:
            next_sync = end if sync_every is None else synced + sync_every
            if next_sync < self.due_at:
                self.clock.advance(max(0.0, next_sync - self.clock.time()))
                synced = self.clock.time()
                self.org.tick()
                continue
            self.clock.advance(max(0.0, self.due_at - self.clock.time()))
            await self.poll()
        self.clock.advance(max(0.0, end - self.clock.time()))

    @property
    def shown(self) -> CanaryRounds:
        return parse(self.payload, self.clock.time())

    def of(self, direction: str = "to_salesforce") -> CanaryDirection:
        return next(one for one in self.shown.directions if one.direction == direction)

    def rounds(self, direction: str = "to_salesforce") -> tuple[int, int, int]:
        """Synced, late and failed."""
        counts = dict(self.of(direction).rounds)
        return counts["synced"], counts["late"], counts["failed"]

    @property
    def queries(self) -> int:
        return self.wire.count("/query/")

    @property
    def calls(self) -> int:
        """Salesforce API calls of the last 24 hours."""
        return self.org.calls.by_app()[self.org.settings.monitoring_app]

    @property
    def writes(self) -> int:
        return self.wire.count("/batch/update")


@pytest.fixture
def integration(config: Config, tmp_path: Path) -> Integration:
    token = tmp_path / "hubspot-token"
    token.write_text(Settings().hubspot_token)
    account = HubSpot(f"{SIMULATOR}/acme/hubspot", "2026-09", Secret(file=token), None, ("HubSpot",), ())
    return replace(config.integrations[0], hubspot=account, canary=CANARY)


MakeProbe = Callable[[Canary], Probe]


@pytest.fixture
def make(integration: Integration, clock: ManualClock, world: World, acme: Org) -> MakeProbe:
    def made(canary: Canary) -> Probe:
        wire = Wire(world)
        settings = replace(integration, canary=canary)
        http = httpx.AsyncClient(transport=wire)
        return Probe(connect(settings, http, clock, lambda _integration, _api: None), clock, acme, wire)

    return made


@pytest.fixture
def probe(make: MakeProbe) -> Probe:
    return make(CANARY)


class TestARound:
    async def test_it_is_synced_when_salesforce_shows_what_hubspot_was_told(self, probe: Probe) -> None:
        """With the latency of HubSpot's round, and not of the look that saw it."""
        began = probe.clock.time()
        await probe.until(began + 20 * MINUTE)
        assert probe.rounds() == (1, 0, 0)
        assert probe.of().success is True
        assert probe.of().latency_sum == pytest.approx(15 * MINUTE, abs=1.0)
        assert probe.failure is None

    async def test_it_costs_one_write_and_one_query(self, probe: Probe) -> None:
        """And the query that finds, once a day, whether the record is the configured one."""
        await probe.until(probe.clock.time() + 6 * HOUR - MINUTE)
        assert probe.rounds() == (12, 0, 0)
        assert (probe.writes, probe.calls) == (12, 13)
        assert probe.wire.count("GET /acme/hubspot/crm/objects") < 12 * 20

    async def test_both_directions_cost_a_salesforce_write_more(self, make: MakeProbe) -> None:
        """The way back begins when the first has ended, and is looked for in HubSpot alone."""
        probe = make(replace(CANARY, back=BACK))
        await probe.until(probe.clock.time() + 6 * HOUR - MINUTE, sync_every=5 * MINUTE)
        assert probe.rounds() == probe.rounds("to_hubspot") == (12, 0, 0)
        assert (probe.writes, probe.calls, probe.wire.count("PATCH")) == (12, 25, 12)
        assert probe.of("to_hubspot").latency_sum / 12 <= 5 * MINUTE + 1

    async def test_an_account_that_does_not_tell_of_syncs_is_asked_at_parts_of_the_deadline(self, probe: Probe) -> None:
        """Where records have no Last Salesforce Sync Time."""
        probe.org.absent_properties = frozenset({"salesforcelastsynctime"})
        await probe.until(probe.clock.time() + 16 * MINUTE)
        assert probe.rounds() == (1, 0, 0)
        assert probe.of().latency_sum == pytest.approx(15 * MINUTE, abs=1.0)
        assert probe.queries == 2

    async def test_a_text_field_shows_it_as_well(self, probe: Probe) -> None:
        """As epoch milliseconds."""
        probe.org.records.in_salesforce.oddities.text_fields = frozenset({"HubSpot_Canary__c"})
        await probe.until(probe.clock.time() + 20 * MINUTE)
        assert probe.rounds() == (1, 0, 0)

    async def test_more_than_four_queries_are_never_asked(self, probe: Probe) -> None:
        """However often HubSpot says that it synced the record: it may be the other direction, or another property."""
        probe.org.records.in_salesforce.oddities.lost_syncs = frozenset({"101"})
        record = probe.org.records.by_id["101"]
        end = probe.clock.time() + HOUR
        while probe.due_at < end:
            probe.clock.advance(max(0.0, probe.due_at - probe.clock.time()))
            record.mark_synced(probe.clock.time())
            await probe.poll()
        assert probe.queries <= 4


class TestHowItEnds:
    async def test_late_when_the_deadline_passes(self, probe: Probe) -> None:
        """It counts as longer than any bound, and the next round begins at once, an hour being two intervals."""
        probe.org.silent = True
        began = probe.clock.time()
        await probe.until(began + 61 * MINUTE)
        assert probe.rounds() == (0, 1, 0)
        assert probe.of().success is False
        assert [count for bound, count in probe.of().latencies][-2:] == [0, 1]
        assert probe.shown.under_way_since is not None
        assert probe.writes == 2

    async def test_green_again_when_records_sync_again(self, probe: Probe) -> None:
        """The round that began while it stood ends well if it still arrives in time."""
        probe.org.silent = True
        began = probe.clock.time()
        await probe.until(began + 90 * MINUTE)
        probe.org.silent = False
        await probe.until(began + 110 * MINUTE)
        assert probe.rounds() == (1, 1, 0)
        assert probe.of().success is True

    async def test_a_suspended_integration_makes_it_late(self, probe: Probe) -> None:
        """That is what availability means."""
        probe.org.suspend("unknown_error", cause_holds=True)
        await probe.until(probe.clock.time() + 130 * MINUTE)
        assert probe.rounds() == (0, 2, 0)

    async def test_a_lost_sync_is_late_and_the_other_direction_is_tried_all_the_same(self, make: MakeProbe) -> None:
        """Each direction says of itself how it went."""
        probe = make(replace(CANARY, back=BACK))
        probe.org.lose_syncs(["101"])
        began = probe.clock.time()
        await probe.until(began + 70 * MINUTE)
        probe.org.lose_syncs([])
        await probe.until(began + 90 * MINUTE)
        assert (probe.rounds(), probe.rounds("to_hubspot")) == ((0, 1, 0), (1, 0, 0))

    async def test_failed_where_salesforce_cannot_be_asked(self, probe: Probe) -> None:
        """Nobody knows whether it arrived: nothing is said of the sync, and four queries are the end."""
        began = probe.clock.time()
        await probe.until(began + MINUTE, sync_every=None)
        probe.org.faults.put(Fault("salesforce", "server_error", None))
        await probe.until(began + 3 * HOUR)
        synced, late, failed = probe.rounds()
        assert (synced, late) == (0, 0)
        assert failed >= 1
        assert probe.of().success is None
        assert probe.queries <= 4 * probe.writes

    async def test_late_stands_while_salesforce_cannot_be_asked_any_more(self, probe: Probe) -> None:
        """An org that is out of API calls in the middle of an outage ends none."""
        probe.org.silent = True
        began = probe.clock.time()
        await probe.until(began + 70 * MINUTE)
        probe.org.faults.put(Fault("salesforce", "server_error", None))
        await probe.until(began + 5 * HOUR)
        assert (probe.rounds()[1], probe.rounds()[2] > 0, probe.of().success) == (1, True, False)

    async def test_failed_where_hubspot_does_not_take_the_write(self, probe: Probe) -> None:
        """Refused for good: at once, and again an interval later."""
        probe.org.refused_writes = frozenset({"101"})
        await probe.poll()
        assert probe.rounds() == (0, 0, 1)
        assert "HubSpot refuses the write of canary.property salesforce_canary" in str(probe.failure)

    @pytest.mark.parametrize(("api", "code"), [("hubspot", "HUBSPOT_HTTP_503"), ("salesforce", "HTTP_503")])
    async def test_whose_failure_it_was_is_told(self, probe: Probe, api: str, code: str) -> None:
        """What Salesforce answers is evidence of the org's state; what HubSpot answers is none."""
        probe.org.faults.put(Fault(api, "unavailable_html", None))
        await probe.poll()
        assert probe.failure is not None
        assert probe.failure.code == code

    async def test_a_hiccup_is_no_failed_round(self, probe: Probe) -> None:
        """What passes within ten minutes delays a round and ends none."""
        probe.org.faults.put(Fault("hubspot", "server_error", 6))
        began = probe.clock.time()
        await probe.until(began + 3 * MINUTE)
        probe.org.faults.clear()
        await probe.until(began + 20 * MINUTE)
        assert probe.rounds() == (1, 0, 0)


class TestWhatIsNotWatched:
    async def test_who_comes_back_after_hours_judges_by_what_the_record_says(self, probe: Probe) -> None:
        """It arrived in time, though nobody looked."""
        began = probe.clock.time()
        await probe.poll()
        probe.clock.advance(10 * MINUTE)
        probe.org.tick()
        probe.clock.advance(5 * HOUR)
        await probe.poll()
        assert probe.rounds() == (1, 0, 0)
        assert probe.of().latency_sum == pytest.approx(10 * MINUTE, abs=1.0)
        assert probe.clock.time() - began > 5 * HOUR

    async def test_what_arrived_after_the_deadline_is_late_however_late_it_is_seen(self, probe: Probe) -> None:
        """By the same account."""
        await probe.poll()
        probe.clock.advance(2 * HOUR)
        probe.org.tick()
        probe.clock.advance(5 * HOUR)
        await probe.poll()
        assert probe.rounds() == (0, 1, 0)

    async def test_a_write_whose_answer_was_lost_is_adopted(self, probe: Probe) -> None:
        """It stands on the record, so it is not written a second time."""
        probe.wire.deaf_to = "/batch/update"
        await probe.poll()
        assert probe.failure is not None
        probe.wire.deaf_to = ""
        await probe.until(probe.clock.time() + 20 * MINUTE)
        assert probe.rounds() == (1, 0, 0)
        assert probe.writes == 1

    async def test_a_process_killed_before_it_could_store_is_followed_by_one_that_adopts(self, probe: Probe) -> None:
        """Another replica polls with the payload of before."""
        before = probe.payload
        await probe.poll()
        probe.payload = before
        probe.clock.advance(MINUTE)
        await probe.poll()
        assert probe.writes == 1
        await probe.until(probe.clock.time() + 20 * MINUTE)
        assert probe.rounds() == (1, 0, 0)

    async def test_a_salesforce_write_whose_answer_was_lost_may_have_arrived(self, make: MakeProbe) -> None:
        """HubSpot shows it, so it is not written a second time."""
        probe = make(replace(CANARY, back=BACK))
        probe.wire.deaf_to = "PATCH"
        await probe.until(probe.clock.time() + 16 * MINUTE)
        assert probe.failure is not None
        probe.org.tick()
        await probe.until(probe.clock.time() + 5 * MINUTE)
        assert probe.rounds("to_hubspot") == (1, 0, 0)
        assert probe.wire.count("PATCH") <= 3

    async def test_a_clock_that_was_set_back_ends_the_round(self, probe: Probe) -> None:
        """How long it took nobody can say; the next round is one like any other."""
        await probe.poll()
        probe.clock.advance(-2 * HOUR)
        await probe.poll()
        assert probe.rounds() == (0, 0, 1)


class TestTheRecord:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"hubspot_id": "999"}, "HubSpot has no contacts 999, or it is archived: .* canary.hubspot_id"),
            ({"salesforce_id": "003000000000999SIM"}, "synced with another Salesforce record .* canary.salesforce_id"),
            ({"property": "no_such"}, "the property no_such of contacts does not exist: .* canary.property"),
            ({"property": "amount_of"}, "does not exist"),
            ({"property": "firstname"}, "the property firstname of contacts is HubSpot's own"),
            ({"field": "No_Such__c"}, "no column No_Such__c: Contact has no such field, .* check canary.field"),
            (
                {"back": CanaryBack("No_Such__c", "salesforce_canary_back")},
                "no column No_Such__c: Contact has no such field, .* check canary.back.field",
            ),
            ({"back": CanaryBack("HubSpot_Canary_Back__c", "gone")}, "the property gone .* canary.back.property"),
        ],
    )
    async def test_nothing_is_written_unless_it_is_the_configured_one(
        self, make: MakeProbe, changed: dict[str, Any], said: str
    ) -> None:
        """The failure names the key and what to do; it counts as a round that failed."""
        probe = make(replace(CANARY, **changed))
        await probe.poll()
        assert probe.failure is not None
        assert (probe.failure.kind, probe.rounds()) == ("invalid", (0, 0, 1))
        with pytest.raises(UpstreamError, match=said):
            raise probe.failure
        assert (probe.writes, probe.wire.count("PATCH")) == (0, 0)

    async def test_one_that_was_merged_is_not_written_to(self, probe: Probe) -> None:
        """HubSpot answers with another record's id."""
        probe.org.records.in_salesforce.oddities.merged = {"101": "102"}
        await probe.poll()
        assert "was merged into 102" in str(probe.failure)
        assert probe.writes == 0

    async def test_one_that_is_archived_is_not_written_to(self, probe: Probe) -> None:
        """Also in a later round, for it is looked at before every write."""
        await probe.until(probe.clock.time() + 20 * MINUTE)
        probe.org.records.in_salesforce.oddities.archived = frozenset({"101"})
        await probe.until(probe.clock.time() + 31 * MINUTE)
        assert "HubSpot has no contacts 101" in str(probe.failure)
        assert probe.writes == 1

    async def test_one_that_does_not_sync_is_not_written_to(self, probe: Probe) -> None:
        """It has no Salesforce id yet."""
        probe.org.records.by_id["101"].salesforce_id = None
        await probe.poll()
        assert "is not synced with Salesforce" in str(probe.failure)
        assert probe.writes == 0

    async def test_a_field_that_holds_days_tells_no_rounds_apart(self, probe: Probe) -> None:
        """It says so at the look, when it first holds one."""
        probe.org.records.in_salesforce.oddities.date_fields = frozenset({"HubSpot_Canary__c"})
        await probe.until(probe.clock.time() + 16 * MINUTE)
        assert "holds a day and no time" in str(probe.failure)

    async def test_an_id_of_15_characters_is_the_same_record(self, make: MakeProbe) -> None:
        """Salesforce shows it in its address bar; HubSpot keeps 18."""
        probe = make(replace(CANARY, salesforce_id=CANARY.salesforce_id[:15]))
        await probe.poll()
        assert "Salesforce shows no" in str(probe.failure)  # the simulated org knows 18 alone, and the link fits

    async def test_another_configured_record_begins_anew(self, probe: Probe, make: MakeProbe) -> None:
        """The round under way is nothing any more; what the rounds have shown stays."""
        await probe.until(probe.clock.time() + 20 * MINUTE)
        other = make(replace(CANARY, hubspot_id="102", salesforce_id="003000000000102SIM"))
        other.payload = probe.payload
        await other.poll()
        assert other.rounds() == (1, 0, 0)
        assert other.writes == 1

    async def test_another_deadline_begins_the_latencies_anew(self, probe: Probe, make: MakeProbe) -> None:
        """A histogram whose bounds change is another one; the counts of rounds go on."""
        await probe.until(probe.clock.time() + 20 * MINUTE)
        other = make(replace(CANARY, deadline=1500.0))
        other.payload = probe.payload
        await other.poll()
        assert other.rounds() == (1, 0, 0)
        assert other.of().latencies[-1][1] == 0
        assert 1500.0 in [bound for bound, _count in other.of().latencies]


def test_it_applies_where_it_is_configured(integration: Integration) -> None:
    """It writes, so nobody gets it unasked."""
    assert applies(integration)
    assert not applies(replace(integration, canary=None))
