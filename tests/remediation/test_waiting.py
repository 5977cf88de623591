"""What keeps a job waiting, and until when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.config.file import load_config
from exporter.config.settings import Config, Remediation
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.polling.schedule import HASTE_PAUSE
from exporter.polling.target import Target
from exporter.remediation.waiting import (
    APPROVAL_PAUSE,
    LONGEST_APPROVAL,
    LONGEST_JOB,
    REFUSED_PAUSE,
    UNREAD_PAUSE,
    WHOLE_FOR,
)
from tests.conftest import SIMULATOR
from tests.remediation.at_work import Interrupted, permission_errors, records
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert


@asynccontextmanager
async def suspended_by_a_request(open_on: OpenBench, config: Config, org: Org) -> AsyncIterator[Bench]:
    """A bench with a job to do, and a HubSpot that suspends after each request, which the next poll sees."""
    opened: list[Bench] = []

    async def suspended() -> None:
        org.suspend("salesforce_org_locked")
        await opened[0].poll()

    async with open_on(config, make_action=lambda client: Interrupted(client, suspended)) as bench:
        opened.append(bench)
        await bench.poll()
        await bench.notify(alert())
        yield bench


# --- the gate


async def test_a_resolved_alert_waits_for_the_end_of_the_suspension(bench: Bench, acme: Org) -> None:
    """Its job is taken at once, refused once however often it is looked at, and goes on when nothing is in its way."""
    permission_errors(acme, 2)
    acme.suspend("salesforce_field_permissions_missing")
    await bench.poll()
    assert (await bench.notify(alert())).jobs == 1
    for _ in range(3):
        assert await bench.work() == 1
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"]) == ("queued", "suspended")
        await bench.later(REFUSED_PAUSE)
    assert acme.resyncs.requests == 0
    assert await bench.refusals() == [("FieldPermissionsMissing", "suspended")]
    assert bench.sample("resync_refusals_total", reason="suspended") == 1
    acme.suspension = None
    await bench.later(0)
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["records"]) == ("done", records(succeeded=2))


async def test_a_suspension_in_the_middle_stops_a_job_until_it_is_over(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """After the request during which HubSpot suspended no other is sent; each such stop is one refusal."""
    permission_errors(acme, 25)
    async with suspended_by_a_request(open_on, config, acme) as bench:
        for sent in (1, 2):
            await bench.work()
            assert acme.resyncs.requests == sent
            await bench.later(REFUSED_PAUSE)
            await bench.work()
            assert acme.resyncs.requests == sent
            assert await bench.refusals() == [("FieldPermissionsMissing", "suspended")] * sent
            acme.suspension = None
            await bench.later(REFUSED_PAUSE)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=25))


async def test_a_job_that_has_sent_everything_ends_even_while_suspended(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """With nothing left to send there is nothing to refuse."""
    permission_errors(acme, 10)
    async with suspended_by_a_request(open_on, config, acme) as bench:
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], await bench.refusals()) == ("done", [])


async def test_a_job_begins_only_if_all_of_it_fits_into_the_budget(bench: Bench, acme: Org) -> None:
    """Four calls a record, as a contact may cost, up to 75 % of the allocation: what does not fit now waits whole."""
    acme.use_api_calls("HubSpot", 44_201, seconds_ago=80_000)
    permission_errors(acme, 200)
    await bench.poll()
    await bench.notify(alert())
    bench.clock.advance(1)
    await bench.work()
    (job,) = await bench.listed()
    assert acme.resyncs.requests == 0
    assert (job["state"], job["refused_for"], job["records"]) == ("queued", "api_budget", records(pending=200))
    assert "up to 800 more are needed" in job["message"]
    assert await bench.refusals() == [("FieldPermissionsMissing", "api_budget")]
    await bench.later(7_000)
    await bench.work()
    assert (await bench.listed())[0]["records"] == records(succeeded=200)


async def test_a_job_spends_no_more_than_the_budget(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Calls of its own that the last stated usage cannot know of are added, and so is what others have used since: it
    stops before the batch that does not fit any more."""
    acme.use_api_calls("HubSpot", 44_900)
    permission_errors(acme, 25)

    async def others_use_some() -> None:
        acme.use_api_calls("HubSpot", 70)
        await bench.poll()

    async with open_on(config, make_action=lambda client: Interrupted(client, others_use_some)) as bench:
        await bench.poll()
        await bench.notify(alert())
        bench.clock.advance(1)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"], job["records"]["pending"]) == ("queued", "api_budget", 15)
        assert await bench.refusals() == [("FieldPermissionsMissing", "api_budget")]


async def test_more_than_ever_fits_is_left_out(open_on: OpenBench, config: Config, acme: Org) -> None:
    """A job that would wait for ever takes what the whole window has room for; the rest is refused, and listed."""
    acme.allocation = 1_000
    permission_errors(acme, 200)
    async with open_on(config) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=187))
        assert (await bench.history.listing(None, 1))["refusals"][0]["detail"] == "13 of 200 records"
        assert await bench.refusals() == [("FieldPermissionsMissing", "api_budget")]


@pytest.mark.parametrize(
    ("sources", "used", "errors"),
    [
        (("sync_health", "salesforce_usage_log"), 2_200, 200),
        (("sync_health", "salesforce_usage_log"), 2_600, 100),
        (("sync_health",), 2_600, 750),  # nobody counts them: what the resyncs cost is all that is known
    ],
)
async def test_where_no_bridge_states_the_use_resyncs_count_since_it_was_counted(
    open_on: OpenBench,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    acme: Org,
    sources: tuple[str, ...],
    used: int,
    errors: int,
) -> None:
    """The usage log knows nothing of the last hours: it is read again, and the next job waits all the same."""
    entry = config_data["integrations"][0]
    entry["hubspot"] = {"url": f"{SIMULATOR}/acme/hubspot", "allocated_api_calls": 4_000}
    acme.omitted_parts = frozenset({"api_calls"})
    acme.settings = replace(acme.settings, event_log_lag=3 * 3600.0)
    acme.use_api_calls("HubSpot", used, seconds_ago=4 * 3600)
    permission_errors(acme, errors)
    async with open_on(load_config(write_config(config_data))) as bench:
        await bench.poll(*sources)
        await bench.notify(alert(fingerprint="first"))
        for _look in range(4):
            bench.clock.advance(REFUSED_PAUSE)
            await bench.poll(*sources)
            await bench.work()
        permission_errors(acme, 1)
        await bench.notify(alert(fingerprint="second"))
        await bench.work()
        second, first = await bench.listed()
        assert (first["state"], first["records"]) == ("done", records(succeeded=errors))
        assert (second["state"], second["refused_for"]) == ("queued", "api_budget")


async def test_the_reserve_of_the_org_is_left_to_its_other_apps(bench: Bench, acme: Org) -> None:
    """In the last tenth of the org's calls nothing is resynced, whoever used the rest."""
    acme.use_api_calls("Backup", 90_000)
    permission_errors(acme, 1)
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    assert (acme.resyncs.requests, await bench.refusals()) == (0, [("FieldPermissionsMissing", "api_budget")])


async def test_a_sync_health_that_cannot_be_read_makes_a_job_wait(bench: Bench, acme: Org) -> None:
    """An alert also resolves when its series vanish: only a page that is read says that a suspension is over."""
    permission_errors(acme, 1)
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    (job,) = await bench.listed()
    assert (job["state"], job["refused_for"]) == ("queued", "suspended")
    assert "cannot be read" in job["message"]
    acme.faults.clear()
    await bench.later(REFUSED_PAUSE)
    await bench.work()
    assert acme.resyncs.requests == 1


async def test_a_suspension_that_was_told_last_is_not_over_because_nobody_tells_any_more(
    bench: Bench, acme: Org
) -> None:
    """Its series vanish after three intervals, and its alert resolves: the job waits for the page to be read again."""
    permission_errors(acme, 1)
    acme.suspend("salesforce_field_permissions_missing")
    await bench.later(0)
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.later(600)
    await bench.notify(alert())
    for _look in range(3):
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"]) == ("queued", "suspended")
        assert "said last that it is suspended" in job["message"]
        await bench.later(REFUSED_PAUSE)
    acme.suspension = None
    acme.faults.clear()
    await bench.later(REFUSED_PAUSE)
    await bench.work()
    assert acme.resyncs.requests == 1


async def test_what_was_read_long_ago_says_nothing_any_more(
    open_on: OpenBench, config: Config, acme: Org, bench: Bench
) -> None:
    """A process that was away for an hour waits for its first look at the page, however good the last reading was."""
    permission_errors(acme, 1)
    await bench.notify(alert())
    bench.clock.advance(3600)
    async with open_on(config) as restarted:
        await restarted.work()
        assert acme.resyncs.requests == 0
        await restarted.later(UNREAD_PAUSE)
        await restarted.work()
        assert acme.resyncs.requests == 1


async def test_a_refused_job_is_looked_at_again_with_the_next_poll(
    open_on: OpenBench,
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    acme: Org,
) -> None:
    """Where the page is read every ten seconds nobody waits a minute; before there is news nothing is tried."""
    config_data["integrations"][0]["intervals"] = {"sync_health": "10s"}
    permission_errors(acme, 1)
    acme.suspend("salesforce_org_locked")
    async with open_on(load_config(write_config(config_data))) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        acme.suspension = None
        await bench.later(9.9)
        assert await bench.work() == 0
        await bench.later(0.1)
        assert await bench.work() == 1
        assert acme.resyncs.requests == 1


async def test_a_job_refused_for_a_day_fails(bench: Bench, acme: Org) -> None:
    """What could not be done in a day is not done unasked for some time later."""
    permission_errors(acme, 3)
    acme.suspend("missing_field_mappings")
    await bench.poll()
    await bench.notify(alert())
    await bench.work()
    await bench.later(LONGEST_JOB + 1)
    await bench.work()
    (job,) = await bench.listed()
    assert job["state"] == "failed"
    assert job["message"] == "refused for a day: HubSpot reports the integration suspended (missing_field_mappings)"
    assert acme.resyncs.requests == 0


# --- a cause that is still seen


def watching_permissions(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], org: Org
) -> Config:
    """The configuration with an hourly check of what acme's integration user may do."""
    checked = {"integration_user": org.integration_user, "fields": {"Contact": ["Email"]}}
    config_data["integrations"][0]["salesforce"] |= checked
    return load_config(write_config(config_data))


def access_check(bench: Bench) -> Target:
    found = {(target.integration, target.source.name): target for target in bench.poller.targets}
    return found["acme", "salesforce_access"]


async def test_a_job_waits_until_the_cause_is_seen_to_be_gone(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], acme: Org
) -> None:
    """HubSpot resumed, but the hourly access check is older than the cure: the check comes early, then the job runs."""
    async with open_on(watching_permissions(config_data, write_config, acme)) as bench:
        acme.set_field_permission("Contact", "Email", granted=False, access=None)
        permission_errors(acme, 3, cause="field:Contact.Email")
        await bench.poll()
        acme.set_field_permission("Contact", "Email", granted=True, access=None)
        await bench.notify(alert())
        bench.clock.advance(HASTE_PAUSE)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], "still sees the cause" in job["message"]) == ("queued", True)
        assert await bench.refusals() == [("FieldPermissionsMissing", "waiting_for_cause")]
        access = access_check(bench)
        assert bench.poller.due_at(access) == bench.clock.time()
        await bench.later(60)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=3))


async def test_a_cause_that_stays_costs_one_look(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], acme: Org
) -> None:
    """HubSpot resumed although nothing was mended: the early check says so, and no further one comes early."""
    async with open_on(watching_permissions(config_data, write_config, acme)) as bench:
        acme.set_field_permission("Contact", "Email", granted=False, access=None)
        permission_errors(acme, 3, cause="field:Contact.Email")
        await bench.poll()
        bench.clock.advance(HASTE_PAUSE)
        await bench.notify(alert())
        await bench.work()
        await bench.later(HASTE_PAUSE)
        await bench.work()
        access = access_check(bench)
        (job,) = await bench.listed()
        assert job["state"] == "queued"
        assert bench.poller.due_at(access) >= bench.clock.time() + access.interval


# --- a human


async def test_a_large_job_waits_for_a_human(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], acme: Org
) -> None:
    """It says how many records it is about and how to approve it; approved, it goes on at once, and asks no more."""
    config_data["integrations"][0]["remediation"] = {"max_records": 2}
    permission_errors(acme, 3)
    async with open_on(load_config(write_config(config_data))) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"], acme.resyncs.requests) == ("queued", "needs_approval", 0)
        assert job["message"].startswith("3 records are more than max_records (2): approve it with POST ")
        assert bench.sample("resync_jobs_needing_approval") == 1
        assert bench.sample("resync_oldest_queued_timestamp_seconds") is None
        await bench.later(APPROVAL_PAUSE)
        await bench.work()
        assert await bench.refusals() == [("FieldPermissionsMissing", "needs_approval")]
        assert await bench.crew.orders.approve(job["id"])
        assert bench.sample("resync_jobs_needing_approval") == 0
        await bench.poll()
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("done", records(succeeded=3))


async def test_what_nobody_approves_in_a_week_fails(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], acme: Org
) -> None:
    """A weekend is not enough to forget it."""
    config_data["integrations"][0]["remediation"] = {"max_records": 2}
    permission_errors(acme, 3)
    async with open_on(load_config(write_config(config_data))) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        await bench.later(3 * LONGEST_JOB)
        await bench.work()
        assert (await bench.listed())[0]["state"] == "queued"
        await bench.later(LONGEST_APPROVAL)
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["records"]) == ("failed", records(failed=3))
        assert job["message"].startswith("refused for a week: 3 records are more than max_records (2)")


async def test_a_cancelled_job_ends_before_its_next_batch(open_on: OpenBench, config: Config, acme: Org) -> None:
    """What is sent by then keeps its outcome; the rest fails with the reason."""
    permission_errors(acme, 25)

    async def somebody_cancels() -> None:
        await bench.crew.orders.cancel(1)

    async with open_on(config, make_action=lambda client: Interrupted(client, somebody_cancels)) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["message"]) == ("cancelled", "cancelled")
        assert (job["records"], job["failed_for"]) == (records(succeeded=10, failed=15), {"cancelled": 15})
        assert bench.sample("resync_jobs", state="done") == 1


# --- switched off meanwhile


@pytest.mark.parametrize(
    ("switched", "reason"), [(Remediation(enabled=False), "disabled"), (Remediation(dry_run=True), "dry_run")]
)
async def test_switching_off_stops_what_waits(
    open_on: OpenBench, config: Config, acme: Org, switched: Remediation, reason: str
) -> None:
    """A job that was taken before sends nothing; switched on again it goes on."""
    permission_errors(acme, 3)
    async with open_on(config) as bench:
        await bench.poll()
        await bench.notify(alert())
    async with open_on(replace(config, remediation=switched)) as off:
        await off.poll()
        await off.work()
        assert acme.resyncs.requests == 0
        assert await off.refusals() == [("FieldPermissionsMissing", reason)]
    async with open_on(config) as bench:
        await bench.later(REFUSED_PAUSE)
        await bench.work()
        assert (await bench.listed())[0]["records"] == records(succeeded=3)


async def test_after_an_hour_a_job_goes_on_as_far_as_it_fits(open_on: OpenBench, config: Config, acme: Org) -> None:
    """It would wait a day for room that an org in steady use never has, and then have sent nothing."""
    acme.use_api_calls("HubSpot", 44_500)
    permission_errors(acme, 200)
    async with open_on(config) as bench:
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        assert acme.resyncs.requests == 0
        await bench.later(WHOLE_FOR)
        bench.clock.advance(1)  # what is sent from now on nobody has counted
        await bench.work()
        (job,) = await bench.listed()
        assert (job["state"], job["refused_for"], job["records"]) == (
            "queued",
            "api_budget",
            records(succeeded=100, pending=100),
        )
