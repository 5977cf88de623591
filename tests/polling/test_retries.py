"""One hiccup at a source that is read every hour or six: it is read again within minutes, and nobody is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.salesforce.pause import LONGEST_PAUSE
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import Again
from exporter.polling.target import Target
from exporter.service import Service, open_service
from exporter.state.conditions import conditions_of
from tests.clocks import ManualClock

HOUR, DAY = 3_600.0, 86_400.0
SLOW = ("salesforce_access", "salesforce_usage_log")
ATTENTION_AFTER = 15 * 60.0
"""Seconds for which a source must fail before SourceFailing speaks."""


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to the simulator; the next data requests may time out."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.timeouts = 0
        self.data_requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "/services/data/" in request.url.path:
            self.data_requests += 1
            if self.timeouts:
                self.timeouts -= 1
                raise httpx.ReadTimeout("slow", request=request)
        return await self._inner.handle_async_request(request)


class Life:
    """A service that polls whatever is due, when it is due."""

    def __init__(self, service: Service, clock: ManualClock, wire: Wire, org: Org) -> None:
        self.service = service
        self.clock = clock
        self.wire = wire
        self.org = org

    def target(self, source: str) -> Target:
        return next(target for target in self.service.poller.targets if target.source.name == source)

    def due_in(self, source: str) -> float:
        return self.service.poller.due_at(self.target(source)) - self.clock.time()

    async def poll(self, source: str) -> None:
        assert await self.service.poller.poll(self.target(source))

    async def until_up(self, source: str) -> float:
        """Polls the source whenever it is due; how many seconds it took to be read again."""
        began = self.clock.time()
        while not self.up(source):
            self.clock.advance(max(0.0, self.due_in(source)))
            await self.poll(source)
        return self.clock.time() - began

    async def polls_within(self, source: str, seconds: float) -> int:
        """How often the source is polled in that time."""
        end, polls = self.clock.time() + seconds, 0
        while self.clock.time() + self.due_in(source) < end:
            self.clock.advance(max(0.0, self.due_in(source)))
            await self.poll(source)
            polls += 1
        self.clock.advance(end - self.clock.time())
        return polls

    def up(self, source: str) -> bool:
        reading = self.service.snapshots["acme"].reading(source)
        return reading is not None and reading.up

    def holding(self) -> set[str]:
        conditions = conditions_of(self.service.snapshots["acme"], self.clock.time())
        return {condition.reason for condition in conditions if condition.holds}


@pytest.fixture
def slow_config(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path) -> Config:
    """Acme with the sources that are read seldom, at their default intervals."""
    entry = config_data["integrations"][0]
    entry["salesforce"] |= {"integration_user": "hubspot@acme.example"}
    entry["hubspot"] = {"url": "http://127.0.0.1:1/acme/hubspot", "token_file": "hubspot-token"}
    (tmp_path / "hubspot-token").write_text(Settings().hubspot_token)
    return load_config(write_config(config_data | {"integrations": [entry]}))


@pytest.fixture
async def life(
    slow_config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org
) -> AsyncIterator[Life]:
    """Everything has been read once."""
    wire = Wire(transport)
    acme.use_api_calls("HubSpot", 10, seconds_ago=3 * HOUR)
    acme.tick()
    async with open_service(slow_config, clock, wire) as service:
        living = Life(service, clock, wire, acme)
        for source in SLOW:
            await living.poll(source)
            assert living.up(source)
        yield living


PASSING = ("concurrent_limit", "org_transaction_limit", "maintenance_page", "edge_without_routing", "web_page")
PASSING_AT_ONCE = ("server_error", "unavailable_html", "edge_html", "unable_to_lock_row")


@pytest.mark.parametrize("source", SLOW)
class TestOneHiccup:
    @pytest.mark.parametrize("fault", [*PASSING, "cut_json", "query_timeout"])
    async def test_a_refusal_that_passes(self, life: Life, source: str, fault: str) -> None:
        """Read again after a minute; the org's limit is not suspected, and nobody is called."""
        life.org.faults.put(Fault("salesforce", fault, count=1))
        await life.poll(source)
        assert not life.up(source)
        assert "salesforce_org_api_limit_exceeded" not in life.holding()
        assert "salesforce_server_error" not in life.holding()
        assert await life.until_up(source) <= 120 < ATTENTION_AFTER
        assert life.holding() == set()
        assert life.due_in(source) > 0.9 * life.target(source).interval

    async def test_a_timeout(self, life: Life, source: str) -> None:
        """No answer at all is one of them."""
        life.wire.timeouts = 1
        await life.poll(source)
        assert not life.up(source)
        assert await life.until_up(source) <= 120
        assert life.holding() == set()

    @pytest.mark.parametrize("fault", PASSING_AT_ONCE)
    async def test_what_passes_at_once_is_not_even_seen(self, life: Life, source: str, fault: str) -> None:
        """The client asks again itself."""
        life.org.faults.put(Fault("salesforce", fault, count=2))
        await life.poll(source)
        assert life.up(source)

    @pytest.mark.parametrize("fault", PASSING)
    async def test_a_login_that_meets_it(self, life: Life, source: str, fault: str) -> None:
        """A session that has to be renewed just then costs no hour either."""
        life.org.sessions.expire_all()
        life.org.faults.put(Fault("token", fault, count=1))
        await life.poll(source)
        assert life.up(source) or await life.until_up(source) <= 120

    async def test_a_few_in_a_row(self, life: Life, source: str) -> None:
        """Three failures cost 1, 2 and 4 minutes: less than what calls somebody."""
        life.org.faults.put(Fault("salesforce", "concurrent_limit", count=3))
        await life.poll(source)
        assert await life.until_up(source) == (1 + 2 + 4) * 60 < ATTENTION_AFTER

    async def test_when_somebody_is_called_it_has_failed_several_times(self, life: Life, source: str) -> None:
        """In fifteen minutes it was tried five times."""
        life.org.faults.put(Fault("salesforce", "concurrent_limit"))
        await life.poll(source)
        assert await life.polls_within(source, ATTENTION_AFTER + 1) == 4

    @pytest.mark.parametrize("fault", ["concurrent_limit", "cut_json", "maintenance_page", "web_page", "server_error"])
    async def test_what_fails_for_good_stays_cheap(self, life: Life, source: str, fault: str) -> None:
        """Nine further tries at most, then only when it is due; the client's own repeats are in the cap."""
        life.org.faults.put(Fault("salesforce", fault))
        interval = life.target(source).interval
        before = life.wire.data_requests
        polls = await life.polls_within(source, DAY)
        assert polls <= DAY / interval + 9
        assert life.wire.data_requests - before <= 3 * polls
        assert await life.polls_within(source, DAY) <= DAY / interval + 1

    @pytest.mark.parametrize("fault", ["api_disabled", "session_refused", "old_api_version", "moved_domain"])
    async def test_what_takes_a_person_keeps_its_interval(self, life: Life, source: str, fault: str) -> None:
        """Asking again would only be one more call, and one more failed login."""
        life.org.faults.put(Fault("salesforce", fault))
        await life.poll(source)
        assert not life.up(source)
        assert life.due_in(source) >= 0.9 * life.target(source).interval

    async def test_a_used_up_day_is_asked_about_once_an_hour(self, life: Life, source: str) -> None:
        """Of an exhausted org no source asks more; within the hour after it has calls again it is read again."""
        life.org.faults.put(Fault("salesforce", "quota"))
        await life.poll(source)
        assert "salesforce_org_api_limit_exceeded" in life.holding()
        before = life.wire.data_requests
        assert await life.polls_within(source, 12 * HOUR) <= 12
        assert life.wire.data_requests - before <= 12
        life.org.faults.clear()
        assert await life.until_up(source) <= HOUR
        assert life.holding() == set()

    async def test_a_refused_credential_keeps_its_interval(self, life: Life, source: str) -> None:
        """So is a login that needs somebody."""
        life.org.sessions.expire_all()
        life.org.faults.put(Fault("token", "user_inactive"))
        await life.poll(source)
        assert life.due_in(source) >= 0.9 * life.target(source).interval

    async def test_a_pause_that_was_asked_for_is_kept(self, life: Life, source: str) -> None:
        """Salesforce says twenty minutes: then it is asked, neither sooner nor an hour later."""
        life.org.faults.put(Fault("salesforce", "maintenance_page", count=1, retry_after=1_200))
        await life.poll(source)
        assert await life.until_up(source) == 1_200


class TestMended:
    """What was refused until somebody changed something is not blind for hours after it was changed."""

    @pytest.mark.parametrize("fault", [("token", "user_inactive"), ("salesforce", "session_refused")])
    async def test_a_login_that_works_again_brings_the_others_back(self, life: Life, fault: tuple[str, str]) -> None:
        """The first source to be let in is read every five minutes; those of an hour and six follow it at once."""
        life.org.sessions.expire_all()
        life.org.faults.put(Fault(*fault))
        for source in ("salesforce_limits", *SLOW):
            await life.poll(source)
        life.clock.advance(HOUR / 2)
        assert min(life.due_in(source) for source in SLOW) > 0.4 * HOUR
        life.org.faults.clear()
        await life.poll("salesforce_limits")
        assert life.up("salesforce_limits")
        assert [life.due_in(source) for source in SLOW] == [0, 0]

    async def test_of_an_org_short_of_calls_as_well(self, life: Life) -> None:
        """There the others wait for twice their intervals."""
        life.clock.advance(ATTENTION_AFTER)
        life.org.use_api_calls("Data loader", 95_000)
        await life.poll("salesforce_limits")
        life.org.sessions.expire_all()
        life.org.faults.put(Fault("token", "user_inactive"))
        for source in ("salesforce_limits", *SLOW):
            await life.poll(source)
        assert all(life.due_in(source) >= 1.9 * life.target(source).interval for source in SLOW)
        life.clock.advance(HOUR / 2)
        life.org.faults.clear()
        await life.poll("salesforce_limits")
        assert [life.due_in(source) for source in SLOW] == [0, 0]

    async def test_another_refusal_is_not_over(self, life: Life) -> None:
        """That the user is let in says nothing of a permission that one source lacks."""
        life.org.faults.put(Fault("salesforce", "api_disabled", count=1))
        await life.poll("salesforce_access")
        life.org.sessions.expire_all()
        life.org.faults.put(Fault("token", "user_inactive", count=1))
        await life.poll("salesforce_limits")
        life.clock.advance(LONGEST_PAUSE)
        await life.poll("salesforce_limits")
        assert life.up("salesforce_limits")
        assert life.due_in("salesforce_access") > 0.4 * HOUR


async def test_a_restart_tries_again_what_somebody_may_have_mended(
    slow_config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org
) -> None:
    """Who has corrected the configuration sees it at once, not after six hours; a pause that was asked for stays."""
    acme.faults.put(Fault("token", "user_inactive"))
    async with open_service(slow_config, clock, transport) as service:
        living = Life(service, clock, Wire(transport), acme)
        await living.poll("salesforce_usage_log")
        clock.advance(LONGEST_PAUSE)
        acme.faults.clear()
        acme.faults.put(Fault("salesforce", "maintenance_page", count=1, retry_after=1_200))
        await living.poll("salesforce_access")
    async with open_service(slow_config, clock, transport) as service:
        living = Life(service, clock, Wire(transport), acme)
        assert 0 <= living.due_in("salesforce_usage_log") <= 15
        assert living.due_in("salesforce_access") == 1_200


class TestMoved:
    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("maintenance_page", "maintenance page"),
            ("maintenance_redirect", "as during maintenance"),
            ("moved_domain", "https://acme--moved.my.salesforce.com into salesforce.url"),
            ("edge_without_routing", "edge finds no way to the org"),
            ("web_page", "proxy or portal in between"),
            ("old_api_version", "raise salesforce.api_version"),
            ("concurrent_limit", "too many concurrent requests"),
        ],
    )
    async def test_it_is_told_as_what_it_is(self, life: Life, fault: str, words: str) -> None:
        """On the status page and in the log."""
        life.org.faults.put(Fault("salesforce", fault))
        await life.poll("salesforce_access")
        reading = life.service.snapshots["acme"].reading("salesforce_access")
        assert reading is not None
        assert reading.failure is not None
        assert words in reading.failure.message

    async def test_maintenance_that_lasts_is_an_unavailable_org(self, life: Life) -> None:
        """While calls meet it; a call that works ends it."""
        life.org.faults.put(Fault("salesforce", "maintenance_page", count=1))
        await life.poll("salesforce_access")
        assert life.holding() == {"salesforce_org_unavailable"}
        await life.until_up("salesforce_access")
        assert life.holding() == set()


class TestWhatAFailedPollHasLearnt:
    @pytest.fixture
    def world(self, clock: ManualClock) -> World:
        return World(["acme", "beta"], clock.time, Settings(records_per_second=0, event_log_lag=2 * HOUR))

    async def test_it_is_kept(self, life: Life) -> None:
        """The only log file is empty: the usage log is down, and its next poll knows that nothing is to be had."""
        life.clock.advance(2 * DAY)
        life.org.use_api_calls("HubSpot", 10, seconds_ago=3 * HOUR)
        life.org.spoiled_log_file = "empty"
        downloads = life.org.requests["salesforce.log_file"]
        for _poll in range(2):
            await life.poll("salesforce_usage_log")
            assert not life.up("salesforce_usage_log")
            assert life.org.requests["salesforce.log_file"] == downloads + 1


class TestHubSpot:
    @pytest.mark.parametrize(
        ("fault", "again"),
        [("locked", Again.SOON), ("edge_html", Again.SOON), ("web_page", Again.SOON), ("daily_limit", Again.HOURLY)],
    )
    async def test_its_refusals_leave_salesforce_alone(self, life: Life, fault: str, again: Again) -> None:
        """None of them is a cause of a suspension."""
        life.org.faults.put(Fault("hubspot", fault))
        await life.clock.pass_during(life.poll("hubspot_heartbeat"))
        assert not life.up("hubspot_heartbeat")
        assert life.holding() == set()
        interval = life.target("hubspot_heartbeat").interval
        assert life.due_in("hubspot_heartbeat") <= (60 if again is Again.SOON else 1.05 * interval)

    async def test_a_migration_is_waited_for(self, life: Life) -> None:
        """An hour, as HubSpot asks, and not every two minutes."""
        life.org.faults.put(Fault("hubspot", "migrating"))
        await life.clock.pass_during(life.poll("hubspot_heartbeat"))
        assert life.due_in("hubspot_heartbeat") == pytest.approx(HOUR, abs=1)
