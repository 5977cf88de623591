"""From the order to the exit code, at a desk of paper."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from rich.console import Console

from exporter.commands.resync.course import Course
from exporter.commands.resync.job import Job
from exporter.commands.resync.plan import Plan
from exporter.commands.resync.wanted import Wanted
from exporter.errors import ConnectError, ExporterError, UsageError
from tests.remediation.at_work import until

WANTED = Wanted("acme", ("picklists",))
PLAN = Plan("bridge", records=3, batches=1, calls=12)
QUEUED = Job(7, "acme", "bridge", "queued")
DONE = replace(QUEUED, state="done", planned=3, outcomes={"succeeded": 3})


@dataclass
class Desk:
    """What is looked at next is the next of ``jobs``, or raised, and the last one for ever; ``done`` is what was."""

    jobs: list[Job | ExporterError]
    drawn: Plan = PLAN
    earlier: Job | None = None
    done: list[str] = field(default_factory=list)
    look_pause = 0.0
    flag = "--url=…"
    leaving = "wait"

    async def plan(self, _wanted: Wanted) -> Plan:
        return self.drawn

    async def unfinished(self, _wanted: Wanted) -> Job | None:
        return self.earlier

    async def place(self, _wanted: Wanted) -> int:
        self.done.append("placed")
        return 7

    async def job(self, _job_id: int) -> Job:
        found = self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]
        if isinstance(found, ExporterError):
            raise found
        return found

    async def approve(self, _job_id: int) -> None:
        self.done.append("approved")

    async def cancel(self, _job_id: int) -> None:
        self.done.append("cancelled")

    @contextlib.asynccontextmanager
    async def at_work(self, job: Job) -> AsyncIterator[None]:
        self.done.append(f"at work on {job.id}")
        yield

    def left(self, _job: Job) -> str:
        return "It goes on."


@dataclass
class Taken:
    """A course, and what it has said."""

    course: Course
    said: io.StringIO


def taken(desk: Desk, *, yes: bool = True, with_proof: bool = False) -> Taken:
    said = io.StringIO()
    return Taken(Course(desk, Console(file=said, width=80), yes=yes, with_proof=with_proof), said)


async def test_an_order_is_placed_and_watched() -> None:
    """0 when all of it is done."""
    desk = Desk([QUEUED, QUEUED, replace(QUEUED, state="running"), DONE])
    assert await taken(desk).course.order(WANTED, dry_run=False) == 0
    assert desk.done == ["placed", "at work on 7"]


@pytest.mark.parametrize(
    "end",
    [
        replace(DONE, state="partly_failed", outcomes={"succeeded": 2, "failed": 1}),
        replace(DONE, state="failed", message="given up"),
        replace(DONE, state="cancelled"),
        replace(DONE, left_out={"cooldown": 1}),
    ],
)
async def test_what_failed_or_was_refused_is_no_success(end: Job) -> None:
    """1."""
    assert await taken(Desk([QUEUED, end])).course.order(WANTED, dry_run=False) == 1


async def test_nothing_to_resync_makes_no_job() -> None:
    """0; 1 if that is because all of it was left out."""
    desk = Desk([QUEUED], drawn=replace(PLAN, records=0, batches=0))
    assert await taken(desk).course.order(WANTED, dry_run=False) == 0
    desk.drawn = replace(desk.drawn, refused={"cooldown": 3})
    assert await taken(desk).course.order(WANTED, dry_run=False) == 1
    assert desk.done == []


async def test_a_dry_run_only_looks() -> None:
    """Also where an earlier job for the same has not ended, which it mentions."""
    desk = Desk([QUEUED], earlier=replace(QUEUED, id=5))
    course = taken(desk, yes=False)
    assert await course.course.order(WANTED, dry_run=True) == 0
    assert "job 5, ordered before for the same, has not ended" in course.said.getvalue()
    assert desk.done == []


async def test_an_earlier_job_for_the_same_is_gone_on_with() -> None:
    """No other is placed."""
    desk = Desk([replace(DONE, id=5)], earlier=replace(QUEUED, id=5))
    assert await taken(desk).course.order(WANTED, dry_run=False) == 0
    assert desk.done == ["at work on 5"]


async def test_a_job_that_needs_approval_is_not_waited_for() -> None:
    """It may take days: 1, and how to approve it."""
    waits = replace(QUEUED, waits_for="needs_approval", message="12 records are more than max_records (10)")
    course = taken(Desk([QUEUED, waits]))
    assert await course.course.order(WANTED, dry_run=False) == 1
    assert "job 7 waits for approval: 12 records are more than max_records (10)" in course.said.getvalue()
    assert "hubspot-salesforce-exporter resync --url=… --approve=7 acme" in course.said.getvalue()


async def test_an_approved_job_is_watched() -> None:
    """One that waits for nobody is not approved, nor one of another integration."""
    waits = replace(QUEUED, waits_for="needs_approval")
    desk = Desk([waits, QUEUED, DONE])
    assert await taken(desk).course.approve(7, "acme") == 0
    assert desk.done == ["approved", "at work on 7"]
    with pytest.raises(UsageError, match="job 7 does not wait for approval: it is done"):
        await taken(Desk([DONE])).course.approve(7, "acme")
    with pytest.raises(UsageError, match="job 7 is of acme, not of beta"):
        await taken(Desk([waits])).course.approve(7, "beta")


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (replace(DONE, state="cancelled"), "job 7 has ended: cancelled\n"),
        (replace(QUEUED, state="running"), "job 7 ends before its next batch\n"),
    ],
    ids=["one that waited", "one under way"],
)
async def test_a_cancelled_job_is_told_as_it_is(then: Job, words: str) -> None:
    """Only one that is worked on has a batch under way that is waited for."""
    course = taken(Desk([QUEUED, then]))
    assert await course.course.cancel(7, "acme") == 0
    assert course.said.getvalue() == words


async def test_a_job_is_ended_if_it_is_the_integrations() -> None:
    """The same."""
    desk = Desk([QUEUED])
    assert await taken(desk).course.cancel(7, "acme") == 0
    with pytest.raises(UsageError, match="of acme, not of beta"):
        await taken(desk).course.cancel(7, "beta")
    assert desk.done == ["cancelled"]


async def test_the_proof_is_waited_for_where_it_is_wanted() -> None:
    """Then only what is cured is a success."""
    accepted = replace(DONE, proof={"waiting": 3})
    cured, unchanged = replace(DONE, proof={"cured": 3}), replace(DONE, proof={"cured": 2, "unchanged": 1})
    assert await taken(Desk([QUEUED, accepted, cured]), with_proof=True).course.order(WANTED, dry_run=False) == 0
    assert await taken(Desk([QUEUED, accepted, unchanged]), with_proof=True).course.order(WANTED, dry_run=False) == 1
    course = taken(Desk([QUEUED, accepted]))
    assert await course.course.order(WANTED, dry_run=False) == 0
    assert "resync --url=… --wait-for-proof --job=7 acme" in course.said.getvalue()


async def test_somebody_who_does_not_answer_for_a_moment_is_waited_for() -> None:
    """As an exporter that is restarted; what nobody has a job for ends it."""
    away = ConnectError("the connection is refused")
    course = taken(Desk([QUEUED, away, away, DONE]))
    assert await course.course.go_on(7, "acme") == 0
    assert "job 7: the connection is refused, not begun" in course.said.getvalue()
    with pytest.raises(UsageError, match="there is no job"):
        await taken(Desk([QUEUED, UsageError("there is no job 7")])).course.go_on(7, "acme")


async def test_who_interrupts_is_told_how_to_go_on() -> None:
    """At once that it takes a moment, then how far the job is; one that has ended meanwhile is told as ever."""
    running = replace(QUEUED, state="running", planned=3, outcomes={"succeeded": 1, "pending": 2})
    for last, code in ((running, None), (DONE, 0)):
        desk = Desk([QUEUED])
        course = taken(desk)
        task = asyncio.create_task(course.course.go_on(7, "acme"))
        await until(lambda: "job 7" in course.said.getvalue())  # noqa: B023  called at once
        desk.jobs = [last]
        task.cancel()
        await asyncio.wait([task])
        assert (None if task.cancelled() else task.result()) == code
        said = course.said.getvalue().splitlines()
        assert said[1] == "wait"
        if task.cancelled():
            assert said[2:] == [
                "Interrupted. 1 of 3 records have their outcome. It goes on.",
                "To go on with it:",
                "  hubspot-salesforce-exporter resync --url=… --job=7 acme",
            ]
