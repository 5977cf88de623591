"""Row b: what a poll costs, and how many integrations one core keeps.

``python -m tests.bench.polling INTEGRATIONS COMPRESSION SECONDS`` is the process that is measured: the poller as the
service has it, alone on the first core, what answers on the second: the simulator's answers, played back (``canned``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import httpx

from exporter.clock import SystemClock
from exporter.config import defaults
from exporter.demo.processes import Program, free_port
from exporter.demo.processes import running as running_program
from exporter.demo.simulator.settings import Settings
from exporter.logs import set_up_logging
from exporter.polling.poller import POLL_DEADLINE
from exporter.polling.schedule import JITTER
from tests.bench.canned import ASKED
from tests.bench.machine import pin
from tests.bench.parts import looking
from tests.bench.table import Row, Target, percentile
from tests.e2e.load import WatchedPoller, compressed, open_poller, resident_mebibytes, simulator, write_config
from tests.e2e.test_load import first_round

CHEAP = Target(0.002)
MANY = Target(6_000, at_most=False)
NONE = Target(0)

BUSY = 0.9
"""Share of the core that polls may use: the rest is for scrapes, and for what comes in bursts."""

BARE_REQUESTS = 200


@dataclass(frozen=True, slots=True)
class Size:
    """Polled for ``seconds`` after the first round, twice: at ``compression``, and at ``full``, the load of the target.
    Beyond 35:1 an account's searches alone would take longer than HubSpot's pace allows."""

    integrations: int = 200
    compression: float = 6.0
    full: float = 30.0
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Polled:
    """One run. ``cpu`` are CPU seconds a poll, ``parts`` those by part; ``bare`` those of a bare request by httpx, of
    which a poll takes ``requests``; ``a_second`` are the polls that one integration has at the default intervals.
    ``missed`` began a whole interval late, or took longer than a poll may."""

    polls: int
    due: float
    cpu: float
    busy: float
    parts: Mapping[str, float]
    bare: float
    requests: float
    a_second: float
    behind: float
    missed: int
    resident: int


def rows(size: Size) -> Iterator[Row]:
    first = polled(size.integrations, size.compression, size.seconds)
    yield from of_poll("b", f"{size.integrations} integrations, {size.compression:g}:1", first)
    for part, seconds in sorted(first.parts.items(), key=lambda entry: -entry[1]):
        yield Row("b", f"CPU a poll: {part}", seconds, "s", "all of it", first.cpu)
    yield Row("b", f"integrations that one core would keep, by CPU a poll at {size.compression:g}:1", kept(first), "")
    full = polled(size.integrations, size.full, size.seconds)
    load = f"the load of {size.full * size.integrations:,.0f} ({size.integrations} at {size.full:g}:1)"
    yield from of_poll("b", f"at {load}", full)
    tried = size.full * size.integrations if full.missed == 0 else 0.0
    yield Row("b", "integrations that one core keeps at the default intervals, tried", tried, "", target=MANY)
    yield Row("b", f"polls begun at {load}", float(full.polls), "", "due", full.due)
    yield Row("b", f"missed deadlines at {load}", float(full.missed), "", target=NONE)
    yield Row("b", f"share of the core at {load}", full.busy, "")
    yield Row("b", f"start behind schedule at {load}, p99", full.behind, "s")


def of_poll(group: str, what: str, run: Polled) -> Iterator[Row]:
    against = f"{run.requests:.1f} bare requests by httpx, as many as a poll takes"
    yield Row(group, f"CPU a poll, {what}", run.cpu, "s", against, run.bare * run.requests, CHEAP)


def kept(run: Polled) -> float:
    """Integrations whose polls fit into the share of a core."""
    return BUSY / (run.cpu * run.a_second)


def polled(integrations: int, compression: float, seconds: float) -> Polled:
    """By a process of its own."""
    command = [sys.executable, "-m", "tests.bench.polling", str(integrations), str(compression), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return Polled(**json.loads(done.stdout))


async def live(folder: Path, integrations: int, compression: float, seconds: float) -> Polled:
    config_of = partial(write_config, folder, integrations=integrations, intervals=compressed(compression))
    # What answers is born where it is to stay.
    pin(os.getpid(), 1)
    async with _answering(folder, integrations) as url:
        pin(os.getpid(), 0)
        bare = await _bare(f"{url}/org-0001/bridge/sync-health")
        async with open_poller(config_of(url=url), SystemClock()) as (poller, exposition):
            polling = asyncio.create_task(poller.run())
            try:
                await first_round(poller, 600.0)
                # From now on every poll changes what was scraped.
                exposition.page("")
                return await _measured(poller, url, (integrations, compression, seconds), bare)
            finally:
                polling.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await polling


@contextlib.asynccontextmanager
async def _answering(folder: Path, integrations: int) -> AsyncIterator[str]:
    """The URL under which the APIs of so many orgs are."""
    source, port = free_port(), free_port()
    played = (sys.executable, "-m", "tests.bench.canned", str(port), str(source))
    async with (
        running_program(simulator(source, integrations), folder / "simulator.log"),
        running_program(Program("canned", played, f"http://127.0.0.1:{port}{ASKED}"), folder / "canned.log"),
    ):
        yield f"http://127.0.0.1:{port}"


async def _asked(url: str) -> int:
    """How many requests were answered by now."""
    async with httpx.AsyncClient(trust_env=False) as http:
        return int((await http.get(f"{url}{ASKED}")).text)


async def _measured(poller: WatchedPoller, url: str, size: tuple[int, float, float], bare: float) -> Polled:
    integrations, compression, seconds = size
    asked = await _asked(url)
    poller.forget_times()
    ended = sum(poller.ended.values())
    began, cpu = time.monotonic(), time.process_time()
    with looking() as parts:
        await asyncio.sleep(seconds)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    polls = sum(poller.ended.values()) - ended
    a_second = sum(1 / (target.longest_interval * (1 + JITTER / 2)) for target in poller.targets)
    requests = await _asked(url) - asked - 1
    missed = sum(behind >= min(defaults.INTERVALS.values()) / compression for behind in poller.behind)
    return Polled(
        polls=polls,
        due=a_second * took,
        cpu=cpu / polls,
        busy=cpu / took,
        parts={part: used / polls for part, used in parts.seconds.items()},
        bare=bare,
        requests=requests / polls,
        a_second=a_second / integrations / compression,
        behind=percentile(poller.behind) or 0.0,
        missed=missed + (poller.longest > POLL_DEADLINE),
        resident=resident_mebibytes(),
    )


async def _bare(url: str) -> float:
    """CPU seconds of a request and its answer, by httpx alone."""
    headers = {"Authorization": f"Bearer {Settings().bridge_token}"}
    async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
        await http.get(url)
        cpu = time.process_time()
        for _ in range(BARE_REQUESTS):
            (await http.get(url)).raise_for_status()
        return (time.process_time() - cpu) / BARE_REQUESTS


def main(arguments: Sequence[str]) -> None:
    set_up_logging("error", "logfmt")
    integrations, compression, seconds = int(arguments[0]), float(arguments[1]), float(arguments[2])
    with tempfile.TemporaryDirectory() as folder:
        run = asyncio.run(live(Path(folder), integrations, compression, seconds))
    sys.stdout.write(json.dumps(asdict(run)))


if __name__ == "__main__":
    main(sys.argv[1:])
