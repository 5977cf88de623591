"""What becomes of notifications over time: duplicates, repeats, refusals."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.remediation.fingerprint import fingerprint_of
from exporter.remediation.notification import parse_notification
from exporter.remediation.receiver import Receipt
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert, notification, sync_errors

REPEAT_AFTER = 300.0
FIRING = sync_errors("other")


def other_errors(org: Org, count: int) -> None:
    org.add_errors("other", "unknown", count)


async def succeeded(bench: Bench) -> list[int]:
    """Records resynced by each job, the oldest first."""
    return [job["records"]["succeeded"] for job in reversed(await bench.listed())]


async def outcome(bench: Bench, entry: dict[str, Any]) -> str:
    receipt = await bench.notify(entry)
    return (
        "job" if receipt.jobs else "duplicate" if receipt.duplicates else "refused" if receipt.refusals else "ignored"
    )


# --- repeats


async def test_what_has_come_since_is_resynced_by_the_repeat(bench: Bench, acme: Org) -> None:
    """The first job resyncs five; seven new errors of the category come while the alert goes on firing: its repeat
    makes a new job, which resyncs all seven and, within their cooldown, none of the five again."""
    other_errors(acme, 5)
    assert await outcome(bench, FIRING) == "job"
    await bench.work()
    other_errors(acme, 7)
    await bench.later(REPEAT_AFTER)
    assert await outcome(bench, FIRING) == "job"
    await bench.work()
    assert await succeeded(bench) == [5, 7]
    assert set(acme.resyncs.records.values()) == {1}


async def test_the_other_half_of_a_pair_does_not_order_again(bench: Bench, acme: Org) -> None:
    """It notifies some seconds later, when the job has long ended: that is no repeat, neither then nor later on."""
    for _ in range(3):
        other_errors(acme, 2)
        assert await outcome(bench, FIRING) == "job"
        await bench.work()
        await bench.later(15)
        assert await outcome(bench, FIRING) == "duplicate"
        await bench.later(3600)
    assert await succeeded(bench) == [2, 2, 2]


async def test_a_repeat_during_the_job_is_a_duplicate_however_late(bench: Bench, acme: Org) -> None:
    """What the bridge still owes is not ordered twice; the first repeat after the end is."""
    other_errors(acme, 3)
    await bench.notify(FIRING)
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.work()
    await bench.later(10 * REPEAT_AFTER)
    assert await outcome(bench, FIRING) == "duplicate"
    acme.faults.clear()
    await bench.later(REPEAT_AFTER)
    await bench.work()
    assert await outcome(bench, FIRING) == "job"


async def test_duplicates_do_not_put_the_repeat_off(bench: Bench) -> None:
    """It is counted from the last notification that was taken: somebody who sends every minute is heard too."""
    outcomes = []
    for _ in range(12):
        outcomes.append(await outcome(bench, FIRING))
        await bench.work()
        await bench.later(60)
    assert outcomes == (["job"] + ["duplicate"] * 4) * 2 + ["job", "duplicate"]


async def test_a_storm_of_alerts_in_one_notification(bench: Bench) -> None:
    """More than are looked for by one statement: each has its job, and none a second one."""
    storm = [sync_errors("other", fingerprint=f"{number:016x}") for number in range(600)]
    first, again = await bench.notify(*storm, storm[0]), await bench.notify(*storm)
    assert (first.jobs, first.duplicates) == (600, 1)
    assert (again.jobs, again.duplicates) == (0, 600)


async def test_a_resolved_alert_is_one_order_for_ever(bench: Bench) -> None:
    """Alertmanager sends it once; whatever sends it again says nothing new."""
    assert await outcome(bench, alert()) == "job"
    await bench.work()
    await bench.later(86400)
    assert await outcome(bench, alert()) == "duplicate"


async def test_a_repeat_is_judged_anew(bench: Bench, acme: Org) -> None:
    """Suspended meanwhile: refused, and listed. Not any more: accepted, since a refusal is not an order."""
    await bench.notify(FIRING)
    await bench.work()
    acme.suspend("salesforce_org_locked")
    await bench.later(REPEAT_AFTER)
    assert await outcome(bench, FIRING) == "refused"
    acme.suspension = None
    await bench.later(1)
    assert await outcome(bench, FIRING) == "job"
    assert ("SyncErrors", "suspended") in await bench.refusals()


async def test_records_keep_their_cooldown(bench: Bench, acme: Org, world: World) -> None:
    """An error whose cause is still there comes back after each resync: not every repeat resyncs it, but each hour."""
    acme.add_errors("other", "unknown", 1, cause="somebody must act")
    for _ in range(13):
        await bench.notify(FIRING)
        await bench.work()
        world.tick()
        await bench.later(REPEAT_AFTER)
    assert list(acme.resyncs.records.values()) == [2]
    assert Counter(reason for _, reason in await bench.refusals()) == {"cooldown": 11}


async def test_a_repeat_is_remembered_across_a_restart(open_on: OpenBench, config: Config) -> None:
    """What decides is the store, not the process."""
    async with open_on(config) as before:
        await before.poll()
        await before.notify(FIRING)
        await before.work()
    async with open_on(config) as after:
        await after.later(REPEAT_AFTER - 1)
        assert await outcome(after, FIRING) == "duplicate"
        await after.later(1)
        assert await outcome(after, FIRING) == "job"


async def test_the_pause_can_be_configured(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> None:
    """Shorter or longer than the five minutes."""
    config_data["remediation"]["repeat_after"] = "2h"
    async with open_on(load_config(write_config(config_data))) as bench:
        await bench.poll()
        outcomes = []
        for _ in range(5):
            outcomes.append(await outcome(bench, FIRING))
            await bench.work()
            await bench.later(3600)
    assert outcomes == ["job", "duplicate", "job", "duplicate", "job"]


# --- whatever comes in whatever order

ZONES = (timedelta(), timedelta(hours=-4), timedelta(hours=5, minutes=45), timedelta(hours=14))
SPELLINGS: tuple[Callable[[datetime], str], ...] = (
    lambda moment: moment.isoformat(),
    lambda moment: moment.isoformat(timespec="milliseconds"),
    lambda moment: moment.isoformat(timespec="microseconds"),
    lambda moment: moment.isoformat().replace("+00:00", "Z"),
    lambda moment: moment.isoformat().replace("T", " "),
)


@dataclass(frozen=True)
class Told:
    """One notification: of which incident, how written, by which replica taken, how long after the one before."""

    category: str
    status: str
    started: int
    zone: timedelta
    spelling: int
    named: bool
    replica: int
    pause: float
    worked: bool

    def body(self) -> bytes:
        moment = datetime(2027, 1, 15, 7, 55, tzinfo=UTC) + timedelta(minutes=self.started)
        written = SPELLINGS[self.spelling](moment.astimezone(timezone(self.zone)))
        # Errors that are over order nothing by default: what is resolved here is a suspension.
        entry = sync_errors(self.category) if self.status == "firing" else alert(team=self.category)
        entry |= {"startsAt": written, "fingerprint": fingerprint_of(entry["labels"])}
        if not self.named:
            del entry["fingerprint"]
        return json.dumps(notification(entry)).encode()

    @property
    def incident(self) -> tuple[str, str, int]:
        return self.category, self.status, self.started


TOLD = st.builds(
    Told,
    category=st.sampled_from(["other", "associations"]),
    status=st.sampled_from(["firing", "firing", "resolved"]),
    started=st.integers(0, 1),
    zone=st.sampled_from(ZONES),
    spelling=st.integers(0, len(SPELLINGS) - 1),
    named=st.booleans(),
    replica=st.integers(0, 1),
    pause=st.sampled_from([0.0, 1.0, 299.0, 300.0, 4000.0]),
    worked=st.booleans(),
)


class Expected:
    """What the words of the design say of the same notifications, without a store."""

    def __init__(self) -> None:
        self.taken_at: dict[Any, float] = {}
        self.open: set[Any] = set()

    def takes(self, told: Told, now: float) -> bool:
        last = self.taken_at.get(told.incident)
        repeat = told.status == "firing" and told.incident not in self.open
        if last is not None and not (repeat and now - last >= REPEAT_AFTER):
            return False
        self.taken_at[told.incident] = now
        self.open.add(told.incident)
        return True


@pytest.fixture
async def pair(
    open_on: OpenBench, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> AsyncIterator[tuple[Bench, Bench]]:
    """Two processes on one store and one clock; both take notifications, the first works as well."""
    del config_data["integrations"][1], config_data["integrations"][0]["salesforce"]
    config = load_config(write_config(config_data))
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(open_on(config)) for _ in range(2)]
        yield one, other


_days = itertools.count()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(TOLD, min_size=1, max_size=8))
@example(story=[Told("other", "firing", 0, ZONES[n % 3], n, bool(n % 2), n % 2, 300.0, worked=True) for n in range(4)])
async def test_one_incident_and_one_repeat_is_one_job(pair: tuple[Bench, Bench], story: list[Told]) -> None:
    """Whatever order duplicates, repeats, zones, precisions and missing fingerprints come in, to whichever replica."""
    expected, made = Expected(), Counter[Any]()
    day = next(_days)  # the store is the same for all stories: each has incidents of its own
    for told in story:
        pair[0].clock.advance(told.pause)
        now = pair[0].clock.time()
        told_today = Told(**{**_fields(told), "started": told.started + day * 1440})
        takes = expected.takes(told_today, now)
        receipt = await _receive(pair[told.replica], told_today)
        assert (receipt.jobs, receipt.duplicates) == ((1, 0) if takes else (0, 1))
        made[told_today.incident] += receipt.jobs
        if told.worked:
            await _work_off(pair[0])
            expected.open.clear()
    await _work_off(pair[0])
    assert set(made) == {(told.category, told.status, told.started + day * 1440) for told in story}
    assert all(made.values())


async def _work_off(bench: Bench) -> None:
    await bench.poll()
    await bench.work()
    assert (await bench.jobs.queues("acme"))["acme"].by_state.keys() == {"done"}


def _fields(told: Told) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Told.__dataclass_fields__}


async def _receive(bench: Bench, told: Told) -> Receipt:
    return await bench.receiver.receive(parse_notification(told.body()))
