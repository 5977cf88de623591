"""Where resyncs are ordered: at a running exporter, or at the store itself."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from exporter.commands.resync.job import Job
from exporter.commands.resync.plan import Plan
from exporter.commands.resync.wanted import Wanted


class Desk(Protocol):
    """Raises ``UpstreamError`` and ``StoreError`` for what may pass, other ``ExporterError`` for what does not.

    ``look_pause`` are seconds between two looks at a job; ``flag`` says which desk it is, as on the command line;
    ``leaving`` is said to who interrupts and has to wait for it, empty if nobody has to.
    """

    look_pause: float
    leaving: str
    flag: str

    async def plan(self, wanted: Wanted) -> Plan:
        """What would be done; changes nothing."""

    async def unfinished(self, wanted: Wanted) -> Job | None:
        """The job of an earlier order for the same, if it has not ended."""

    async def place(self, wanted: Wanted) -> int:
        """The number of the job that was made."""

    async def job(self, job_id: int) -> Job:
        """The job as it is now; raises ``UsageError`` if there is none."""

    async def approve(self, job_id: int) -> None:
        """Lets it go on; raises ``UsageError`` if it does not wait for approval."""

    async def cancel(self, job_id: int) -> None:
        """Ends it before its next batch; raises ``UsageError`` if it has ended."""

    def at_work(self, job: Job) -> AbstractAsyncContextManager[None]:
        """Inside the job is worked on, if that is done here. At the end it is left as it is, after the requests that
        are under way: somebody can go on with it."""

    def left(self, job: Job) -> str:
        """What becomes of a job that is left before its end, for a person."""
