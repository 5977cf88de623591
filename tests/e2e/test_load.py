"""Hundreds of integrations, every source on, against the simulator as a process of its own.

``make load`` runs the same by hand: ``python -m tests.e2e.test_load --integrations=500 --compression=10 --seconds=60``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from exporter.clock import SystemClock
from exporter.demo.processes import free_port, running
from exporter.polling.poller import Poller
from tests.e2e.load import Load, compressed, open_poller, org_names, resident_mebibytes, simulator, write_config
from tests.pages import Page


async def run_load(folder: Path, integrations: int, intervals: dict[str, float], seconds: float) -> Load:
    """Polls for so long after the first round of everything."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config = write_config(folder, url, integrations, intervals)
    async with (
        running(simulator(port, integrations), folder / "simulator.log"),
        open_poller(config, SystemClock()) as (poller, exposition),
    ):
        polling = asyncio.create_task(poller.run())
        try:
            await first_round(poller, max(intervals.values()))
            asked = total(await requests_of(url, integrations))
            poller.forget_times()
            began, cpu = time.monotonic(), time.process_time()
            memory = resident_mebibytes()
            await asyncio.wait([polling], timeout=seconds)
            took, cpu = time.monotonic() - began, time.process_time() - cpu
            memory_last = resident_mebibytes()
        finally:
            polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await polling
        simulated = await requests_of(url, integrations)
        page = Page(exposition.page("")[0].decode())
        return Load(poller, simulated, total(simulated) - asked, page, took, cpu, memory, memory_last)


async def first_round(poller: Poller, seconds: float) -> None:
    """Until every source of every integration was tried."""
    deadline = time.monotonic() + 60 + seconds
    while not poller.tried():
        assert time.monotonic() < deadline, "the first round has no end"
        await asyncio.sleep(0.05)


async def requests_of(url: str, integrations: int) -> dict[str, dict[str, int]]:
    """What every org was asked, by the simulator's own counters."""
    counted = {}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        for name in org_names(integrations):
            counted[name] = (await http.get(f"{url}/control/{name}")).json()["requests"]
    return counted


def total(requests: Mapping[str, Mapping[str, int]]) -> int:
    """All of them."""
    return sum(sum(org.values()) for org in requests.values())


async def test_integrations_by_the_dozen(tmp_path: Path) -> None:
    """Intervals of seconds: no poll fails or runs into its deadline, none is made twice, memory stays flat."""
    load = await run_load(tmp_path, integrations=20, intervals=compressed(40), seconds=6)
    assert load.errors() == {}
    assert load.surplus() == []
    assert load.closest() > 0.95
    assert max(load.poller.behind) < 5
    assert load.memory_last < 1.1 * load.memory_first
    for target in load.poller.targets:
        assert load.poller.ended[target]
        assert load.page.value("source_up", integration=target.integration, source=target.source.name) == 1


def main() -> None:
    """Prints what the run was like."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, default=500)
    parser.add_argument("--compression", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load = asyncio.run(
            run_load(Path(folder), options.integrations, compressed(options.compression), options.seconds)
        )
    sys.stdout.write("\n".join([f"{options.integrations} integrations, {options.compression:g}:1", *load.report(), ""]))


if __name__ == "__main__":
    main()
