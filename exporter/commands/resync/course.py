"""What happens between the command and its end: a plan, a question, a job, its outcome. Returns exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from rich.console import Console

from exporter.commands.resync.desk import Desk
from exporter.commands.resync.job import Job
from exporter.commands.resync.outcome import ending, is_good, table
from exporter.commands.resync.plan import shown
from exporter.commands.resync.progress import Show, showing
from exporter.commands.resync.question import agreed, refuse_unless_agreed
from exporter.commands.resync.wanted import Wanted
from exporter.commands.resync.words import counted
from exporter.errors import ExporterError, StoreError, UpstreamError, UsageError

PATIENCE = 60.0
"""Seconds that a job is not given up for which nobody tells anything of: an exporter may be restarted meanwhile."""


@dataclass(frozen=True, slots=True)
class Course:
    """``yes``: nobody is asked. ``with_proof``: the end is when it has been seen what was cured."""

    desk: Desk
    console: Console
    yes: bool
    with_proof: bool

    async def order(self, wanted: Wanted, *, dry_run: bool) -> int:
        """A new resync, or on with one that was interrupted."""
        if not dry_run:
            refuse_unless_agreed(yes=self.yes)
        earlier = await self.desk.unfinished(wanted)
        if earlier is not None and not dry_run:
            self._say(f"job {earlier.id}, ordered before for the same, has not ended: on with it")
            return await self._follow(earlier)
        plan = await self.desk.plan(wanted)
        self.console.print(shown(plan, wanted.integration), markup=False, highlight=False)
        if earlier is not None:
            self._say(f"job {earlier.id}, ordered before for the same, has not ended: without --dry-run, on with it")
        if dry_run:
            return 0
        if not plan.records:
            return 1 if plan.refused else 0
        if not (self.yes or await agreed("Resync them?")):
            self._say("nothing was ordered")
            return 1
        return await self._follow(await self.desk.job(await self.desk.place(wanted)))

    async def go_on(self, job_id: int, integration: str) -> int:
        """On with this job, whoever ordered it."""
        return await self._follow(await self._job(job_id, integration))

    async def approve(self, job_id: int, integration: str) -> int:
        """Lets a job go on that waits for a human."""
        refuse_unless_agreed(yes=self.yes)
        job = await self._job(job_id, integration)
        if not job.needs_approval:
            raise UsageError(f"job {job_id} does not wait for approval: it is {job.state.replace('_', ' ')}")
        self._say(f"job {job_id} of {integration} waits for approval: {job.message}")
        if not (self.yes or await agreed("Approve it?")):
            self._say("it still waits")
            return 1
        await self.desk.approve(job_id)
        return await self._follow(await self.desk.job(job_id))

    async def cancel(self, job_id: int, integration: str) -> int:
        """Ends a job: 0 once that is sure."""
        await self._job(job_id, integration)
        await self.desk.cancel(job_id)
        job = await self.desk.job(job_id)
        ends = f"has ended: {job.state.replace('_', ' ')}" if job.has_ended else "ends before its next batch"
        self._say(f"job {job_id} {ends}")
        return 0

    async def _job(self, job_id: int, integration: str) -> Job:
        job = await self.desk.job(job_id)
        if job.integration != integration:
            raise UsageError(f"job {job_id} is of {job.integration}, not of {integration}")
        return job

    async def _follow(self, job: Job) -> int:
        """Until its end, or until only a human can let it go on."""
        began = None if job.has_ended else time.monotonic()
        try:
            async with self.desk.at_work(job):
                job = await self._shown(job)
        except asyncio.CancelledError:
            with contextlib.suppress(ExporterError):
                job = await self.desk.job(job.id)
            if not job.has_ended:
                self._say(f"Interrupted. {self._standing(job)} {self.desk.left(job)}")
                self._say_how("To go on with it:", f"--job={job.id}", job)
                raise
        return self._end(job, None if began is None else time.monotonic() - began)

    async def _shown(self, job: Job) -> Job:
        try:
            with showing(self.console) as show:
                return await self._watch(job, show)
        except asyncio.CancelledError:
            if self.desk.leaving:
                self._say(self.desk.leaving)
            raise

    async def _watch(self, job: Job, show: Show) -> Job:
        answered_at = time.monotonic()
        while True:
            trouble = ""
            try:
                job = await self.desk.job(job.id)
                answered_at = time.monotonic()
            except (StoreError, UpstreamError) as error:
                if time.monotonic() - answered_at > PATIENCE:
                    raise
                trouble = str(error)
            if not trouble and (self._is_over(job) or job.needs_approval):
                return job
            show(job, trouble)
            await asyncio.sleep(self.desk.look_pause)

    def _is_over(self, job: Job) -> bool:
        return job.has_ended and not (self.with_proof and job.waits_for_proof)

    def _end(self, job: Job, seconds: float | None) -> int:
        if job.needs_approval:
            self._say(f"job {job.id} waits for approval: {job.message}")
            self._say_how("To approve it:", f"--approve={job.id}", job)
            return 1
        self._say(ending(job, seconds))
        outcomes = table(job)
        if outcomes is not None:
            self.console.print(outcomes, markup=False, highlight=False)
        if job.waits_for_proof:
            self._say_how("What it has cured, once that can be seen:", f"--wait-for-proof --job={job.id}", job)
        return 0 if is_good(job, with_proof=self.with_proof) else 1

    def _standing(self, job: Job) -> str:
        if job.planned is None:
            return "None of its records is listed yet."
        return f"{job.settled:,} of {counted(job.planned, 'record')} have their outcome."

    def _say_how(self, words: str, flag: str, job: Job) -> None:
        command = f"hubspot-salesforce-exporter resync {self.desk.flag} {flag} {job.integration}"
        self.console.print(words, command, sep="\n  ", markup=False, highlight=False, soft_wrap=True)

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=not self.console.is_terminal)
