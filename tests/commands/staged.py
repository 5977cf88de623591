"""Commands as real processes against a real simulator."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any

import httpx

from exporter.demo.stage import ORG, Stage
from tests.commands.program import COMMAND, SECONDS


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str


async def run(stage: Stage, command: str, *arguments: str) -> Ended:
    """A command to its end, on a terminal of 80 columns."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, command, f"--config.file={stage.folder / 'exporter.yml'}", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "80"},
    )
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


async def act(stage: Stage, verb: str, **body: Any) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(f"{stage.simulator}/control/{ORG}/{verb}", json=body)).raise_for_status()


def assert_one_line(ended: Ended, said: str) -> None:
    """A failure that was said: 1, one line, nothing on standard output."""
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1), ended.err
    assert ended.err.startswith("error: ")
    assert said in ended.err
