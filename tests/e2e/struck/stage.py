"""The programs: a simulator, two replicas of ``serve``, and a line from each replica to the simulator and the store."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from exporter.demo.processes import Program, end, free_port, running
from exporter.demo.simulator.settings import Settings
from exporter.store.database import open_database
from tests.e2e.line import Line, line_to
from tests.e2e.load import org_names
from tests.e2e.struck.books import open_books, until_in_a_batch
from tests.e2e.struck.faults import CUT_APIS, CUT_STORE, KILL, STOP, Blow, Fault

NAMES = ("one", "two")
WEBHOOK_TOKEN = "wired"
START_SECONDS = 180.0
"""The first round of many integrations takes its time on a busy machine."""
CALLS_A_DAY = 5
"""Of Salesforce, for monitoring: so few that they are used up in the middle."""
LATENCY = 0.3
"""Seconds that the simulator takes for an answer, so that there is a middle of it."""
IDLE_SECONDS = 8.0
"""Longer than the pause between two looks at the queue."""

OFF = (
    *("salesforce_access", "salesforce_heartbeat", "salesforce_status", "salesforce_usage_log"),
    *("hubspot_account", "hubspot_unsynced"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """Integrations, and the seconds between polls of each of their sources."""

    integrations: int
    intervals: Mapping[str, float]


class Replica:
    """One ``serve``, which can be killed, stopped and cut off. ``host`` is the name it calls the simulator by."""

    def __init__(self, name: str, config: Path, apis: Line, store: Line, host: str, books: str) -> None:
        self.name = name
        self.host = host
        self.url = f"http://127.0.0.1:{free_port()}"
        self._config = config
        self._books = books
        self._lines = {CUT_APIS: apis, CUT_STORE: store}
        self._log = config.with_suffix(".log")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = (
            *(sys.executable, "-m", "exporter", "serve", f"--config.file={self._config}"),
            f"--web.listen-address={self.url.removeprefix('http://')}",
        )
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)

    async def until_ready(self, http: httpx.AsyncClient) -> None:
        async with asyncio.timeout(START_SECONDS):
            while not await _answers(http, f"{self.url}/-/ready"):  # noqa: ASYNC110  it is seen, not signalled
                await asyncio.sleep(0.05)

    async def suffer(self, fault: Fault) -> Blow:
        """Returns when it is over. A replica that has nothing to do for long is struck all the same."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await until_in_a_batch(self._books, self.name)
        await asyncio.sleep(fault.after)
        struck_at = time.time()
        if fault.kind == KILL:
            await self._kill(fault.seconds)
        elif fault.kind == STOP:
            self._send(signal.SIGSTOP)
            await asyncio.sleep(fault.seconds)
            self._send(signal.SIGCONT)
        else:
            self._lines[fault.kind].cut()
            await asyncio.sleep(fault.seconds)
            self._lines[fault.kind].mend()
        return Blow(fault, struck_at, time.time())

    async def _kill(self, seconds: float) -> None:
        process = self._send(signal.SIGKILL)
        await process.wait()
        await asyncio.sleep(seconds)
        await self.start()

    def _send(self, signum: signal.Signals) -> asyncio.subprocess.Process:
        assert self._process is not None
        self._process.send_signal(signum)
        return self._process

    async def end(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
        await end(self._process, 10.0)

    def said(self) -> str:
        return self._log.read_text()


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs; ``store`` is the database without a line, ``requests`` the simulator's log."""

    simulator: str
    store: str
    requests: Path
    replicas: Sequence[Replica]
    http: httpx.AsyncClient

    @property
    def hosts(self) -> Mapping[str, str]:
        """The replicas by the host that they call the simulator by."""
        return {replica.host: replica.name for replica in self.replicas}


@asynccontextmanager
async def running_stage(folder: Path, size: Size, store: str, ways: Sequence[str]) -> AsyncIterator[Stage]:
    """Two replicas that are ready. ``ways`` are the URLs by which they reach the ``store``."""
    await (await open_database(store)).close()
    open_books(store)
    simulator, requests = f"http://127.0.0.1:{free_port()}", folder / "requests.log"
    port = urlsplit(simulator).port
    assert port is not None
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={port}", "--orgs=", "--records=20", "--traffic=0"),
        *(f"--more-orgs={size.integrations}", "--sync-interval=1", f"--request-log={requests}", f"--latency={LATENCY}"),
    )
    program = Program("simulator", command, f"{simulator}/control/org-0001")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(program, folder / "simulator.log"))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=5))
        replicas = []
        for name, way in zip(NAMES, ways, strict=True):
            apis, apis_port = await stack.enter_async_context(line_to(port))
            near = urlsplit(way)
            assert near.port is not None
            line, line_port = await stack.enter_async_context(line_to(near.port))
            through = way.replace(f":{near.port}/", f":{line_port}/") + f"?application_name={name}"
            config = _write_config(folder, name, f"http://127.0.0.1:{apis_port}", through, size)
            replica = Replica(name, config, apis, line, f"127.0.0.1:{apis_port}", store)
            stack.push_async_callback(replica.end)
            replicas.append(replica)
        await asyncio.gather(*(replica.start() for replica in replicas))
        await asyncio.gather(*(replica.until_ready(http) for replica in replicas))
        yield Stage(simulator, store, requests, replicas, http)


def _write_config(folder: Path, name: str, simulator: str, store: str, size: Size) -> Path:
    simulated = Settings()
    for secret in ("client_secret", "hubspot_token", "bridge_token"):
        (folder / secret).write_text(getattr(simulated, secret))
    (folder / "webhook_token").write_text(WEBHOOK_TOKEN)
    file = folder / f"{name}.yml"
    config = {
        "store": store,
        "integrations": [_entry(org, simulator, size) for org in org_names(size.integrations)],
        "remediation": {"webhook_token_file": "webhook_token", "verify_after": "3s"},
    }
    file.write_text(json.dumps(config))
    return file


def _entry(org: str, url: str, size: Size) -> dict[str, Any]:
    credentials = {"client_id": Settings().client_id, "client_secret_file": "client_secret"}
    return {
        "name": org,
        "salesforce": {
            "url": f"{url}/{org}/salesforce",
            "auth": {"client_credentials": credentials},
            "status": "off",
            "max_api_calls_per_day": CALLS_A_DAY,
        },
        "hubspot": {"url": f"{url}/{org}/hubspot", "token_file": "hubspot_token", "heartbeat_objects": ["contacts"]},
        "sync_health": {"url": f"{url}/{org}/bridge", "token_file": "bridge_token"},
        "intervals": {
            **dict.fromkeys(OFF, "off"),
            **{source: f"{round(seconds)}s" for source, seconds in size.intervals.items()},
        },
    }


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
