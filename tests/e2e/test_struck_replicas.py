"""Two replicas on one PostgreSQL that are killed, stopped and cut off while they poll and resync.

``make replicas`` does it in full: 200 integrations, 20,000 errors, 20 faults in random order, on PostgreSQL itself and,
with ``--pooled``, by way of PgBouncer.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import itertools
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from exporter.demo.simulator.settings import Settings
from exporter.remediation.lease import LEASE
from tests.e2e.load import org_names
from tests.e2e.pgbouncer import pooled
from tests.e2e.postgresql import running_server
from tests.e2e.struck.books import read_books, unfinished
from tests.e2e.struck.faults import CUT_APIS, CUT_STORE, KILL, STOP, Blow, Fault, faults
from tests.e2e.struck.stage import CALLS_A_DAY, WEBHOOK_TOKEN, Replica, Size, Stage, running_stage
from tests.e2e.struck.traffic import read_requests
from tests.e2e.struck.verdicts import Run
from tests.remediation.payloads import alert, notification

pytestmark = pytest.mark.faults

TAKEN_OVER = 30.0
"""Seconds after which the work of a dead replica is another's, at the latest."""

FULL = Size(200, {"sync_health": 60, "hubspot_heartbeat": 120, "salesforce_limits": 120})
SMALL = Size(12, {"sync_health": 4, "hubspot_heartbeat": 12, "salesforce_limits": 5})

ERRORS = (300, 300, 50, 50, 50, 50, 50, 50, 50, 50)
"""Of the ten integrations of a wave. Those with more than two batches have to show first that they cure something."""


STRAIGHT = 0.75
"""Of the waves so many go to the replica that is about to be struck; else it has what the other one leaves."""


class Waves:
    """Errors that come up in ten integrations after ten others, and the notification that says they can be resynced."""

    def __init__(self, stage: Stage, integrations: int) -> None:
        self._stage = stage
        self._names = itertools.cycle(org_names(integrations))
        self.errors: collections.Counter[str] = collections.Counter()
        self.notified = 0

    async def next(self, first: int, errors: Sequence[int]) -> None:
        """``first`` is the replica that is told first, and so begins at once."""
        names = [next(self._names) for _ in errors]
        for name, count in zip(names, errors, strict=True):
            body = {"category": "permissions", "error_type": "salesforce_field_permissions", "count": count}
            answer = await self._stage.http.post(f"{self._stage.simulator}/control/{name}/add-errors", json=body)
            answer.raise_for_status()
            self.errors[name] += count
        self.notified += len(names)
        await self._notify(first, [alert(integration=name, fingerprint=f"{self.notified:016x}") for name in names])

    async def _notify(self, first: int, alerts: Sequence[dict[str, object]]) -> None:
        """Both Alertmanagers of a pair tell, each another replica, until one is answered."""
        told = [await self._post(number, alerts) for number in (first, 1 - first)]
        while not any(told):
            await asyncio.sleep(0.5)
            told = [await self._post(number, alerts) for number in (first, 1 - first)]

    async def _post(self, replica: int, alerts: Sequence[dict[str, object]]) -> bool:
        url = f"{self._stage.replicas[replica].url}/alertmanager/webhook"
        headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        try:
            answer = await self._stage.http.post(url, json=notification(*alerts), headers=headers)
        except httpx.TransportError:
            return False
        assert answer.status_code in {200, 202, 503}
        return answer.is_success


async def until(seen: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await seen():  # noqa: ASYNC110  what is waited for is seen, not signalled
            await asyncio.sleep(0.2)


async def all_ended(stage: Stage, jobs: int, seconds: float) -> None:
    async def ended() -> bool:
        return await asyncio.to_thread(unfinished, stage.store) == (jobs, 0)

    await until(ended, seconds)


async def judged(stage: Stage, waves: Waves, blows: Sequence[Blow], began: float) -> Run:
    accepted = {}
    for name in waves.errors:
        accepted[name] = (await stage.http.get(f"{stage.simulator}/control/{name}/resyncs")).json()["records"]
    return Run(
        read_requests(stage.requests, stage.hosts),
        read_books(stage.store),
        blows,
        waves.errors,
        accepted,
        time.time() - began,
    )


def check(run: Run) -> None:
    assert run.not_resynced() == []
    assert {job.state for job in run.books.jobs} == {"done"}
    assert sum(job.succeeded for job in run.books.jobs) == sum(run.errors.values())
    assert run.sent_too_often() == []
    assert max(len(request.error_ids) for request in run.requests) <= 100
    assert run.sent_without_lease() == []
    assert run.polled_by_two() == []
    assert run.interleaved_polls() == []
    assert run.polled_without_claim() == []
    assert run.over_the_rate() == []
    assert run.most_at_once("/search", 1.0) <= Settings().searches_per_second
    assert run.most_of_salesforce() <= CALLS_A_DAY
    assert run.sent_while_stopped() == 0
    assert max(run.takeovers(KILL), default=0.0) <= TAKEN_OVER


@pytest.mark.binaries
async def test_replicas_that_are_struck(tmp_path: Path) -> None:
    """Killed, stopped for longer than a lease and cut off from store and APIs, with work under way each time: every
    error is resynced, nothing is sent by who may have lost it, and no source is polled by two. One of the replicas
    reaches the store by way of PgBouncer."""
    async with _stage(tmp_path, SMALL, "direct", "pooled") as stage:
        began, waves, blows = time.time(), Waves(stage, SMALL.integrations), []
        one, two = stage.replicas
        await waves.next(1, (250, *[50] * 5))
        blows.append(await two.suffer(Fault(KILL, 1, 0.0, 0.0)))
        await waves.next(0, [50] * 6)
        stopped = asyncio.create_task(one.suffer(Fault(STOP, 0, 0.0, LEASE + 0.5)))
        await two.until_ready(stage.http)
        for cut in (CUT_APIS, CUT_STORE):
            await waves.next(1, [50] * 6)
            blows.append(await two.suffer(Fault(cut, 1, 0.0, 2.0)))
        blows.append(await stopped)
        await until(lambda: _asks(stage, one, since=blows[-1].over_at), 30.0)
        await all_ended(stage, waves.notified, 40.0)
        run = await judged(stage, waves, blows, began)
    check(run)
    assert run.takeovers(KILL)


async def _asks(stage: Stage, replica: Replica, since: float) -> bool:
    requests = read_requests(stage.requests, stage.hosts)
    return any(request.who == replica.name and request.began > since for request in requests)


@contextlib.asynccontextmanager
async def _stage(folder: Path, size: Size, *ways: str) -> AsyncIterator[Stage]:
    with running_server() as server:
        url = server.new_database()
        with pooled(url) as through:
            urls = [through if way == "pooled" else url for way in ways]
            async with running_stage(folder, size, url, urls) as stage:
                yield stage


async def play(folder: Path, way: str, plan: Sequence[Fault], seed: int) -> Run:
    dice = random.Random(seed)
    async with _stage(folder, FULL, way, way) as stage:
        began, waves, blows = time.time(), Waves(stage, FULL.integrations), []
        for number, fault in enumerate(plan, 1):
            first = fault.replica if dice.random() < STRAIGHT else 1 - fault.replica
            await waves.next(first, dice.sample(ERRORS, len(ERRORS)))
            blow = await stage.replicas[fault.replica].suffer(fault)
            blows.append(blow)
            await stage.replicas[fault.replica].until_ready(stage.http)
            sys.stdout.write(
                f"{blow.struck_at - began:6.1f} s  {number:2}  {fault.kind}, replica {fault.replica + 1}: "
                f"{blow.over_at - blow.struck_at:.1f} s\n"
            )
            sys.stdout.flush()
        await all_ended(stage, waves.notified, 300.0)
        return await judged(stage, waves, blows, began)


def report(run: Run) -> Sequence[str]:
    errors, polls = sum(run.errors.values()), [request for request in run.requests if request.source]
    jobs = [job.finished_at - job.created_at for job in run.books.jobs if job.finished_at is not None]
    takeovers = {kind: [round(each, 1) for each in run.takeovers(kind)] for kind in (KILL, STOP, CUT_STORE)}
    return (
        f"{len(run.errors)} integrations, {errors} errors, {len(run.blows)} faults in {run.seconds:.0f} s",
        f"jobs: {len(run.books.jobs)}, states {dict(collections.Counter(job.state for job in run.books.jobs))}; "
        f"the longest took {max(jobs):.1f} s",
        f"not resynced, or resynced twice: {len(run.not_resynced())} {run.not_resynced()[:3]}",
        f"errors by how many requests named them: {dict(run.sent_times())}; too often: {run.sent_too_often()[:3]}",
        f"sent without its lease: {len(run.sent_without_lease())} {run.sent_without_lease()[:3]}",
        f"requests: {len(run.requests)} ({len(run.requests) / run.seconds:.0f}/s), {len(polls)} of polls, "
        f"{len(run.requests) - len(run.prompt())} held up by a cut line",
        f"polled by two at once: {len(run.polled_by_two())} {run.polled_by_two()[:3]}",
        f"polls of two interleaved: {len(run.interleaved_polls())} {run.interleaved_polls()[:3]}",
        f"polled without a claim: {len(run.polled_without_claim())} {run.polled_without_claim()[:3]}",
        f"answered with 429: {len(run.over_the_rate())}; of one org at most {run.most_at_once('/search', 1.0)} "
        f"searches in a second, and {run.most_of_salesforce()} of {CALLS_A_DAY} calls of Salesforce",
        f"sent while it stood still: {run.sent_while_stopped()}; after waking (seconds stopped, requests in 5 s, of "
        f"them begun before): {[(round(seconds), after, stale) for seconds, after, stale in run.woken()]}",
        f"seconds from a fault to the next claim of a job: {takeovers}",
        f"longest time without a poll of Sync Health: {run.longest_gap('sync_health'):.1f} s",
    )


def main() -> None:
    """Prints what the run was like; fails if anything was lost or sent twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--long-stops", type=int, default=2, help="of three minutes; the others last 21 to 27 seconds")
    parser.add_argument("--pooled", action="store_true", help="by way of PgBouncer")
    parser.add_argument("--folder", type=Path, help="where configurations and logs are to stay")
    options = parser.parse_args()
    plan = faults(options.seed, options.faults, options.long_stops)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        run = asyncio.run(play(folder, "pooled" if options.pooled else "direct", plan, options.seed))
    sys.stdout.write("\n".join([*report(run), ""]))
    check(run)
    sys.stdout.write("nothing was lost, and nothing sent by who had lost it\n")


if __name__ == "__main__":
    main()
