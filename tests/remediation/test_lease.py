"""How long a job is ours for sure."""

from __future__ import annotations

import asyncio

import pytest

from exporter.errors import LeaseLost
from exporter.remediation.lease import LEASE, MARGIN, Lease
from tests.remediation.at_work import A_JOB, DEADLINE


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_while_the_lease_lasts_what_is_sent_is_sent() -> None:
    """As often as there is something."""
    lease = Lease(A_JOB)
    for _ in range(2):
        async with lease.held():
            await asyncio.sleep(0)


async def test_nothing_is_sent_once_the_lease_may_have_run_out() -> None:
    """As after a standstill of the process: another may be at the job. A little earlier, in fact."""
    lease = Lease(A_JOB)
    lease.extend(now() - LEASE + MARGIN)
    with pytest.raises(LeaseLost, match="the lease of job 1 has run out"):
        async with lease.held():
            pytest.fail("sent")


async def test_what_is_under_way_when_the_lease_runs_out_is_given_up() -> None:
    """Its answer may come when another has sent the same."""
    lease = Lease(A_JOB)

    async def send() -> None:
        async with lease.held():
            await asyncio.Event().wait()

    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    lease.extend(now() - LEASE)
    async with asyncio.timeout(DEADLINE):
        with pytest.raises(LeaseLost):
            await sending


async def test_a_renewal_lets_what_is_under_way_go_on() -> None:
    """It counts from when the store was asked, not from when it answered."""
    lease = Lease(A_JOB)
    answered = asyncio.Event()

    async def send() -> None:
        async with lease.held():
            await answered.wait()

    lease.extend(now() - LEASE + MARGIN + 0.2)
    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    lease.extend(now())
    asyncio.get_running_loop().call_later(0.3, answered.set)
    async with asyncio.timeout(DEADLINE):
        await sending


async def test_a_timeout_of_the_other_side_is_one_of_the_other_side() -> None:
    """And no lease lost."""
    with pytest.raises(TimeoutError):
        async with Lease(A_JOB).held():
            raise TimeoutError
