"""A bench for the remediation, on the simulator of this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import httpx
import pytest

from exporter.config.settings import Config
from exporter.remediation.actions.bridge import BridgeResync
from exporter.store.batches import BatchStore
from exporter.store.jobs import JobStore
from tests.clocks import ManualClock
from tests.remediation.bench import Bench, MakeAction, MakeBatches, MakeJobs, open_bench


class OpenBench(Protocol):
    """Opens a bench; opening another on the same configuration is a restart, or a second process."""

    def __call__(
        self,
        config: Config,
        make_jobs: MakeJobs = JobStore,
        make_batches: MakeBatches = BatchStore,
        make_action: MakeAction = BridgeResync,
    ) -> AbstractAsyncContextManager[Bench]: ...


@pytest.fixture
def open_on(clock: ManualClock, transport: httpx.ASGITransport) -> OpenBench:
    def opened(
        config: Config,
        make_jobs: MakeJobs = JobStore,
        make_batches: MakeBatches = BatchStore,
        make_action: MakeAction = BridgeResync,
    ) -> AbstractAsyncContextManager[Bench]:
        return open_bench(config, clock, transport, make_jobs, make_batches, make_action)

    return opened


@pytest.fixture
async def bench(open_on: OpenBench, config: Config) -> AsyncIterator[Bench]:
    """A bench that has polled everything once."""
    async with open_on(config) as opened:
        await opened.poll()
        yield opened
