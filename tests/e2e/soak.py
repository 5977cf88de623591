"""A day in the life of an exporter, in two hours: polls, scrapes, notifications, reloads, tokens that are rotated, APIs
that fail. ``make soak``; ``ARGS='--minutes=5 --csv=FILE'``.

It writes memory, file descriptors, threads and the size of the store every few seconds, prints one line of each, and
fails if one has grown beyond its bound since everything had happened once, if the exporter has ended, or if an error
was not resynced.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import itertools
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import httpx

from exporter.demo.processes import Program, running
from exporter.demo.stage import ORG, Stage, exporter_program, plan_stage, simulator_program, write_exporter_config
from tests.pages import Page
from tests.resources import resident

WARM_UP = 0.1
"""Part of the run after which nothing may grow any more: everything has happened several times."""

READ_EVERY = 5.0
FAULTS = ("server_error", "hang", "cut_json", "rate_limited", "unavailable_html", "wrong_types")
APIS = ("bridge", "salesforce", "hubspot", "token")


@dataclass(frozen=True, slots=True)
class Weight:
    """What a process weighs, ``seconds`` after the beginning. Of the store in MiB, with its log."""

    seconds: float
    resident_mib: float
    descriptors: int
    threads: int
    store_mib: float


BOUNDS = {"resident_mib": (1.15, 8.0), "descriptors": (1.0, 24.0), "threads": (1.0, 4.0), "store_mib": (1.0, 64.0)}
"""Of the end, held against the end of the warm-up: so many times as much, and so much more."""


def weigh(pid: int, folder: Path, seconds: float) -> Weight:
    process = Path(f"/proc/{pid}")
    store = sum(file.stat().st_size for file in folder.glob("exporter.db*"))
    return Weight(
        round(seconds, 1),
        round(resident(pid), 2),
        len(list((process / "fd").iterdir())),
        len(list((process / "task").iterdir())),
        round(store / 2**20, 3),
    )


def summary(curve: Sequence[Weight]) -> list[str]:
    """One line of each: at the start, after the warm-up, at most, at the end."""
    warm = warmed_up(curve)
    return [
        f"{name}: start {getattr(curve[0], name):g}, after {WARM_UP:.0%} {getattr(warm, name):g}, "
        f"max {max(getattr(each, name) for each in curve):g}, end {getattr(curve[-1], name):g}"
        for name in BOUNDS
    ]


def grown(curve: Sequence[Weight]) -> list[str]:
    """What is beyond its bound at the end."""
    warm, last = warmed_up(curve), curve[-1]
    return [name for name, (times, more) in BOUNDS.items() if getattr(last, name) > times * getattr(warm, name) + more]


def warmed_up(curve: Sequence[Weight]) -> Weight:
    end = curve[-1].seconds
    return next(each for each in curve if each.seconds >= WARM_UP * end)


class Life:
    """What happens to an exporter; each thing over and over, at its own pace, in seconds."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient) -> None:
        self._stage = stage
        self._http = http
        self._numbers = itertools.count(1)
        self._faults = itertools.cycle(itertools.product(FAULTS, APIS))
        self.happened: Counter[str] = Counter()

    def everything(self) -> dict[Callable[[], Awaitable[None]], float]:
        return {
            self.scrape: 1.0,
            self.look: 3.0,
            self.errors_and_notification: 7.0,
            self.fault: 11.0,
            self.rotation: 17.0,
            self.reload: 13.0,
            self.stranger: 5.0,
        }

    async def scrape(self) -> None:
        """As Prometheus does; the page must be good."""
        for coding in ("gzip", "identity"):
            answer = await self._http.get(f"{self._stage.exporter}/metrics", headers={"Accept-Encoding": coding})
            assert answer.status_code == 200
            Page(answer.text)

    async def look(self) -> None:
        """Somebody reads the pages and the API."""
        for path in ("/", f"/integrations/{ORG}", "/api/v1/resyncs", "/api/v1/openapi.json", "/-/ready"):
            answer = await self._http.get(f"{self._stage.exporter}{path}")
            assert answer.status_code < 500 or path == "/-/ready", (path, answer.status_code)

    async def errors_and_notification(self) -> None:
        """Records fail, and the alert of it resolves."""
        added = {"category": "permissions", "error_type": "salesforce_field_permissions", "count": 20}
        await self._act("add-errors", **added)
        alert = {
            "status": "resolved",
            "labels": {"alertname": "HubSpotSalesforceFieldPermissionsMissing", "integration": ORG},
            "startsAt": "2026-11-21T10:00:00Z",
            "fingerprint": f"{next(self._numbers):016x}",
        }
        await self._notify({"version": "4", "status": "resolved", "receiver": "soak", "alerts": [alert]})

    async def fault(self) -> None:
        """An API fails, each in each way in turn."""
        name, api = next(self._faults)
        await self._act("fault", api=api, fault=name, count=3)

    async def rotation(self) -> None:
        """The webhook's token is another one from now on."""
        new = self._stage.folder / "webhook-token.new"
        new.write_text(secrets.token_urlsafe(24))
        new.rename(self._stage.folder / "webhook-token")

    async def reload(self) -> None:
        (await self._http.post(f"{self._stage.exporter}/-/reload")).raise_for_status()

    async def stranger(self) -> None:
        """Who has no token, or sends nonsense."""
        url = f"{self._stage.exporter}/alertmanager/webhook"
        assert (await self._http.post(url, content=b"{}", headers=_bearer("wrong"))).status_code == 401
        token = (self._stage.folder / "webhook-token").read_text()
        assert (await self._http.post(url, content=b"[" * 1000, headers=_bearer(token))).status_code in {400, 401}

    async def _notify(self, notification: dict[str, Any]) -> None:
        token = (self._stage.folder / "webhook-token").read_text()
        url = f"{self._stage.exporter}/alertmanager/webhook"
        answer = await self._http.post(url, json=notification, headers=_bearer(token))
        assert answer.status_code == 202, answer.text

    async def _act(self, verb: str, **body: Any) -> None:
        (await self._http.post(f"{self._stage.simulator}/control/{ORG}/{verb}", json=body)).raise_for_status()

    async def over_and_over(self, happens: Callable[[], Awaitable[None]], every: float, end: float) -> None:
        while time.monotonic() < end:
            await happens()
            self.happened[getattr(happens, "__name__", "")] += 1
            await asyncio.sleep(every)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextlib.asynccontextmanager
async def living(folder: Path) -> AsyncIterator[tuple[Life, int]]:
    """A simulator, an exporter, and who does things to them; the exporter's pid."""
    stage = plan_stage(folder)
    write_exporter_config(stage)
    simulator = simulator_program(stage)
    plenty = ("--allocation=10000000", "--limit=10000000", "--suspend-after=1000000")
    simulator = replace(simulator, command=(*simulator.command, *plenty))
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
        running(simulator, folder / "simulator.log"),
        running(_exporter(stage), folder / "exporter.log") as exporter,
    ):
        yield Life(stage, http), exporter.pid


def _exporter(stage: Stage) -> Program:
    program = exporter_program(stage)
    more = ("--web.enable-lifecycle", "--log.level=error")
    return replace(program, command=(*program.command, *more), start_seconds=60)


async def soak(folder: Path, seconds: float, note: Callable[[Weight], None]) -> tuple[list[Weight], Counter[str]]:
    """The curve, and how often each thing happened."""
    curve: list[Weight] = []
    async with living(folder) as (life, pid):
        began = time.monotonic()

        async def read() -> None:
            while (passed := time.monotonic() - began) < seconds:
                curve.append(weigh(pid, folder, passed))
                note(curve[-1])
                await asyncio.sleep(min(READ_EVERY, seconds / 20))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            for happens, every in life.everything().items():
                tasks.create_task(life.over_and_over(happens, every, began + seconds))
        return curve, life.happened


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--csv", type=Path, default=Path("dist/soak.csv"))
    options = parser.parse_args(arguments)
    options.csv.parent.mkdir(parents=True, exist_ok=True)
    with options.csv.open("w", newline="") as file, tempfile.TemporaryDirectory() as folder:
        table = csv.writer(file)
        table.writerow(field.name for field in fields(Weight))

        def note(weight: Weight) -> None:
            table.writerow(astuple(weight))
            file.flush()

        curve, happened = asyncio.run(soak(Path(folder), options.minutes * 60, note))
    happenings = ", ".join(f"{count} {name}" for name, count in sorted(happened.items()))
    sys.stdout.write("\n".join([f"{options.minutes:g} minutes: {happenings}", *summary(curve), ""]))
    if beyond := grown(curve):
        sys.stdout.write(f"grown: {', '.join(beyond)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
