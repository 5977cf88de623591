"""Outside APIs that answer with something broken, and what the page says of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

import httpx
import pytest

from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.faults import NAMES, Fault
from exporter.demo.simulator.login_faults import LOGIN_FAULTS
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.polling.target import Target
from exporter.service import Service
from tests.clocks import ManualClock
from tests.pages import PREFIX, Page, Series, look, scrape

PASSING = {"retry_your_request": "server", "login_rate_exceeded": "rate_limit"}
BROKEN = [
    # API that breaks, how, the kind of failure it is
    ("salesforce", "unauthorized", "auth"),
    ("salesforce", "quota", "rate_limit"),
    ("salesforce", "rate_limited", "rate_limit"),
    ("salesforce", "server_error", "server"),
    ("salesforce", "unavailable_html", "server"),
    ("salesforce", "hang", "timeout"),
    ("salesforce", "cut_json", "invalid"),
    ("salesforce", "wrong_types", "invalid"),
    ("salesforce", "api_disabled", "auth"),
    ("salesforce", "org_locked", "server"),
    ("salesforce", "unable_to_lock_row", "server"),
    ("salesforce", "storage_exceeded", "rate_limit"),
    ("salesforce", "missing_scopes", "auth"),
    ("token", "unauthorized", "auth"),
    ("token", "quota", "rate_limit"),
    ("token", "rate_limited", "rate_limit"),
    ("token", "server_error", "server"),
    ("token", "unavailable_html", "server"),
    ("token", "hang", "timeout"),
    ("token", "cut_json", "invalid"),
    ("token", "wrong_types", "invalid"),
    ("token", "api_disabled", "auth"),
    ("token", "org_locked", "auth"),
    ("token", "unable_to_lock_row", "server"),
    ("token", "storage_exceeded", "rate_limit"),
    ("token", "missing_scopes", "auth"),
    ("bridge", "unauthorized", "auth"),
    ("bridge", "quota", "auth"),
    ("bridge", "rate_limited", "rate_limit"),
    ("bridge", "server_error", "server"),
    ("bridge", "unavailable_html", "server"),
    ("bridge", "hang", "timeout"),
    ("bridge", "cut_json", "invalid"),
    ("bridge", "wrong_types", "invalid"),
    ("bridge", "api_disabled", "auth"),
    ("bridge", "org_locked", "auth"),
    ("bridge", "unable_to_lock_row", "invalid"),
    ("bridge", "storage_exceeded", "auth"),
    ("bridge", "missing_scopes", "auth"),
    ("salesforce", "session_refused", "auth"),
    ("token", "session_refused", "auth"),
    ("bridge", "session_refused", "auth"),
    ("salesforce", "concurrent_limit", "rate_limit"),
    ("salesforce", "org_transaction_limit", "rate_limit"),
    ("salesforce", "old_api_version", "invalid"),
    ("salesforce", "query_timeout", "timeout"),
    ("salesforce", "daily_limit", "rate_limit"),
    ("salesforce", "ten_secondly_limit", "rate_limit"),
    ("salesforce", "locked", "invalid"),
    ("salesforce", "migrating", "invalid"),
    ("salesforce", "maintenance_page", "server"),
    ("salesforce", "maintenance_redirect", "server"),
    ("salesforce", "moved_domain", "invalid"),
    ("salesforce", "edge_without_routing", "server"),
    ("salesforce", "edge_html", "server"),
    ("salesforce", "web_page", "invalid"),
    ("token", "concurrent_limit", "rate_limit"),
    ("token", "org_transaction_limit", "server"),
    ("token", "old_api_version", "invalid"),
    ("token", "query_timeout", "auth"),
    ("token", "daily_limit", "rate_limit"),
    ("token", "ten_secondly_limit", "rate_limit"),
    ("token", "locked", "invalid"),
    ("token", "migrating", "invalid"),
    ("token", "maintenance_page", "server"),
    ("token", "maintenance_redirect", "server"),
    ("token", "moved_domain", "invalid"),
    ("token", "edge_without_routing", "server"),
    ("token", "edge_html", "server"),
    ("token", "web_page", "invalid"),
    ("bridge", "concurrent_limit", "auth"),
    ("bridge", "org_transaction_limit", "server"),
    ("bridge", "old_api_version", "invalid"),
    ("bridge", "query_timeout", "invalid"),
    ("bridge", "daily_limit", "rate_limit"),
    ("bridge", "ten_secondly_limit", "rate_limit"),
    ("bridge", "locked", "invalid"),
    ("bridge", "migrating", "invalid"),
    ("bridge", "maintenance_page", "invalid"),
    ("bridge", "maintenance_redirect", "invalid"),
    ("bridge", "moved_domain", "invalid"),
    ("bridge", "edge_without_routing", "invalid"),
    ("bridge", "edge_html", "server"),
    ("bridge", "web_page", "invalid"),
    *(("token", name, PASSING.get(name, "auth")) for name in LOGIN_FAULTS),
]
_AT_FIRST = ("unauthorized", "unavailable_html", "cut_json", "wrong_types")
SOURCE_OF = {"salesforce": "salesforce_limits", "token": "salesforce_limits", "bridge": "sync_health"}


class Impatient(httpx.AsyncBaseTransport):
    """Gives up after a moment, as a client with a real socket does after ten seconds."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(0.1):
                return await self._inner.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer", request=request) from error


@pytest.fixture
def transport(world: World) -> httpx.AsyncBaseTransport:
    return Impatient(httpx.ASGITransport(build_app(world, sync_interval=None)))


@pytest.fixture(autouse=True)
def _something_to_see(acme: Org) -> None:
    """The company that breaks has calls, errors and a suspension of its own."""
    acme.use_api_calls("Some App", 12_345)
    acme.add_errors("picklists", "option_limit_exceeded", 7, affected_records=2)
    acme.suspend("unknown_error", cause_holds=True)


def test_every_fault_of_every_api_is_tried() -> None:
    """The table above leaves none out."""
    everywhere = {(api, fault) for api in SOURCE_OF for fault in NAMES}
    assert {(api, fault) for api, fault, _kind in BROKEN} == everywhere | {("token", fault) for fault in LOGIN_FAULTS}


@pytest.mark.parametrize(("api", "fault", "kind"), BROKEN)
async def test_a_broken_answer(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock, api: str, fault: str, kind: str
) -> None:
    """The page stays valid and keeps the last good values, says that the source is down and why, and recovers."""
    source = SOURCE_OF[api]
    await _poll_all(service)
    good = await look(http)
    succeeded_at = clock.time()

    # Of itself a migration asks for an hour: nobody would log in meanwhile.
    acme.faults.put(Fault(api, fault, retry_after=60 if fault == "migrating" else None))
    if api == "token":
        acme.sessions.expire_all()
    clock.advance(60)
    await service.poller.poll(_target(service, source))
    broken = await scrape(http)
    assert broken.value("source_up", integration="acme", source=source) == 0
    assert broken.value("source_last_success_timestamp_seconds", integration="acme", source=source) == succeeded_at
    assert _failures(broken, source) == {kind: 1}
    shown, expected = _facts(broken), _facts(good)
    assert shown.keys() == expected.keys()
    for series, value in expected.items():
        # Refusals too say what the org has used, and some answers cost a call.
        assert math.isclose(shown[series], value, abs_tol=3 if "org_api_calls" in series[0] else 0)
    assert broken.lines("beta") == good.lines("beta")

    acme.faults.clear()
    clock.advance(60)
    await service.poller.poll(_target(service, source))
    recovered = await look(http)
    assert recovered.value("source_up", integration="acme", source=source) == 1
    assert recovered.value("source_last_success_timestamp_seconds", integration="acme", source=source) == clock.time()
    assert _failures(recovered, source) == _failures(broken, source)
    assert _facts(recovered).keys() == _facts(good).keys()
    assert recovered.lines("beta") == good.lines("beta")


@pytest.mark.parametrize(("api", "fault", "kind"), [entry for entry in BROKEN if entry[1] in _AT_FIRST])
async def test_a_first_answer_that_is_broken(
    service: Service, http: httpx.AsyncClient, acme: Org, api: str, fault: str, kind: str
) -> None:
    """What was never read is absent, not 0; the other source of the company is read all the same."""
    source = SOURCE_OF[api]
    acme.faults.put(Fault(api, fault))
    await _poll_all(service)
    page = await scrape(http)
    assert page.value("source_up", integration="acme", source=source) == 0
    assert page.value("source_last_success_timestamp_seconds", integration="acme", source=source) is None
    assert _failures(page, source)[kind] == 1
    assert (page.value("suspended", integration="acme") is None) == (source == "sync_health")
    assert (page.value("storage_limit_bytes", integration="acme", kind="data") is None) == (
        source == "salesforce_limits"
    )
    assert page.value("suspended", integration="beta") == 0


async def test_an_expired_session_leaves_no_gap(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock
) -> None:
    """It is renewed with exactly one login, and the page shows newer values of every series than before."""
    await _poll_all(service)
    before = await look(http)
    logins = acme.requests["token"]
    acme.sessions.expire_all()
    acme.use_api_calls("Some App", 1_000)
    clock.advance(300)
    await _poll_all(service)
    after = await scrape(http)
    assert acme.requests["token"] == logins + 1
    assert after.value("source_up", integration="acme", source="salesforce_limits") == 1
    assert _failures(after, "salesforce_limits") == {}
    assert _facts(after).keys() == _facts(before).keys()
    used = before.value("org_api_calls_used", integration="acme")
    assert used is not None
    assert (after.value("org_api_calls_used", integration="acme") or 0) > used + 1_000


def _target(service: Service, source: str) -> Target:
    return next(each for each in service.poller.targets if (each.integration, each.source.name) == ("acme", source))


async def _poll_all(service: Service) -> None:
    for target in service.poller.targets:
        if target.source.name in SOURCE_OF.values():
            await service.poller.poll(target)


def _failures(page: Page, source: str) -> dict[str, float]:
    counted = page.series(integration="acme", source=source).items()
    return {dict(labels)["kind"]: count for (name, labels), count in counted if name.endswith("source_errors_total")}


def _facts(page: Page) -> Mapping[Series, float]:
    """What is said of the company itself: neither of the sources, nor who said it when, nor of what the exporter did,
    nor the conditions, for which a failure is evidence."""
    own = tuple(PREFIX + name for name in ("source_", "fact_", "upstream_", "resync_", "suspension_condition"))
    return {series: value for series, value in page.series(integration="acme").items() if not series[0].startswith(own)}
