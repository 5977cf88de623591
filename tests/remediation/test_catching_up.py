"""Catch-up: what changed while nothing was synced is resynced once that is over, without a bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.catalog.catalog import NEVER_SYNCED, STALE, UNSYNCED
from exporter.clients.connection import connect
from exporter.clock import format_timestamp
from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.config.settings import Config, Mailbox
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.state.records import Record
from exporter.demo.simulator.world import World
from exporter.errors import OrderRefused
from exporter.model import Failure, LastSuspension, MailboxNews, Suspension
from exporter.remediation.actions import ways_of
from exporter.remediation.catching_up import LONGEST, ROUND, SETTLING, began_before, catches_up, lasted_since, looks_at
from exporter.remediation.orders import Request
from exporter.state.reading import Reading
from exporter.store.job import Job
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN
from tests.remediation.at_work import records
from tests.remediation.bench import Bench
from tests.remediation.idle_time import open_watched, pass_when_idle
from tests.remediation.payloads import alert

PROPERTY = "salesforce_resync_requested_at"
LOCKED = "HubSpotSalesforceOrgLocked"
GRACE = 1800.0
QUARTER = 900.0


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path) -> Config:
    """One integration without a bridge: a token of HubSpot's, and a property to touch."""
    acme = config_data["integrations"][0]
    del config_data["integrations"][1], acme["salesforce"]
    url = acme.pop("sync_health")["url"].replace("bridge", "hubspot")
    acme["hubspot"] = {"url": url, "token_file": "hubspot-token"}
    acme["remediation"] = {"touch": {"property": PROPERTY}}
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    return load_config(write_config(config_data))


@pytest.fixture
def world(clock: ManualClock) -> World:
    """Records that were synced a day ago, and nothing that happens by itself."""
    made = World(("acme",), clock.time, Settings(records=60, records_per_second=0, search_lag=60, sync_written_late=13))
    clock.advance(86_400)
    return made


@pytest.fixture
def acme(world: World) -> Org:
    return world.orgs["acme"]


@asynccontextmanager
async def opened(config: Config, clock: ManualClock, world: World) -> AsyncIterator[Bench]:
    transport = httpx.ASGITransport(build_app(world, sync_interval=None))
    async with open_watched(config, clock, transport, make_ways=ways_of) as bench:
        await bench.poll()
        yield bench


@pytest.fixture
async def bench(config: Config, clock: ManualClock, world: World) -> AsyncIterator[Bench]:
    async with opened(config, clock, world) as made:
        yield made


async def work(bench: Bench) -> None:
    await pass_when_idle(bench.work(), bench.clock, bench.jobs, bench.batches)


def changed(acme: Org, clock: ManualClock, count: int, object_type: str = "contacts") -> list[Record]:
    """So many records change, one a minute: the last of the list first, as ids say nothing of the order."""
    chosen = list(reversed(acme.records.by_type[object_type][:count]))
    for record in chosen:
        clock.advance(60)
        acme.records.change(record, clock.time())
    return chosen


async def suspended(bench: Bench, acme: Org, lost: int) -> tuple[str, list[Record]]:
    """A suspension of some hours that has just ended: when it began, and what changed while it lasted. HubSpot syncs
    what waits in its next round, but for so many that it has ``lost``."""
    clock = bench.clock
    began = str(format_timestamp(clock.time()))
    acme.suspend("salesforce_org_locked")
    clock.advance(QUARTER)
    waiting = [*changed(acme, clock, 8), *changed(acme, clock, 4, "deals")]
    clock.advance(QUARTER)
    acme.lose_changes(lost)
    acme.clear_suspension()
    return began, waiting


class TestAfterASuspension:
    async def test_what_hubspot_has_not_synced_by_itself_is_touched(self, bench: Bench, acme: Org) -> None:
        """It has two rounds first; of what it leaves the oldest change is touched first, and all of it is cured."""
        before = changed(acme, bench.clock, 20, "companies")[0]
        acme.records.lose(100)
        bench.clock.advance(4 * QUARTER)
        began, waiting = await suspended(bench, acme, lost=5)
        await bench.notify(alert(LOCKED, starts_at=began))
        await work(bench)
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"], acme.touches.requests) == ("queued", SETTLING, 0)
        assert await bench.refusals() == []
        for _round in range(2):
            bench.clock.advance(QUARTER)
            acme.tick()
        await work(bench)
        (job,) = await bench.listed()
        assert (job["state"], job["action"], job["records"]) == ("done", "touch", records(succeeded=5))
        assert set(acme.touches.records) == {record.hubspot_id for record in waiting[:5]}
        assert before.hubspot_id not in acme.touches.records  # it waited before the suspension, for another reason
        bench.clock.advance(1)
        acme.tick()
        await bench.later(bench.verify_after)
        await pass_when_idle(bench.crew.prover.look(), bench.clock, bench.jobs, bench.batches)
        assert bench.sample("resync_verified_records_total", action="touch", outcome="cured") == 5

    async def test_where_hubspot_syncs_all_of_it_nothing_is_touched(self, bench: Bench, acme: Org) -> None:
        """As it should."""
        began, _waiting = await suspended(bench, acme, lost=0)
        await bench.notify(alert(LOCKED, starts_at=began))
        bench.clock.advance(GRACE)
        acme.tick()
        bench.clock.advance(120)
        await work(bench)
        (job,) = await bench.listed()
        assert (job["state"], job["message"], acme.touches.requests) == ("done", "nothing to resync", 0)

    async def test_the_oldest_change_goes_first(self, bench: Bench, acme: Org) -> None:
        """Whatever its id: the newest are what a budget leaves out."""
        began, waiting = await suspended(bench, acme, lost=100)
        await bench.notify(alert(LOCKED, starts_at=began))
        bench.clock.advance(GRACE)
        await work(bench)
        assert list(acme.touches.records) == [record.hubspot_id for record in waiting]

    async def test_a_record_that_no_sync_has_followed_is_unchanged(self, bench: Bench, acme: Org) -> None:
        """Cured is only what was synced since: the property may not be mapped."""
        began, _waiting = await suspended(bench, acme, lost=100)
        await bench.notify(alert(LOCKED, starts_at=began))
        bench.clock.advance(GRACE)
        await work(bench)
        await bench.later(bench.verify_after)
        await pass_when_idle(bench.crew.prover.look(), bench.clock, bench.jobs, bench.batches)
        seen = [
            bench.sample("resync_verified_records_total", action="touch", outcome=outcome)
            for outcome in ("cured", "unchanged", "came_back")
        ]
        assert seen == [0, 12, 0]

    async def test_the_guards_hold(self, config: Config, clock: ManualClock, world: World, acme: Org) -> None:
        """More records than may be touched unasked wait for a human."""
        few = replace(config.integrations[0].remediation.guards, max_records=11)
        own = replace(config.integrations[0].remediation, guards=few)
        config = replace(config, integrations=(replace(config.integrations[0], remediation=own),))
        async with opened(config, clock, world) as bench:
            began, _waiting = await suspended(bench, acme, lost=100)
            await bench.notify(alert(LOCKED, starts_at=began))
            bench.clock.advance(GRACE)
            await work(bench)
            (job,) = await bench.listed()
            assert (job["state"], job["refused_for"], acme.touches.requests) == ("queued", "needs_approval", 0)
            await bench.crew.orders.approve(job["id"])
            await work(bench)
            assert (await bench.listed())[0]["records"] == records(succeeded=12)

    async def test_a_suspension_that_begins_again_lets_it_settle_again(self, bench: Bench, acme: Org) -> None:
        """What was reported meanwhile is no end, and the time of grace begins with the real one."""
        began, _waiting = await suspended(bench, acme, lost=100)
        await bench.notify(alert(LOCKED, starts_at=began))
        await work(bench)
        await report(bench, suspended=True)
        bench.clock.advance(GRACE)
        await work(bench)
        assert (await bench.listed())[0]["refused_for"] == "suspended"
        await report(bench, suspended=False)
        bench.clock.advance(QUARTER)
        await work(bench)
        assert (await bench.listed())[0]["refused_for"] == SETTLING
        bench.clock.advance(GRACE)
        await work(bench)
        assert (await bench.listed())[0]["records"] == records(succeeded=12)


async def report(bench: Bench, *, suspended: bool) -> None:
    """Somebody tells the exporter of a suspension, or of its end."""
    http = httpx.AsyncClient(transport=httpx.ASGITransport(bench.app), base_url="http://exporter")
    body = {"integration": "acme", "suspended": suspended}
    answer = await http.post("/api/v1/suspensions", json=body, headers={"Authorization": f"Bearer {WEBHOOK_TOKEN}"})
    assert answer.is_success, answer.text


def mailbox(bench: Bench, news: MailboxNews, failure: Failure | None = None) -> None:
    """What its e-mails have said by now; one that fails leaves what was read before."""
    now, before = bench.clock.time(), bench.snapshots["acme"].read_at("mailbox")
    at = now if failure is None else before
    bench.snapshots.put("acme", Reading("mailbox", 60.0, now, failure, news, succeeded_at=at))


def with_mailbox(config: Config) -> Config:
    """The same, with a mailbox that a test reads itself."""
    told = Mailbox("127.0.0.1", 1, "off", "me", Secret(env="SECRET"), False, "INBOX", None, "1", None)
    return replace(config, integrations=(replace(config.integrations[0], mailbox=told),))


async def stops(bench: Bench, acme: Org) -> None:
    """Records wait at several moments and none syncs."""
    await pass_when_idle(bench.poll("hubspot_heartbeat"), bench.clock, bench.jobs, bench.batches)
    for number in range(8):
        for object_type in ("contacts", "deals"):
            acme.records.change(acme.records.by_type[object_type][number], bench.clock.time())
        bench.clock.advance(600)
        await pass_when_idle(bench.poll("hubspot_heartbeat"), bench.clock, bench.jobs, bench.batches)


async def test_a_mailbox_that_has_said_nothing_is_nobody_who_tells(
    config: Config, clock: ManualClock, world: World, acme: Org
) -> None:
    """Whoever did not ask HubSpot for e-mails on suspensions gets none: a cause of one keeps jobs waiting."""
    async with opened(with_mailbox(config), clock, world) as bench:
        await stops(bench, acme)
        mailbox(bench, MailboxNews(None, None))
        await bench.crew.orders.place(Request("acme", frozenset({(UNSYNCED, STALE)})))
        await work(bench)
        (job,) = await bench.listed()
        assert (job["refused_for"], acme.touches.requests) == ("waiting_for_cause", 0)


class TestSinceWhen:
    async def test_a_suspension_that_began_before_its_alert(self, bench: Bench, acme: Org) -> None:
        """The exporter was away when it began, and was told of it later."""
        began = bench.clock.time()
        _began, waiting = await suspended(bench, acme, lost=100)
        bench.snapshots.report("acme", Suspension(True, "salesforce_org_locked", began), bench.clock.time())
        late = str(format_timestamp(bench.clock.time()))
        bench.clock.advance(60)
        await report(bench, suspended=False)
        await bench.notify(alert(LOCKED, starts_at=late))
        bench.clock.advance(GRACE)
        await work(bench)
        assert list(acme.touches.records) == [record.hubspot_id for record in waiting]

    async def test_a_mailbox_away_for_hours_in_a_long_suspension(
        self, config: Config, clock: ManualClock, world: World, acme: Org
    ) -> None:
        """The alert resolves and fires anew. No job ends because the suspension lasts for longer than a day, and
        nothing that changed while it lasted is left."""
        async with opened(with_mailbox(config), clock, world) as bench:
            began = clock.time()
            locked = MailboxNews(Suspension(True, "salesforce_org_locked", began), began)
            mailbox(bench, locked)
            early = changed(acme, clock, 8)
            mailbox(bench, locked)
            clock.advance(600)
            mailbox(bench, locked, Failure("timeout", None, "silent"))
            await bench.notify(alert(LOCKED, starts_at=str(format_timestamp(began))))
            clock.advance(7200)
            anew = str(format_timestamp(clock.time()))
            for _quarter_of_a_day in range(6):
                mailbox(bench, locked)
                await work(bench)
                clock.advance(21_600)
            late = changed(acme, clock, 3, "deals")
            acme.lose_changes(100)
            mailbox(bench, MailboxNews(Suspension(False, None, None), clock.time()))
            await bench.notify(alert(LOCKED, starts_at=anew))
            for _moment in range(2):
                await work(bench)
                clock.advance(GRACE)
                mailbox(bench, MailboxNews(Suspension(False, None, None), clock.time() - GRACE))
            await work(bench)
            second, first = await bench.listed()
            assert (first["state"], first["records"]) == ("done", records(succeeded=11))
            assert second["state"] == "done"
            assert set(acme.touches.records) == {record.hubspot_id for record in (*early, *late)}


@pytest.mark.parametrize("filtered", ["contacts", None])
async def test_what_was_created_is_resynced_where_filters_say_what_syncs(
    config: Config, clock: ManualClock, world: World, acme: Org, filtered: str | None
) -> None:
    """Of other objects nobody knows which of the new records are to reach Salesforce."""
    integration = config.integrations[0]
    assert integration.hubspot is not None
    everything = ({"propertyName": "createdate", "operator": "HAS_PROPERTY"},)
    filters = {filtered: everything} if filtered else {}
    unsynced = replace(integration.hubspot.unsynced, filters=filters)
    integration = replace(integration, hubspot=replace(integration.hubspot, unsynced=unsynced))
    async with opened(replace(config, integrations=(integration,)), clock, world) as bench:
        began = str(format_timestamp(clock.time()))
        acme.suspend("salesforce_org_locked")
        created = acme.add_records("contacts", 4)
        acme.add_records("deals", 2)
        clock.advance(QUARTER)
        acme.lose_changes(100)
        acme.clear_suspension()
        await bench.notify(alert(LOCKED, starts_at=began))
        clock.advance(GRACE + 60)
        await work(bench)
        assert set(acme.touches.records) == (set(created) if filtered else set())


async def test_where_nobody_tells_of_suspensions_their_causes_keep_a_job_waiting(bench: Bench, acme: Org) -> None:
    """Records wait at several moments and none syncs: HubSpot may have suspended it. Once they sync the job goes on."""
    await stops(bench, acme)
    await bench.crew.orders.place(Request("acme", frozenset({(UNSYNCED, STALE)})))
    await work(bench)
    (job,) = await bench.listed()
    assert (job["state"], job["refused_for"], acme.touches.requests) == ("queued", "waiting_for_cause", 0)
    assert "nobody tells whether HubSpot has suspended it" in job["message"]
    acme.tick()
    bench.clock.advance(90)
    await pass_when_idle(bench.poll("hubspot_heartbeat"), bench.clock, bench.jobs, bench.batches)
    await work(bench)
    assert (await bench.listed())[0]["state"] == "done"


class TestOrders:
    async def test_what_waits_is_resynced_by_order(self, bench: Bench, acme: Org) -> None:
        """Of the configured window, at once; those that were never synced only where they are named."""
        bench.clock.advance(86_400)
        changed(acme, bench.clock, 3)
        acme.records.lose(100)
        acme.add_records("contacts", 2, in_segment=False)
        bench.clock.advance(GRACE)
        for errors, count in (({(UNSYNCED, STALE)}, 3), ({(UNSYNCED, STALE), (UNSYNCED, NEVER_SYNCED)}, 5)):
            request = Request("acme", frozenset(errors))
            preview = await pass_when_idle(bench.crew.orders.preview(request), bench.clock, bench.jobs, bench.batches)
            assert (preview.action, len(preview.plan.errors)) == ("touch", count)
        await bench.crew.orders.place(Request("acme", frozenset({(UNSYNCED, STALE)})))
        await work(bench)
        assert (await bench.listed())[0]["records"] == records(succeeded=3)

    async def test_where_none_waits_the_words_are_about_records(self, bench: Bench) -> None:
        """Nobody calls them errors."""
        await bench.crew.orders.place(Request("acme", frozenset({(UNSYNCED, STALE)})))
        await work(bench)
        (refusal,) = (await bench.history.listing(None, 10))["refusals"]
        assert (refusal["reason"], refusal["detail"]) == ("no_records", "no such record waits any more")

    async def test_of_these_only_the_selected(self, bench: Bench, acme: Org) -> None:
        """By the id of a record."""
        bench.clock.advance(86_400)
        one, *_others = changed(acme, bench.clock, 3)
        acme.records.lose(100)
        bench.clock.advance(GRACE)
        wanted = Request("acme", frozenset({(UNSYNCED, STALE)}), frozenset({f"contacts/{one.hubspot_id}"}))
        await bench.crew.orders.place(wanted)
        await work(bench)
        assert set(acme.touches.records) == {one.hubspot_id}

    async def test_an_object_that_cannot_be_searched_costs_its_own_records(self, bench: Bench, acme: Org) -> None:
        """The others are touched."""
        bench.clock.advance(86_400)
        changed(acme, bench.clock, 3)
        changed(acme, bench.clock, 2, "deals")
        acme.records.lose(100)
        acme.absent_properties = frozenset({"hs_salesforceopportunityid"})
        acme.objects_out_of_scope = frozenset({"companies"})
        bench.clock.advance(GRACE)
        await bench.crew.orders.place(Request("acme", frozenset({(UNSYNCED, STALE), (UNSYNCED, NEVER_SYNCED)})))
        await work(bench)
        assert (await bench.listed())[0]["records"]["succeeded"] == 3

    async def test_an_action_that_finds_none_is_not_asked(
        self,
        config_data: dict[str, Any],
        write_config: Callable[[dict[str, Any]], Path],
        clock: ManualClock,
        world: World,
    ) -> None:
        """A bridge lists errors; who names records without one is told what it takes."""
        del config_data["integrations"][1]
        async with opened(load_config(write_config(config_data)), clock, world) as bench:
            with pytest.raises(OrderRefused, match="unsynced takes the action touch"):
                await bench.crew.orders.place(Request("acme", frozenset({(UNSYNCED, STALE)})))


async def test_what_waits_comes_before_what_has_an_error_and_no_record_comes_twice(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    tmp_path: Path,
    clock: ManualClock,
    world: World,
    acme: Org,
) -> None:
    """The oldest change first; an error whose record waits is touched with it, and one whose record does not, after."""
    entry = config_data["integrations"][0]
    url = entry["sync_health"]["url"].replace("bridge", "hubspot")
    entry |= {"hubspot": {"url": url, "token_file": "hubspot-token"}, "remediation": {"touch": {"property": PROPERTY}}}
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    integration = load_config(write_config(config_data)).integrations[0]
    http = httpx.AsyncClient(transport=httpx.ASGITransport(build_app(world, sync_interval=None)))
    touch = ways_of(connect(integration, http, clock, lambda _name, _api: None)).by_name["touch"]
    acme.add_errors("other", "unknown", 1)
    before = acme.records.by_type["contacts"][-1]
    clock.advance(4 * 3600)
    began = clock.time() - 600
    waiting = changed(acme, clock, 3)
    acme.add_errors("other", "unknown", 1)
    both = acme.records.by_type["contacts"][-1]
    clock.advance(3600)
    pairs = {("other", "unknown"), (UNSYNCED, STALE)}
    found = await clock.pass_during(touch.find(pairs, (), began))
    ids = [record.hubspot_id for record in (*waiting, both, before)]
    assert [error.id for error in found] == [f"contacts/{name}" for name in ids]
    assert [error.category for error in found] == [UNSYNCED] * 4 + ["other"]


JOB = Job(
    id=1,
    integration="acme",
    alert=LOCKED,
    action="touch",
    errors=frozenset({("other", "unknown"), (UNSYNCED, STALE)}),
    cooldown=3600.0,
    max_attempts=5,
    listed=False,
    failures=0,
    refused_for="",
    created_at=1_800_000_000.0,
    status="resolved",
    starts_at="2027-01-15T07:00:00Z",
)
BEGAN = JOB.created_at - 3600


class TestWhatAJobLooksAt:
    def test_it_goes_back_to_the_round_before_the_alert(self) -> None:
        """What had changed since that waits as well, and an alert begins some minutes after what it tells of."""
        assert lasted_since(JOB) == JOB.created_at - 3600 - ROUND

    def test_it_goes_back_to_the_suspension_that_began_before_its_alert(self) -> None:
        """As far as somebody has told of one, whenever the alert came."""
        assert lasted_since(replace(JOB, since=JOB.created_at - 7200)) == JOB.created_at - 7200 - ROUND
        assert lasted_since(replace(JOB, since=JOB.created_at)) == JOB.created_at - 3600 - ROUND

    @pytest.mark.parametrize(
        ("last", "since"),
        [
            (None, None),
            (LastSuspension(BEGAN - 7200), BEGAN - 7200),
            (LastSuspension(BEGAN - 7200, BEGAN + 60), BEGAN - 7200),
            (LastSuspension(BEGAN - 7200, BEGAN - 3600), None),
        ],
    )
    def test_the_suspension_is_the_one_that_its_alert_was_about(
        self, last: LastSuspension | None, since: float | None
    ) -> None:
        """One that was over before is another; where nobody tells of any the alert counts alone."""
        assert began_before(JOB.starts_at, last) == since

    @pytest.mark.parametrize("starts_at", ["1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])
    def test_it_does_not_go_back_for_ever(self, starts_at: str) -> None:
        """Whatever its alert says."""
        assert lasted_since(replace(JOB, starts_at=starts_at)) == JOB.created_at - LONGEST

    @pytest.mark.parametrize(
        "job",
        [
            replace(JOB, status="firing"),
            replace(JOB, status="requested", starts_at=""),
            replace(JOB, errors=frozenset({("other", "unknown")})),
        ],
    )
    def test_others_neither_wait_nor_go_by_their_alert(self, job: Job) -> None:
        """An order is of now, and errors are listed as they are."""
        assert (catches_up(job), lasted_since(job), looks_at(job, GRACE, 5.0)) == (False, None, 5.0)

    @pytest.mark.parametrize("starts_at", ["", "yesterday"])
    def test_an_alert_that_says_nothing_leaves_the_configured_window(self, starts_at: str) -> None:
        """Nothing is made up."""
        assert lasted_since(replace(JOB, starts_at=starts_at)) is None

    @pytest.mark.parametrize(
        ("refused_for", "at"),
        [
            ("", JOB.created_at + GRACE),
            ("api_budget", JOB.created_at + GRACE),
            ("suspended", JOB.created_at + 9 + GRACE),
        ],
    )
    def test_it_leaves_hubspot_its_time_once_it_is_over(self, refused_for: str, at: float) -> None:
        """Counted from the end as it is known; then it goes on."""
        now = JOB.created_at + 9
        assert looks_at(replace(JOB, refused_for=refused_for), GRACE, now) == at
        assert looks_at(replace(JOB, refused_for=SETTLING), GRACE, now) == now
