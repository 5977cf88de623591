"""An exporter whose packets get lost: ``python -m tests.e2e.bad_network FOLDER TROUBLE``, in a network namespace of its
own (``namespace()``), where netfilter drops, delays and refuses what runs between it and what it asks.

Everybody else reaches the simulator by another port. It fails as a test does; a figure a line goes to standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from exporter.demo.processes import running
from exporter.demo.stage import ORG, Stage, exporter_program, plan_stage, simulator_program, write_exporter_config
from tests.e2e.line import Line, line_to
from tests.e2e.test_kill import NOTIFICATION
from tests.pages import Page
from tests.ready import until

ERRORS = 300
OUTAGE = 12.0
"""Seconds that an answer is kept from who waits for it: longer than it waits."""

TROUBLES: dict[str, Sequence[Sequence[str]]] = {
    "dropped": (["--dport", "PORT", "-j", "DROP"],),
    "answers-dropped": (["--sport", "PORT", "-j", "DROP"],),
    "refused": (["--dport", "PORT", "-j", "REJECT", "--reject-with", "tcp-reset"],),
    "some-dropped": (
        ["--dport", "PORT", "-m", "statistic", "--mode", "random", "--probability", "0.2", "-j", "DROP"],
        ["--sport", "PORT", "-m", "statistic", "--mode", "random", "--probability", "0.2", "-j", "DROP"],
    ),
}
"""What netfilter is told. Where some packets are lost TCP sends them again, which delays the rest."""

KINDS = {"dropped": {"timeout", "connect"}, "answers-dropped": {"timeout", "connect"}, "refused": {"connect"}}
"""As what failed polls are counted; where only some packets are lost polls go on."""


def namespace(*command: str) -> list[str]:
    """A command line that runs a command in a network of its own, with nothing but loopback; nobody need be root."""
    return [
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        'ip link set lo up && exec "$@"',
        "sh",
        *command,
    ]


@contextlib.contextmanager
def trouble(name: str, port: int) -> Iterator[None]:
    """On every connection to the port, until the end."""
    rules = [[str(port) if word == "PORT" else word for word in rule] for rule in TROUBLES[name]]
    for rule in rules:
        _iptables("--append", rule)
    try:
        yield
    finally:
        for rule in rules:
            _iptables("--delete", rule)


def _iptables(do: str, rule: Sequence[str]) -> None:
    subprocess.run(["iptables", "--wait", do, "INPUT", "--protocol", "tcp", *rule], check=True)


class Exporter:
    """The one that is in trouble, and what it asks, both seen from outside."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient) -> None:
        self._stage = stage
        self._http = http
        self._control = f"{stage.simulator}/control/{ORG}"

    async def failed(self) -> dict[str, float]:
        """Polls of the bridge, by kind."""
        series = (await self._page()).series(integration=ORG, source="sync_health")
        return {
            dict(labels)["kind"]: count for (name, labels), count in series.items() if name.endswith("errors_total")
        }

    async def read_at(self) -> float:
        """When the bridge was last read."""
        name = "source_last_success_timestamp_seconds"
        return (await self._page()).value(name, integration=ORG, source="sync_health") or 0.0

    async def reads_again(self) -> None:
        """Returns once the bridge was read once more."""
        before = await self.read_at()
        await until(self.read_at, lambda at: at > before)

    async def _page(self) -> Page:
        return Page((await self._http.get(f"{self._stage.exporter}/metrics")).text)

    async def act(self, verb: str, **body: Any) -> None:
        (await self._http.post(f"{self._control}/{verb}", json=body)).raise_for_status()

    async def notify(self) -> None:
        token = (self._stage.folder / "webhook-token").read_text()
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self._http.post(
            f"{self._stage.exporter}/alertmanager/webhook", json=NOTIFICATION, headers=headers
        )
        assert answer.status_code == 202, answer.text

    async def resyncs(self) -> dict[str, Any]:
        resyncs: dict[str, Any] = (await self._http.get(f"{self._control}/resyncs")).json()
        return resyncs

    async def job(self) -> dict[str, Any]:
        (job,) = (await self._http.get(f"{self._stage.exporter}/api/v1/resyncs")).json()["jobs"]
        found: dict[str, Any] = job
        return found


@contextlib.asynccontextmanager
async def exporting(folder: Path) -> AsyncIterator[tuple[Exporter, Line, int]]:
    """An exporter and the port by which it asks."""
    stage = plan_stage(folder)
    port = int(stage.simulator.rpartition(":")[2])
    async with (
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
        running(simulator_program(stage), folder / "simulator.log"),
        line_to(port) as (line, near),
    ):
        write_exporter_config(replace(stage, simulator=f"http://127.0.0.1:{near}"))
        exporter = Exporter(stage, http)
        for quota in ("allocation", "limit"):
            await exporter.act(quota, calls=1_000_000)
        await exporter.act(
            "add-errors", category="permissions", error_type="salesforce_field_permissions", count=ERRORS
        )
        async with running(replace(exporter_program(stage), start_seconds=60), folder / "exporter.log"):
            yield exporter, line, near


async def through(name: str, folder: Path) -> None:
    """Polls fail as what they are, or go on, and recover; of a resync in the middle of it every error is sent."""
    async with exporting(folder) as (exporter, line, near):
        await exporter.reads_again()
        with trouble(name, near):
            if name in KINDS:
                failed = await until(exporter.failed, lambda failed: sum(failed.values()) > 1)
                assert {kind for kind, count in failed.items() if count} <= KINDS[name], failed
            else:
                await exporter.reads_again()
        await exporter.reads_again()
        line.keep_answer_to(b"/bridge/resync ")
        await exporter.notify()
        await until(exporter.resyncs, lambda resyncs: bool(resyncs["requests"]))
        with trouble(name, near):
            line.mend()
            await _ended_within(exporter, OUTAGE)
        job = await until(exporter.job, _ended)
        resyncs = await exporter.resyncs()
        assert (job["state"], job["records"]["succeeded"]) == ("done", ERRORS), job
        assert len(resyncs["records"]) == ERRORS
        # One request, whose answer was lost, may have to be sent again: nobody can know that it arrived.
        twice = sum(count - 1 for count in resyncs["records"].values())
        assert twice <= 100, resyncs["records"]
        sys.stdout.write(
            f"{name}: failed polls {await exporter.failed()}, requests {resyncs['requests']}, sent twice {twice}\n"
        )


async def _ended_within(exporter: Exporter, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until(exporter.job, _ended)


def _ended(job: dict[str, Any]) -> bool:
    return bool(job["finished_at"])


def main(arguments: Sequence[str]) -> None:
    folder, name = arguments
    asyncio.run(through(name, Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
