"""What monitoring may cost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import structlog

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.errors import BudgetExceeded, StoreError
from exporter.polling.budget import Budget, pace
from exporter.polling.target import Target
from exporter.service import Service
from exporter.state.facts import Facts
from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from tests.clocks import ManualClock
from tests.conftest import Start, client_of
from tests.pages import look

CAP = 20
DAY = 86_400.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def config(config_data: dict[str, Any], write_config: Callable[..., Any]) -> Config:
    """Both orgs with a small cap, and the instance named, so that Trust costs no call."""
    for entry in config_data["integrations"]:
        entry["salesforce"] |= {
            "max_api_calls_per_day": CAP,
            "integration_user": f"hubspot@{entry['name']}.example",
        }
        entry["salesforce"]["status"]["instance"] = "SIM1"
        entry["hubspot"] = {"connected_app": "HubSpot"}
    return load_config(write_config(config_data))


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    opened = await open_database(config.store)
    yield opened
    await opened.close()


@pytest.fixture
def budget(database: Database, clock: ManualClock) -> Budget:
    return new_budget(CallStore(database), clock)


def new_budget(store: CallStore, clock: ManualClock) -> Budget:
    budget = Budget(store, clock)
    budget.caps = {"acme": CAP, "beta": CAP}
    return budget


async def spend_all(budget: Budget, most: int = 10 * CAP) -> int:
    """How many calls go through before one is refused."""
    for number in range(most):
        try:
            await budget.spend("acme")
        except BudgetExceeded:
            return number
    return most


def target(service: Service, source: str, integration: str = "acme") -> Target:
    return next(one for one in service.poller.targets if (one.integration, one.source.name) == (integration, source))


def salesforce_calls(org: Org) -> int:
    """What counts against the org's limit, as the simulator saw it arrive."""
    return org.calls.used(org.settings.monitoring_app)


def kind_of_failure(service: Service, source: str) -> str | None:
    reading = service.snapshots["acme"].reading(source)
    assert reading is not None
    return reading.failure.kind if reading.failure else None


class TestTheCap:
    async def test_not_one_call_more(self, budget: Budget) -> None:
        """Of one integration; the other's calls are its own."""
        assert await spend_all(budget) == CAP
        await budget.spend("beta")

    async def test_concurrent_calls_do_not_pass_it(self, budget: Budget) -> None:
        """However many ask at the same moment."""
        asked = await asyncio.gather(*(budget.spend("acme") for _ in range(3 * CAP)), return_exceptions=True)
        assert [type(answer) for answer in asked].count(BudgetExceeded) == 2 * CAP

    async def test_the_window_rolls(self, budget: Budget, clock: ManualClock) -> None:
        """In no 24 hours more than the cap, and what is a day old is free again."""
        sent: list[float] = []
        for _ in range(3 * 24 * 4):
            clock.advance(900)
            with contextlib.suppress(BudgetExceeded):
                await budget.spend("acme")
                sent.append(clock.time())
        assert len(sent) >= 3 * CAP - 3
        assert all(sum(start <= moment < start + DAY for moment in sent) <= CAP for start in sent)

    async def test_a_new_process_goes_on_counting(self, budget: Budget, config: Config, clock: ManualClock) -> None:
        """The ledger is in the store."""
        for _ in range(CAP - 3):
            await budget.spend("acme")
        reopened = await open_database(config.store)
        try:
            assert await spend_all(new_budget(CallStore(reopened), clock)) == 3
        finally:
            await reopened.close()

    async def test_two_services_share_it(self, start: Start, config: Config, acme: Org, clock: ManualClock) -> None:
        """Polling by turns for half a day, they send no more calls together than one may alone."""
        async with start(config) as one, start(config) as other:
            for _ in range(CAP):
                clock.advance(600)
                for service in (one, other):
                    for each in service.poller.targets:
                        await service.poller.poll(each)
            assert salesforce_calls(acme) == CAP
        clock.advance(60)
        async with start(config) as restarted:
            await restarted.poller.poll(target(restarted, "salesforce_limits"))
            assert salesforce_calls(acme) == CAP
            assert kind_of_failure(restarted, "salesforce_limits") == "budget"


class TestWhoGivesWay:
    @pytest.mark.parametrize(
        ("spent", "refused"),
        [
            (0.79, ()),
            (0.8, ("salesforce_usage_log",)),
            (0.89, ("salesforce_usage_log",)),
            (0.9, ("salesforce_access", "salesforce_usage_log")),
            (1.0, ("salesforce_access", "salesforce_limits", "salesforce_usage_log")),
        ],
    )
    async def test_the_usage_log_first_and_limits_last(
        self, service: Service, database: Database, clock: ManualClock, spent: float, refused: tuple[str, ...]
    ) -> None:
        """The others go on; what gives way sends nothing."""
        store = CallStore(database)
        for _ in range(int(spent * CAP + 0.001)):
            await store.spend("acme", CAP, clock.time())
        sources = ("salesforce_usage_log", "salesforce_access", "salesforce_limits")
        for source in (*reversed(sources),) if spent == 1.0 else sources:
            before = await store.spent("acme", clock.time())
            # One poll must not push the next source over its share.
            if before > int(spent * CAP + 0.001):
                clock.advance(DAY + 120)
                for _ in range(int(spent * CAP + 0.001)):
                    await store.spend("acme", CAP, clock.time())
            await service.poller.poll(target(service, source))
        assert [source for source in sorted(sources) if kind_of_failure(service, source) == "budget"] == [*refused]

    async def test_a_refusal_sends_nothing_and_is_counted(
        self, service: Service, database: Database, acme: Org, clock: ManualClock
    ) -> None:
        """Nothing reaches the org, not even a login; the counter and the reading say why."""
        store = CallStore(database)
        for _ in range(CAP):
            await store.spend("acme", CAP, clock.time())
        await service.poller.poll(target(service, "salesforce_limits"))
        assert not any(name.startswith(("salesforce", "token")) for name in acme.requests)
        async with client_of(service) as http:
            page = await look(http)
        labels = {"integration": "acme", "source": "salesforce_limits"}
        assert page.value("source_errors_total", **labels, kind="budget") == 1
        assert page.value("source_up", **labels) == 0
        assert page.value("upstream_requests_total", integration="acme", api="salesforce") == 0
        assert f"{CAP} of max_api_calls_per_day {CAP} are spent" in str(service.snapshots["acme"].readings)


class TestWhatCounts:
    async def test_logins_are_counted_but_not_metered(
        self, service: Service, database: Database, acme: Org, clock: ManualClock
    ) -> None:
        """A login costs no API call."""
        await service.poller.poll(target(service, "salesforce_limits"))
        assert acme.requests["token"] == 1
        assert await CallStore(database).spent("acme", clock.time()) == salesforce_calls(acme) == 1
        async with client_of(service) as http:
            page = await look(http)
        assert page.value("upstream_requests_total", integration="acme", api="salesforce") == 2

    async def test_retries_are_metered(
        self, service: Service, database: Database, acme: Org, clock: ManualClock
    ) -> None:
        """Three attempts cost three calls, whatever the org answered."""
        acme.faults.put(Fault("salesforce", "server_error"))
        await service.poller.poll(target(service, "salesforce_limits"))
        assert await CallStore(database).spent("acme", clock.time()) == 3

    async def test_what_others_are_asked_is_free(
        self, service: Service, database: Database, clock: ManualClock
    ) -> None:
        """Trust and the bridge cost the org nothing."""
        for source in ("salesforce_status", "sync_health"):
            await service.poller.poll(target(service, source))
        assert await CallStore(database).spent("acme", clock.time()) == 0


class AwayStore(CallStore):
    """A ledger that cannot be reached while ``away``."""

    away = False

    async def spend(self, integration: str, at_most: int, now: float, owed: Any = ()) -> int:
        if self.away:
            raise StoreError("away")
        return await super().spend(integration, at_most, now, owed)

    async def spent(self, integration: str, now: float) -> int:
        if self.away:
            raise StoreError("away")
        return await super().spent(integration, now)


class TestWithoutTheStore:
    async def test_calls_go_on_within_the_cap(self, database: Database, clock: ManualClock) -> None:
        """On top of what the ledger said last."""
        store = AwayStore(database)
        budget = new_budget(store, clock)
        for _ in range(5):
            await budget.spend("acme")
        store.away = True
        await budget.check("acme", 0.9)
        assert await spend_all(budget) == CAP - 5
        with pytest.raises(BudgetExceeded):
            await budget.check("acme", 0.9)

    async def test_the_ledger_is_told_when_it_is_back(self, database: Database, clock: ManualClock) -> None:
        """What was sent meanwhile counts at its time."""
        store = AwayStore(database)
        budget = new_budget(store, clock)
        store.away = True
        for _ in range(7):
            await budget.spend("acme")
        store.away = False
        clock.advance(3600)
        await budget.spend("acme")
        assert await store.spent("acme", clock.time()) == 8
        assert await spend_all(budget) == CAP - 8
        clock.advance(DAY - 3600 + 60)
        assert await store.spent("acme", clock.time()) == CAP - 7


class TestPace:
    @pytest.mark.parametrize(
        ("used", "limit", "factor"),
        [(None, None, 1), (5, None, 1), (0, 100, 1), (90, 100, 1), (91, 100, 2), (100, 100, 2), (150, 100, 2)],
    )
    def test_half_as_often_below_a_tenth_of_headroom(self, used: int | None, limit: int | None, factor: float) -> None:
        """What is not known slows nothing down."""
        assert pace(Facts(org_calls_used=used, org_calls_limit=limit)) == factor

    async def test_only_salesforce_is_asked_less_often(self, service: Service, acme: Org, clock: ManualClock) -> None:
        """While the org is short of calls; afterwards all is as before."""
        acme.use_api_calls("Data loader", 95_000)
        await service.poller.poll(target(service, "salesforce_limits"))
        for source in ("salesforce_limits", "salesforce_access", "sync_health", "salesforce_status"):
            each = target(service, source)
            await service.poller.poll(each)
            factor = 2 if each.source.asks_salesforce else 1
            pause = service.poller.due_at(each) - clock.time()
            assert factor * each.interval <= pause <= factor * each.interval * 1.05
        other = target(service, "salesforce_limits", "beta")
        await service.poller.poll(other)
        assert service.poller.due_at(other) - clock.time() <= other.interval * 1.05
