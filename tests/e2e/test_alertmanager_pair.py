"""A real pair of Alertmanagers tells a real exporter: one job for each incident and each repeat, whatever happens.

``make pair`` lets the exporter be away for a minute, as one is in life.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from exporter.clock import parse_timestamp
from exporter.demo.stage import ORG
from tests.alertmanager.shipped import WEBHOOK_RECEIVER
from tests.e2e.watched_org import NEIGHBOUR, OTHER, STANDING, Times, WatchedOrg, until, watched_org

pytestmark = [pytest.mark.binaries, pytest.mark.faults]


async def first_incident(org: WatchedOrg) -> None:
    """Seven records are resynced; of three the error comes back, since its cause is still there. Two errors nobody
    resyncs keep the alert firing."""
    await org.add_errors(2, STANDING)
    await org.add_errors(3, cause="the account is not there")
    await org.add_errors(4)
    await org.all_resynced(7)


async def check(org: WatchedOrg, *, resynced: Sequence[int], incidents: int = 1) -> None:
    """The jobs that found anything have resynced so many records each, and none of these twice, since all of this lies
    within their cooldown. Two of one incident are as far apart as its repeats are, and the former had ended."""
    jobs = await org.all_resynced(sum(resynced))
    times_of_each = await org.resynced()
    assert len(times_of_each) == sum(resynced)
    assert set(times_of_each.values()) == {1}
    assert {job["state"] for job in jobs} == {"done"}
    assert [found for job in jobs if (found := job["records"]["succeeded"])] == list(resynced)
    of_each: dict[object, list[dict[str, Any]]] = {}
    for job in jobs:
        of_each.setdefault((job["starts_at"], *job["categories"]), []).append(job)
    assert len(of_each) == incidents
    for same in of_each.values():
        assert [job["repetition"] for job in same] == list(range(len(same)))
        for former, job in pairwise(same):
            assert moment(job, "created_at") >= moment(former, "finished_at")
            assert moment(job, "created_at") >= moment(former, "created_at") + org.times.repeat_interval


def moment(job: dict[str, Any], name: str) -> float:
    return parse_timestamp(job[name])


async def live_through_an_absence(org: WatchedOrg, seconds: float) -> None:
    """An incident, and a repeat while the exporter is away, for so long after both have noticed."""
    await first_incident(org)
    await org.exporter.off()
    await org.add_errors(5)
    await until(org.pair.both_refused)
    await asyncio.sleep(seconds)
    await org.exporter.on()
    await org.all_resynced(12)
    await until(org.pair.at_rest)
    await check(org, resynced=[7, 5])


async def test_what_a_pair_tells_while_the_exporter_is_away_is_done_once(tmp_path: Path) -> None:
    """Both try until it is back, and it makes one job of what they tell."""
    async with watched_org(tmp_path) as org:
        await live_through_an_absence(org, seconds=0)


async def test_a_pair_that_cannot_gossip_tells_everything_twice_and_it_is_done_once(tmp_path: Path) -> None:
    """Neither knows what the other has notified, so both notify the incident and its repeat; mended, one does."""
    async with watched_org(tmp_path) as org:
        org.pair.cable.cut()
        await first_incident(org)
        await until(lambda: org.pair.both_arrived(1))
        await org.add_errors(5)
        await org.all_resynced(12)
        await until(lambda: org.pair.both_arrived(2))
        org.pair.cable.mend()
        await until(org.pair.joined)
        await org.add_errors(6)
        await org.all_resynced(18)
        await check(org, resynced=[7, 5, 6])


async def test_a_pair_whose_gossip_is_late_tells_twice_at_the_same_moment_and_it_is_done_once(tmp_path: Path) -> None:
    """The second does not wait for the first, and no gossip is as fast."""
    async with watched_org(tmp_path, Times(peer_timeout=0)) as org:
        await first_incident(org)
        await until(lambda: org.pair.both_arrived(1))
        await check(org, resynced=[7])


async def test_prometheus_away_ends_the_incident_and_begins_another(tmp_path: Path) -> None:
    """Alertmanager takes an alert that nobody repeats for resolved; back again, it fires with a new start. What was
    resynced before stays within its cooldown."""
    async with watched_org(tmp_path, Times(repeat_interval=3600, repeat_after=300)) as org:
        await first_incident(org)
        await org.prometheus.off()
        await org.add_errors(5)
        await until(org.pair.calm)
        await until(org.ignored)  # the exporter has been told of the end
        await org.prometheus.on()
        await org.all_resynced(12)
        await check(org, resynced=[7, 5], incidents=2)


async def test_an_alert_that_fires_anew_is_another_incident(tmp_path: Path) -> None:
    """Soon after it was resolved, long before a repeat would be taken; in between the integration was removed and put
    back."""
    async with watched_org(tmp_path, Times(repeat_interval=3600, repeat_after=300)) as org:
        await org.add_errors(4)
        await org.all_resynced(4)
        await until(org.pair.calm)
        await until(org.ignored)  # the exporter has been told of the end
        await org.configure(NEIGHBOUR)
        await org.configure(ORG, NEIGHBOUR)
        await org.add_errors(5)
        await org.all_resynced(9)
        await check(org, resynced=[4, 5], incidents=2)


async def test_what_is_told_of_a_removed_integration_is_done_once_it_is_back(tmp_path: Path) -> None:
    """The alert goes on firing meanwhile; its repeats are ignored, and the first after that is a new order."""
    async with watched_org(tmp_path) as org:
        await first_incident(org)
        await org.configure(NEIGHBOUR)
        await org.add_errors(5)
        await until(org.ignored)
        await org.configure(ORG, NEIGHBOUR)
        await org.all_resynced(12)
        await check(org, resynced=[7, 5])


def one_alert_at_a_time(config: dict[str, Any]) -> None:
    """Alertmanager's configuration so changed that alerts are cut off: one group an integration, one alert of it."""
    (route,) = (route for route in config["route"]["routes"] if route["receiver"] == WEBHOOK_RECEIVER)
    route["group_by"] = ["alertname", "integration"]
    (receiver,) = (receiver for receiver in config["receivers"] if receiver["name"] == WEBHOOK_RECEIVER)
    receiver["webhook_configs"][0]["max_alerts"] = 1


async def test_an_alert_that_was_cut_off_is_told_once_the_one_before_it_is_over(tmp_path: Path) -> None:
    """Late, at a repeat, and then done like any other."""
    async with watched_org(tmp_path, change=one_alert_at_a_time) as org:
        await org.add_errors(4)
        await org.add_errors(5, OTHER)
        await org.all_resynced(9)
        await check(org, resynced=[4, 5], incidents=2)


def main() -> None:
    """The first of these tests with an exporter that is away longer; prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--down", type=float, default=60.0, help="seconds")
    options = parser.parse_args()
    # The longer it lasts, the further the attempts of the two are apart when it is back.
    times = Times(repeat_interval=45, repeat_after=30)

    async def play(folder: Path) -> None:
        async with watched_org(folder, times) as org:
            await live_through_an_absence(org, options.down)
            jobs = await org.jobs()
            first, second = await org.pair.sent()
        attempts = f"{first.requests} attempts of the first, {second.requests} of the second"
        arrived = f"{first.arrived} and {second.arrived} of them arrived"
        sys.stdout.write(f"{options.down:g} s without the exporter: {attempts}; {arrived}; {len(jobs)} jobs\n")
        for job in jobs:
            sys.stdout.write(f"  {job['created_at']} repetition {job['repetition']}: {job['records']}\n")

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


if __name__ == "__main__":
    main()
