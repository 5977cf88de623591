"""Clear Suspension: when the button is pressed, and what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from exporter.catalog.catalog import CATALOG
from exporter.config.settings import Config, Policy
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.remediation.actions import ways_of
from exporter.remediation.clearing import CLEAR_AGAIN
from exporter.remediation.waiting import REFUSED_PAUSE, UNREAD_PAUSE
from tests.clocks import ManualClock
from tests.remediation.at_work import records
from tests.remediation.bench import Bench, open_bench
from tests.remediation.payloads import alert

LOCKED, UNKNOWN = "HubSpotSalesforceOrgLocked", "HubSpotSalesforceUnknownError"


@pytest.fixture
async def bench(config: Config, clock: ManualClock, transport: httpx.ASGITransport) -> AsyncIterator[Bench]:
    """With every action that is configured."""
    async with open_bench(config, clock, transport, make_ways=ways_of) as opened:
        await opened.poll()
        yield opened


def test_the_reasons_that_are_cleared_are_those_of_the_catalogue() -> None:
    """The button stands in how they are resolved."""
    by_button = {reason.name for reason in CATALOG.suspension_reasons if "Clear Suspension" in reason.resolution}
    assert {reason.name for reason in CATALOG.cleared_by_button} == by_button


def is_suspended(org: Org) -> bool:
    return org.suspension is not None


async def suspended(bench: Bench, acme: Org, reason: str, alert_name: str, *, cause_holds: bool = False) -> None:
    """Suspended with two errors, and the alert about it has come."""
    acme.add_errors("other", "unknown", 2)
    acme.suspend(reason, cause_holds=cause_holds)
    await bench.poll()
    receipt = await bench.notify(alert(alert_name, "firing"))
    assert (receipt.jobs, receipt.refusals) == (1, ())
    await bench.work()


async def test_a_suspension_is_cleared_and_what_it_left_is_resynced(bench: Bench, acme: Org) -> None:
    """The button first; the errors once HubSpot shows that the suspension is over, and not a moment before."""
    await suspended(bench, acme, "salesforce_org_locked", LOCKED)
    assert (acme.suspension, acme.resyncs.requests) == (None, 0)
    (job,) = await bench.listed()
    assert (job["state"], job["action"], job["cleared"]) == ("queued", "clear-suspension", True)
    bench.clock.advance(UNREAD_PAUSE)
    await bench.work()
    assert acme.resyncs.requests == 0
    await bench.later(REFUSED_PAUSE)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("done", records(succeeded=2))
    assert bench.sample("resync_records_total", action="clear-suspension", outcome="succeeded") == 2
    assert await bench.refusals() == []


async def test_while_the_cause_holds_hubspot_is_asked_rarely(bench: Bench, acme: Org) -> None:
    """It refuses with the reason, which is listed once; five minutes later it is asked again."""
    await suspended(bench, acme, "missing_field_mappings", "HubSpotSalesforceFieldMappingsMissing", cause_holds=True)
    (job,) = await bench.listed()
    assert job["message"] == "not cleared: missing_field_mappings"
    acme.causes.clear()
    await bench.later(CLEAR_AGAIN - 1)
    await bench.work()
    assert is_suspended(acme)
    await bench.later(1)
    await bench.work()
    assert not is_suspended(acme)
    assert await bench.refusals() == [("FieldMappingsMissing", "waiting_for_cause")]


async def test_a_suspension_for_another_reason_is_left_alone(bench: Bench, acme: Org) -> None:
    """Whoever ordered this knew nothing of that."""
    await suspended(bench, acme, "salesforce_org_storage_limit_exceeded", LOCKED)
    (job,) = await bench.listed()
    assert acme.suspension is not None
    assert "another reason (salesforce_org_storage_limit_exceeded)" in job["message"]


async def test_a_suspension_that_is_over_needs_no_button(bench: Bench, acme: Org) -> None:
    """Somebody was faster: what it left is resynced."""
    acme.add_errors("other", "unknown", 2)
    await bench.notify(alert(LOCKED, "firing"))
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["cleared"], job["records"]) == ("done", True, records(succeeded=2))


async def test_a_stop_is_no_cause_of_its_own_suspension(bench: Bench, acme: Org) -> None:
    """Nothing syncs while it is suspended: the sign of an unknown error says nothing then."""
    acme.fall_silent(7200.0)
    await bench.poll("hubspot_heartbeat")
    await suspended(bench, acme, "unknown_error", UNKNOWN)
    assert acme.suspension is None


@pytest.mark.parametrize("reason", ["salesforce_org_locked", "salesforce_server_error"])
async def test_while_the_cause_may_still_be_there_nothing_is_cleared(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org, reason: str
) -> None:
    """Not seen is not gone: what nobody has looked at since the start is unknown, until a call to Salesforce worked."""
    alert_name = next(known.alert for known in CATALOG.suspension_reasons if known.name == reason)
    async with open_bench(config, clock, transport, make_ways=ways_of) as bench:
        acme.suspend(reason)
        await bench.poll("sync_health")
        await bench.notify(alert(alert_name, "firing"))
        await bench.work()
        (job,) = await bench.listed()
        assert is_suspended(acme)
        assert (job["refused_for"], job["cleared"]) == ("waiting_for_cause", False)
        assert job["message"] == f"whether the cause is gone is not known: nothing tells of {reason}"
        await bench.later(REFUSED_PAUSE)
        await bench.poll()
        await bench.work()
        assert not is_suspended(acme)


async def test_what_only_hubspot_can_see_is_cleared_unseen(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org
) -> None:
    """HubSpot answers 409 while mappings are missing: nobody else can tell."""
    async with open_bench(config, clock, transport, make_ways=ways_of) as bench:
        acme.suspend("missing_field_mappings")
        await bench.poll("sync_health")
        await bench.notify(alert("HubSpotSalesforceFieldMappingsMissing", "firing"))
        await bench.work()
        assert not is_suspended(acme)


async def test_an_alert_about_no_suspension_clears_none(
    config: Config, clock: ManualClock, transport: httpx.ASGITransport, acme: Org
) -> None:
    """Not even one whose reason nobody knows, which is no more known than that of the alert."""
    policy = Policy("CrmFixed", "firing", CATALOG.select(["other"], []), action="clear-suspension")
    loose = replace(config, remediation=replace(config.remediation, policies=(policy,)))
    async with open_bench(loose, clock, transport, make_ways=ways_of) as bench:
        acme.suspend("salesforce_org_locked")
        assert acme.suspension is not None
        acme.suspension = replace(acme.suspension, reason="a_reason_of_tomorrow")
        await bench.poll()
        await bench.notify(alert("CrmFixed", "firing"))
        await bench.work()
        (job,) = await bench.listed()
        assert is_suspended(acme)
        assert (job["refused_for"], job["cleared"]) == ("waiting_for_cause", False)


async def test_where_nothing_is_known_nothing_is_cleared(bench: Bench, acme: Org) -> None:
    """A page that cannot be read says neither that it is suspended nor why."""
    acme.suspend("salesforce_org_locked")
    await bench.poll()
    await bench.notify(alert(LOCKED, "firing"))
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.poll()
    acme.faults.clear()
    await bench.work()
    assert acme.suspension is not None
    assert await bench.refusals() == [("OrgLocked", "suspended")]
