"""An export of a million rows, read by the real exporter: ``make large-export``.

The exporter is a process of its own. Shown are the errors that it counted, its memory at its peak, and how those fared
who asked it meanwhile: how long ``/metrics`` took at the most, and how long a report of a suspension, which has to be
in the store before it is answered, as a webhook's job has.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from exporter.demo.processes import Program, free_port, running

TOKEN = "a-token"
PATIENCE = 900.0
PAUSE = 0.05
_REPORT = {"integration": "acme", "suspended": False}
_COUNT = re.compile(r'sync_errors\{[^}]*error_type="restricted_picklist_value"[^}]*\} (\S+)')
_DETAILS = 'The value ""Bänk {}"" is not an option of Industry, says Salesforce, and nobody has added it so far'


@dataclass
class Seen:
    """``rows`` of the file and the errors that were ``counted``; kilobytes, and seconds of every answer."""

    rows: int
    megabytes: float = 0.0
    counted: int = 0
    listed: int = 0
    peak: int = 0
    seconds: float = 0.0
    scrapes: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)


def write(file: Path, rows: int) -> None:
    """As HubSpot's page would export it, as far as anybody knows; everything in it is made up."""
    with file.open("w", encoding="utf-8", newline="") as text:
        text.write("Error Type,Details,Record,Affected Records,HubSpot ID,Salesforce ID,Last seen\r\n")
        for number in range(rows):
            text.write(
                f'Restricted picklist value,"{_DETAILS.format(number % 977)}",Record {number},1 record,'
                f"{10**6 + number},003{number:015d},2026-11-27T10:00:00Z\r\n"
            )
    settled = time.time() - 60
    os.utime(file, (settled, settled))


async def watch(rows: int, *, upload: bool = False) -> Seen:
    """Until the errors are counted and the first of them are listed."""
    with tempfile.TemporaryDirectory(prefix="large-export-") as name:
        folder, port = Path(name), free_port()
        dropped = folder / "dropped"
        dropped.mkdir()
        file = folder / "picklists.csv" if upload else dropped / "picklists.csv"
        write(file, rows)
        (folder / "token").write_text(TOKEN)
        feed = {"uploads": True} if upload else {"directory": "dropped"}
        entry = {"name": "acme", "sync_health": feed, "intervals": {"sync_health": "1s"}}
        config = {"integrations": [entry], "remediation": {"webhook_token_file": "token"}}
        (folder / "exporter.yml").write_text(json.dumps(config))
        url = f"http://127.0.0.1:{port}"
        serve = (sys.executable, "-m", "exporter", "serve", f"--config.file={folder / 'exporter.yml'}")
        program = Program("exporter", (*serve, f"--web.listen-address=127.0.0.1:{port}"), f"{url}/-/healthy")
        seen = Seen(rows, file.stat().st_size / 1e6)
        async with (
            running(program, folder / "log") as process,
            httpx.AsyncClient(base_url=url, timeout=60, headers={"Authorization": f"Bearer {TOKEN}"}) as http,
        ):
            await _ask(http, seen, file if upload else None)
            seen.peak = _peak(process.pid)
        return seen


async def _ask(http: httpx.AsyncClient, seen: Seen, upload: Path | None) -> None:
    began = time.monotonic()
    uploading = asyncio.create_task(_upload(http, upload)) if upload else None
    while seen.counted < seen.rows and time.monotonic() - began < PATIENCE:
        page = await _timed(seen.scrapes, lambda: http.get("/metrics"))
        counted = _COUNT.search(page.text)
        seen.counted = int(float(counted[1])) if counted else 0
        answer = await _timed(seen.reports, lambda: http.post("/api/v1/suspensions", json=_REPORT))
        answer.raise_for_status()
        await asyncio.sleep(PAUSE)
    seen.seconds = time.monotonic() - began
    if uploading is not None:
        await uploading
    shown = await http.get("/integrations/acme", params={"category": "picklists"})
    seen.listed = shown.text.count("not an option of Industry")


async def _upload(http: httpx.AsyncClient, file: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        with file.open("rb") as content:
            while chunk := await asyncio.to_thread(content.read, 256 * 1024):
                yield chunk

    headers = {"Content-Type": "text/csv"}
    answer = await http.put("/api/v1/sync-errors/acme/picklists", content=body(), headers=headers, timeout=PATIENCE)
    answer.raise_for_status()


async def _timed(times: list[float], ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    began = time.monotonic()
    answer = await ask()
    times.append(time.monotonic() - began)
    return answer


def _peak(pid: int) -> int:
    """Kilobytes: the most memory that the process ever had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--upload", action="store_true", help="by PUT, not by a file in the directory")
    arguments = parser.parse_args()
    seen = asyncio.run(watch(arguments.rows, upload=arguments.upload))
    sys.stdout.write(
        f"{seen.counted:,} of {seen.rows:,} rows of {seen.megabytes:.0f} MB counted in {seen.seconds:.0f} s\n"
        f"peak memory of the process: {seen.peak / 1000:.0f} MB\n"
        f"{len(seen.scrapes)} scrapes meanwhile, the slowest {max(seen.scrapes) * 1000:.0f} ms\n"
        f"{len(seen.reports)} reports stored meanwhile, the slowest {max(seen.reports) * 1000:.0f} ms\n"
    )


if __name__ == "__main__":
    main()
