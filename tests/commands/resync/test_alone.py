"""``resync`` at the store itself, against a real simulator, and beside a real ``serve`` on the same SQLite file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx

from exporter.commands.resync.alone import Alone
from exporter.commands.resync.job import Job
from exporter.commands.resync.wanted import Wanted
from exporter.config.settings import Config
from exporter.demo.processes import running
from exporter.demo.simulator.org import Org
from exporter.demo.stage import ORG, Stage, exporter_program
from tests.clocks import ManualClock
from tests.commands.program import SECONDS
from tests.commands.resync.conftest import ChangeConfig
from tests.commands.resync.started import alone, run, started
from tests.commands.staged import act, assert_one_line
from tests.conftest import WEBHOOK_TOKEN, Start, client_of

PICKLISTS = {"category": "picklists", "error_type": "option_limit_exceeded"}


async def asked(stage: Stage) -> tuple[int, int]:
    """Requests that the simulated HubSpot got, and records that it resynced."""
    async with httpx.AsyncClient(trust_env=False) as http:
        resyncs = (await http.get(f"{stage.simulator}/control/{ORG}")).json()["resyncs"]
    return resyncs["requests"], resyncs["records"]


async def add_incurable(stage: Stage, count: int) -> None:
    """Errors that come back with HubSpot's next round."""
    await act(stage, "cause", name="no such option", holds=True)
    await act(stage, "add-errors", count=count, cause="no such option", **PICKLISTS)


async def test_a_plan_is_shown_and_nothing_done(stage: Stage) -> None:
    """A dry run: what, how much, how long; 0, also where nobody can be asked."""
    await act(stage, "add-errors", count=230, **PICKLISTS)
    await act(stage, "add-errors", count=5, category="other", error_type="unknown")
    ended = await run(*alone(stage), "--category=picklists", "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert "to resync    230 records by bridge, in 3 batches" in ended.out
    assert "Salesforce   up to 920 API calls" in ended.out
    assert "to resync    235 records" in (await run(*alone(stage), "--dry-run")).out
    assert await asked(stage) == (0, 0)


async def test_who_cannot_be_asked_has_to_agree_before(stage: Stage) -> None:
    """One line, before anything is read."""
    assert_one_line(await run(*alone(stage)), "there is no terminal to ask on: add --yes")


async def test_all_of_it_is_done(stage: Stage) -> None:
    """The table of outcomes, without a sign that steers a terminal; 0. A second time nothing is left to do."""
    await act(stage, "add-errors", count=30, **PICKLISTS)
    ended = await run(*alone(stage), "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"job 1 of acme: done after \d+ s\noutcome +records  reason *\nsucceeded +30 *\n", ended.out)
    assert "--wait-for-proof --job=1 acme" in ended.out
    assert ended.out.replace("\n", "").isprintable()
    again = await run(*alone(stage), "--job=1")
    assert (again.code, again.err) == (0, "")
    assert "succeeded       30" in again.out


async def test_records_left_out_are_told(stage: Stage) -> None:
    """Those resynced a short while ago: nothing is left to resync, which is no success."""
    await add_incurable(stage, 3)
    assert (await run(*alone(stage), "--yes")).code == 0
    await act(stage, "tick")
    ended = await run(*alone(stage), "--yes")
    assert ended.code == 1
    assert "left out     3 records (cooldown: resynced a short while ago)" in ended.out


async def test_somebody_at_the_terminal_is_asked(stage: Stage) -> None:
    """No answer is none; yes is yes."""
    await act(stage, "add-errors", count=3, **PICKLISTS)
    async with started(*alone(stage), at_terminal=True) as process:
        await process.says("Resync them? [y/N] ")
        process.types("\x04")
        ended = await process.ended()
    assert ended.code == 1
    assert ended.out.endswith("nothing was ordered\n")
    async with started(*alone(stage), at_terminal=True) as process:
        await process.says("Resync them? [y/N] ")
        ended = await process.interrupted()
    assert ended.code == 130
    async with started(*alone(stage), at_terminal=True) as process:
        await process.says("Resync them? [y/N] ")
        process.types("yes\n")
        ended = await process.ended()
    assert (ended.code, await asked(stage)) == (0, (1, 3))


async def test_what_is_interrupted_goes_on(stage: Stage, change_config: ChangeConfig) -> None:
    """While a large job waits for what its first batches do: it says how to go on, and the same command does. No record
    is resynced twice."""
    change_config(verify_after="3s")
    await act(stage, "add-errors", count=230, **PICKLISTS)
    async with started(*alone(stage), "--yes") as process:
        await process.says("the first batches are sent")
        ended = await process.interrupted()
    assert (ended.code, ended.err) == (130, "")
    assert "Interrupted. 200 of 230 records have their outcome. Job 1 is back in the queue" in ended.out
    (command,) = re.findall(r"hubspot-salesforce-exporter resync (.*)\n", ended.out)
    assert command == f"{alone(stage)[0]} --job=1 {ORG}"
    ended = await run(*alone(stage), "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("job 1, ordered before for the same, has not ended: on with it\n")
    assert "succeeded      230" in ended.out
    assert await asked(stage) == (3, 230)


async def test_a_job_waits_for_the_gate(stage: Stage) -> None:
    """While three quarters of the allocation are used; as soon as there is room the job is done."""
    await act(stage, "add-errors", count=3, **PICKLISTS)
    await act(stage, "use-api-calls", app="HubSpot", calls=46_000)
    async with started(*alone(stage), "--yes") as process:
        await process.says("job 1: waits (api_budget: 46000 of 60000 allocated API calls are used")
        assert await asked(stage) == (0, 0)
        await act(stage, "allocation", calls=90_000)
        ended = await process.ended()
    assert (ended.code, ended.err) == (0, "")
    assert "waits for    api_budget: 46000 of 60000" in ended.out


async def test_what_was_cured_is_waited_for(stage: Stage, change_config: ChangeConfig) -> None:
    """Accepted is not cured: 1 if it is not."""
    change_config(verify_after="1s")
    await act(stage, "add-errors", count=4, **PICKLISTS)
    ended = await run(*alone(stage), "--yes", "--wait-for-proof")
    assert ended.code == 0
    assert re.search(r"cured +4  of those that succeeded", ended.out)
    change_config(verify_after="3s")
    await add_incurable(stage, 2)
    async with started(*alone(stage), "--yes", "--wait-for-proof") as process:
        await process.says("and waits until it can be seen what was cured")
        await act(stage, "tick")
        ended = await process.ended()
    assert ended.code == 1
    assert re.search(r"(came back|unchanged) +2  of those that succeeded", ended.out)


async def test_a_large_job_waits_for_approval(stage: Stage, change_config: ChangeConfig) -> None:
    """--yes is none: it ends with how to approve it, and --approve does the rest; or --cancel ends it."""
    change_config(of_integration={"max_records": 5})
    await act(stage, "add-errors", count=6, **PICKLISTS)
    ended = await run(*alone(stage), "--yes")
    assert (ended.code, await asked(stage)) == (1, (0, 0))
    assert "approval     so many records wait until somebody approves the job" in ended.out
    assert f"To approve it:\n  hubspot-salesforce-exporter resync {alone(stage)[0]} --approve=1 {ORG}\n" in ended.out
    ended = await run(*alone(stage), "--cancel=1")
    assert (ended.code, ended.out) == (0, "job 1 has ended: cancelled\n")
    assert_one_line(await run(*alone(stage), "--approve=1", "--yes"), "job 1 does not wait for approval: it is cancel")
    assert (await run(*alone(stage), "--yes")).code == 1
    ended = await run(*alone(stage), "--approve=2", "--yes")
    assert (ended.code, await asked(stage)) == (0, (1, 6))


async def test_what_cannot_be_done_is_said(stage: Stage, change_config: ChangeConfig) -> None:
    """A way that is not configured, a remediation that is switched off, a bridge that refuses."""
    await act(stage, "add-errors", count=3, **PICKLISTS)
    assert_one_line(await run(*alone(stage), "--action=hook", "--yes"), "the action hook needs")
    change_config(dry_run=True)
    ended = await run(*alone(stage), "--yes")
    assert ended.code == 1
    assert "remediation.dry_run is true" in ended.err
    await act(stage, "fault", api="bridge", fault="unauthorized")
    assert_one_line(await run(*alone(stage), "--dry-run"), "The bridge does not take the token.")


async def test_beside_a_running_exporter(stage: Stage) -> None:
    """On the same SQLite store whoever comes first does the job, and both go on."""
    async with running(exporter_program(stage), stage.folder / "exporter.log") as exporter:
        for number in range(1, 6):
            await act(stage, "add-errors", count=150, **PICKLISTS)
            ended = await run(*alone(stage), "--yes")
            assert (ended.code, ended.err) == (0, ""), (number, ended)
            assert "succeeded      150" in ended.out
        async with httpx.AsyncClient(trust_env=False) as http:
            jobs = (await http.get(f"{stage.exporter}/api/v1/resyncs")).json()["jobs"]
        assert [job["records"]["succeeded"] for job in jobs] == [150] * 5
        assert exporter.returncode is None
    assert "level=error" not in (stage.folder / "exporter.log").read_text()
    assert await asked(stage) == (10, 750)


async def test_a_suspension_that_another_process_is_told_of_stops_it(
    start: Start, config: Config, clock: ManualClock, acme: Org
) -> None:
    """As soon as the report is in the store; once it is over the job goes on."""
    acme.omitted_parts = frozenset({"suspension"})
    acme.add_errors("picklists", "option_limit_exceeded", 3)

    async def report(http: httpx.AsyncClient, **body: Any) -> None:
        headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        body = {"integration": "acme", "reason": None, **body}
        (await http.post("/api/v1/suspensions", json=body, headers=headers)).raise_for_status()

    async with start(config) as service, start(config) as other, client_of(other) as http:
        desk = Alone(service, "", clock)
        await report(http, suspended=True, reason="unknown_error")
        job = await desk.job(await desk.place(Wanted("acme")))

        async def seen(what: Callable[[Job], bool]) -> None:
            async with asyncio.timeout(SECONDS):
                while not what(await desk.job(job.id)):
                    clock.advance_to_next()
                    await asyncio.sleep(0.01)

        async with desk.at_work(job):
            await seen(lambda job: job.waits_for == "suspended")
            await report(http, suspended=False)
            await seen(lambda job: job.state == "done")
    assert acme.resyncs.records.total() == 3
