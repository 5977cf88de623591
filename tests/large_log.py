"""A day's event log of hundreds of megabytes, read by the real poller over loopback: ``make large-log``.

A stand-in of Salesforce in a process of its own makes the file up while it is downloaded. Shown are the calls that were
counted and those that were there, the memory before, at its peak and after, and how another integration's polls fared
meanwhile: how long the slowest took, and by how much the event loop was ever late.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from exporter.clock import SystemClock
from exporter.config.file import load_config
from exporter.model import UsageLog
from exporter.polling.target import Target
from exporter.service import Service, open_service

DAY = 86_400
USER = "hubspot@acme.example"
COLUMNS = (
    "EVENT_TYPE,TIMESTAMP,REQUEST_ID,ORGANIZATION_ID,USER_ID,API_FAMILY,API_VERSION,API_RESOURCE,CLIENT_NAME,HTTP_METHOD,"
    "CLIENT_IP,COUNTS_AGAINST_API_LIMIT,CONNECTED_APP_ID,ENTITY_NAME,STATUS_CODE,CONNECTED_APP_NAME,USER_NAME,"
    "TIMESTAMP_DERIVED"
)
ROWS_A_BLOCK = 2_000
INTEGRATIONS_SHARE = 500
"""Of these rows so many are the integration's; a tenth of them says so by name."""


def block(day: str) -> bytes:
    """Rows as long as Salesforce's, spread over the day."""
    return "".join(_row(number, day) for number in range(ROWS_A_BLOCK)).encode()


def _row(number: int, day: str) -> str:
    mine = number % (ROWS_A_BLOCK // INTEGRATIONS_SHARE) == 0
    named = "HubSpot" if mine and number % 40 == 0 else "" if number % 10 else f"App {number % 70}"
    app = "8883i000001AbCd" if mine else f"0H43i{number % 70:010d}"
    user = USER if mine else f"somebody-{number}@acme.example"
    moment = f"{number % 24:02d}:{number % 60:02d}:37.652"
    fields = (
        *("ApiTotalUsage", f"{day.replace('-', '')}{moment.replace(':', '')}", f"4abcdefghijklmn{number:06d}"),
        *("00D3i000000ABCDEAA", f"0053i{number:010d}", "REST", "62.0"),
        *(f"/services/data/v62.0/sobjects/Contact/0033i{number:013d}", "", "PATCH", "10.1.2.3", "1", app),
        *("Contact", "200", named if mine or number % 10 == 0 else "", user, f"{day}T{moment}Z"),
    )
    return ",".join(f'"{value}"' for value in fields) + "\n"


def stand_in(megabytes: float) -> Starlette:
    """Salesforce, as far as the log and the limits go."""
    midnight = int(time.time()) // DAY * DAY - DAY
    day = time.strftime("%Y-%m-%d", time.gmtime(midnight))
    rows = block(day)
    blocks = max(1, round(megabytes * 1e6 / len(rows)))

    async def token(request: Request) -> Response:
        return JSONResponse({"access_token": "t", "instance_url": str(request.base_url).rstrip("/")})

    async def query(_request: Request) -> Response:
        moment = f"{day}T00:00:00.000+0000"
        length = len(COLUMNS) + 1 + blocks * len(rows)
        record = {"Id": "0AT000000000001", "Interval": "Daily", "LogDate": moment, "CreatedDate": moment}
        return JSONResponse({"done": True, "records": [{**record, "Sequence": 0, "LogFileLength": float(length)}]})

    async def content() -> AsyncIterator[bytes]:
        yield COLUMNS.encode() + b"\n"
        for _block in range(blocks):
            yield rows

    async def log_file(_request: Request) -> Response:
        return StreamingResponse(content(), media_type="text/csv")

    async def limits(_request: Request) -> Response:
        return JSONResponse({"DailyApiRequests": {"Max": 100_000, "Remaining": 60_000}})

    async def truth(_request: Request) -> Response:
        return JSONResponse({"calls": blocks * INTEGRATIONS_SHARE, "bytes": blocks * len(rows)})

    data = "/services/data/v62.0"
    routes = [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route(f"{data}/query/", query),
        Route(f"{data}/sobjects/EventLogFile/{{id}}/LogFile", log_file),
        Route(f"{data}/limits/", limits),
        Route("/truth", truth),
    ]
    return Starlette(routes=routes)


@dataclass
class Shown:
    """What one download was like; bytes and seconds."""

    there: int = 0
    counted: int | None = None
    size: int = 0
    seconds: float = 0.0
    before: int = 0
    peak: int = 0
    after: int = 0
    polls: list[float] = field(default_factory=list)
    late: float = 0.0

    def __str__(self) -> str:
        mb = 1e6
        return (
            f"file            {self.size / mb:9.1f} MB in {self.seconds:.1f} s\n"
            f"calls           {self.counted} counted of {self.there}\n"
            f"memory (RSS)    {self.before / mb:9.1f} MB before, {self.peak / mb:.1f} at its peak, "
            f"{self.after / mb:.1f} after\n"
            f"other polls     {len(self.polls)} meanwhile, the slowest {max(self.polls, default=0) * 1000:.0f} ms\n"
            f"event loop      {self.late * 1000:.0f} ms late at most\n"
        )


async def watch(megabytes: float) -> Shown:
    """Reads the log of one integration while another is polled."""
    async with _other_process(megabytes) as url:
        with tempfile.TemporaryDirectory() as folder:
            config = load_config(_config(Path(folder), url))
            async with open_service(config, SystemClock()) as service:
                return await _watched(service, url)


async def _watched(service: Service, url: str) -> Shown:
    targets = {target.key: target for target in service.poller.targets}
    log, other = targets["acme", "salesforce_usage_log"], targets["beta", "salesforce_limits"]
    shown = Shown()
    for target in (other, targets["acme", "salesforce_limits"]):
        assert await service.poller.poll(target)
    shown.before = shown.peak = resident()
    beside = [asyncio.create_task(_polled(service, other, shown)), asyncio.create_task(_loop(shown))]
    began = time.monotonic()
    assert await service.poller.poll(log)
    shown.seconds = time.monotonic() - began
    for task in beside:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    shown.after = resident()
    reading = service.snapshots["acme"].reading("salesforce_usage_log")
    assert reading is not None
    if isinstance(reading.part, UsageLog):
        shown.counted = reading.part.calls
    truth = await _truth(url)
    shown.there, shown.size = truth["calls"], truth["bytes"]
    return shown


async def _polled(service: Service, target: Target, shown: Shown) -> None:
    while True:
        began = time.monotonic()
        assert await service.poller.poll(target)
        shown.polls.append(time.monotonic() - began)
        reading = service.snapshots["beta"].reading("salesforce_limits")
        assert reading is not None
        assert reading.up
        await asyncio.sleep(0.1)


async def _loop(shown: Shown) -> None:
    while True:
        due = time.monotonic() + 0.02
        await asyncio.sleep(0.02)
        shown.late = max(shown.late, time.monotonic() - due)
        shown.peak = max(shown.peak, resident())


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


async def _truth(url: str) -> Any:
    import httpx  # noqa: PLC0415 - only here

    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(f"{url}/truth")).json()


@contextlib.asynccontextmanager
async def _other_process(megabytes: float) -> AsyncIterator[str]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.large_log", "--serve", f"--megabytes={megabytes}", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        port = json.loads(await asyncio.wait_for(program.stdout.readline(), 30))["port"]
        yield f"http://127.0.0.1:{port}"
    finally:
        program.kill()
        await program.wait()


def _config(folder: Path, url: str) -> Path:
    (folder / "secret").write_text("simulated")
    integrations = []
    for name in ("acme", "beta"):
        credentials = {"client_id": "id", "client_secret_file": "secret"}
        salesforce: dict[str, Any] = {
            "url": url,
            "auth": {"client_credentials": credentials},
            "max_api_calls_per_day": 100_000,
        }
        entry: dict[str, Any] = {"name": name, "salesforce": salesforce}
        if name == "acme":
            salesforce["integration_user"] = USER
            entry["hubspot"] = {"connected_app": "HubSpot"}
        integrations.append(entry)
    file = folder / "exporter.yml"
    file.write_text(yaml.safe_dump({"store": "sqlite:///exporter.db", "integrations": integrations}))
    return file


def _serve(megabytes: float) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(stand_in(megabytes), log_level="warning", access_log=False)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=600.0)
    parser.add_argument("--serve", action="store_true", help="be the stand-in")
    options = parser.parse_args()
    if options.serve:
        _serve(options.megabytes)
    else:
        sys.stdout.write(str(asyncio.run(watch(options.megabytes))))


if __name__ == "__main__":
    main()
