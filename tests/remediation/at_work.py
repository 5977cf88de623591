"""Jobs at work: what there is to do for them, and what happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from exporter.demo.simulator.org import Org
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.worker import Worker
from exporter.store.job import Job

PERMISSIONS = ("permissions", "salesforce_field_permissions")
DEADLINE = 5.0
A_JOB = Job(
    id=1,
    integration="acme",
    alert="HubSpotSalesforceSyncErrors",
    action="touch",
    errors=frozenset({("other", "unknown")}),
    cooldown=3600.0,
    max_attempts=5,
    listed=True,
    failures=0,
    refused_for="",
    created_at=1_800_000_000.123,
)


def permission_errors(org: Org, count: int, **more: Any) -> list[str]:
    return org.add_errors(*PERMISSIONS, count, **more)


def records(**counts: int) -> dict[str, int]:
    return {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0, **counts}


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """The worker as the service runs it."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(seen: Callable[[], bool]) -> None:
    """Fails if it is not seen in time."""
    async with asyncio.timeout(DEADLINE):
        while not seen():  # noqa: ASYNC110  what is waited for is seen, not signalled
            await asyncio.sleep(0)


class Interrupted(BridgeResync):
    """Calls ``between`` after each request of ten: something happens while a job runs."""

    batch_size = 10
    on_trial = False

    def __init__(self, client: Any, between: Callable[[], Any]) -> None:
        super().__init__(client)
        self._between = between

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        answer = await super().resync(error_ids, job)
        await self._between()
        return answer
