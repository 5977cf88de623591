"""Fifty scrapers at once of an exporter that polls 200 integrations: fast ones, slow ones, some that leave.

By hand: ``python -m tests.e2e.test_scrapers --integrations=200 --scrapers=50 --seconds=60``.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from exporter.demo.processes import Program, free_port, running
from tests.e2e.start import simulated
from tests.pages import Page
from tests.resources import resident

_NAME, _LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_LINE = re.compile(rf"(?:# (?:HELP|TYPE) {_NAME} .*|{_NAME}(?:\{{{_LABEL}(?:,{_LABEL})*\}})? [-+0-9.eEInfNa]+)\n")
"""Of the text format, as Prometheus documents it."""

PIECE, PAUSE = 65_536, 0.01
"""Bytes that a slow scraper takes, and the seconds it then rests."""


@dataclass
class Seen:
    """By all scrapers: answers by kind of scraper, MiB of the exporter's memory at the highest."""

    answers: Counter[str] = field(default_factory=Counter)
    highest: float = 0.0

    def report(self, seconds: float, before: float, after: float, polls: float) -> str:
        answers = ", ".join(f"{count} {kind}" for kind, count in sorted(self.answers.items()))
        memory = f"{before:.0f} MiB before, {self.highest:.0f} at the highest, {after:.0f} after"
        return f"answers: {answers}; polls: {polls / seconds:.1f}/s; memory: {memory}"


class Scraper:
    """One of many, whose kind goes by its number."""

    def __init__(self, url: str, number: int, integrations: int, seen: Seen) -> None:
        self._url = url
        self._packed, self._slow, self._leaves = number % 2 == 0, number % 5 == 3, number % 5 == 4
        self._integrations = integrations
        self._seen = seen

    async def scrape_until(self, end: float) -> None:
        headers = {"Accept-Encoding": "gzip" if self._packed else "identity"}
        # A connection each: one that is kept may be closed at the other end while this one looks through a page.
        alone = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers, limits=alone) as http:
            while time.monotonic() < end:
                await self._scrape(http)

    async def _scrape(self, http: httpx.AsyncClient) -> None:
        async with http.stream("GET", f"{self._url}/metrics") as answer:
            assert answer.status_code == 200
            body = b""
            async for piece in answer.aiter_raw(PIECE):
                body += piece
                if self._leaves:
                    self._seen.answers["left"] += 1
                    return
                if self._slow:
                    await asyncio.sleep(PAUSE)
        assert len(body) == int(answer.headers["Content-Length"])
        await asyncio.to_thread(whole, body, self._packed, self._integrations)
        self._seen.answers[f"{'gzip' if self._packed else 'plain'}{' slow' if self._slow else ''}"] += 1


def whole(body: bytes, packed: bool, integrations: int) -> None:
    """Fails for an answer that is not all of the page, line by line."""
    lines = (gzip.decompress(body) if packed else body).decode().splitlines(keepends=True)
    odd = [line for line in lines if _LINE.fullmatch(line) is None]
    assert odd == []
    named = {name for line in lines for name in re.findall(r'^\w+_info\{.*integration="([^"]+)"', line)}
    assert len(named) == integrations


def polls(page: Page) -> float:
    """That have ended, by the exporter's own count."""
    return sum(value for (name, _labels), value in page.samples.items() if name.endswith("poll_duration_seconds_count"))


def failed(page: Page) -> float:
    return sum(value for (name, _labels), value in page.samples.items() if name.endswith("source_errors_total"))


async def besiege(folder: Path, integrations: int, scrapers: int, seconds: float) -> str:
    """What was seen; fails where an answer is not whole, polls stand still or fail, or memory grows with scrapers."""
    async with simulated(folder, integrations) as file:
        port = free_port()
        url, address = f"http://127.0.0.1:{port}", f"--web.listen-address=127.0.0.1:{port}"
        command = (sys.executable, "-m", "exporter", "serve", f"--config.file={file}", address, "--log.level=warn")
        program = Program("exporter", command, f"{url}/-/ready", start_seconds=300)
        async with running(program, folder / "exporter.log") as process, _client() as http:
            page = Page((await http.get(f"{url}/metrics")).text)
            before, seen, began = resident(process.pid), Seen(), time.monotonic()
            end = began + seconds
            async with asyncio.TaskGroup() as tasks:
                for number in range(scrapers):
                    tasks.create_task(Scraper(url, number, integrations, seen).scrape_until(end))
                tasks.create_task(_watch(process.pid, seen, end))
            last, took = Page((await http.get(f"{url}/metrics")).text), time.monotonic() - began
            after = resident(process.pid)
        polled = polls(last) - polls(page)
        told = seen.report(took, before, after, polled)
        assert polled > integrations * took / 120, told
        assert failed(last) == 0, told
        assert all(seen.answers[kind] for kind in ("gzip", "plain", "gzip slow", "plain slow", "left")), told
        # A page of each kind of answer for each slow reader would be more.
        assert seen.highest < before + scrapers, told
        return told


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=60)


async def _watch(pid: int, seen: Seen, end: float) -> None:
    while time.monotonic() < end:
        seen.highest = max(seen.highest, resident(pid))
        await asyncio.sleep(0.1)


@pytest.mark.faults
async def test_fifty_scrapers_of_two_hundred_integrations(tmp_path: Path) -> None:
    """Every answer is whole, polls go on, memory does not grow with the scrapers."""
    await besiege(tmp_path, integrations=200, scrapers=50, seconds=20)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, default=200)
    parser.add_argument("--scrapers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(besiege(Path(folder), options.integrations, options.scrapers, options.seconds))
    sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
