"""Real processes: started on loopback, watched until they are ready, ended by their pid."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from exporter.errors import ProcessError

START_SECONDS = 20.0
END_SECONDS = 5.0

# Debian's package names the binary differently from upstream.
PROMETHEUS = ("prometheus",)
ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")


@dataclass(frozen=True, slots=True)
class Program:
    """A command line and the URL that answers 200 once the program is ready."""

    name: str
    command: tuple[str, ...]
    ready_url: str


def find_binary(names: Sequence[str]) -> str:
    """The path of the first of ``names`` that is installed; raises ``ProcessError`` saying what to install."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise ProcessError(f"{names[0]} is not installed: apt-get install {names[0]}, or put it on PATH")


def free_port() -> int:
    """A TCP port nobody listens on at loopback right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def running(program: Program, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a program until the block ends. Output goes to ``log``; raises ``ProcessError`` if it does not get ready."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            # Ctrl-C in the terminal reaches us alone; we end the others in order.
            start_new_session=True,
        )
    try:
        await _until_ready(program, process, log)
        yield process
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends one process by its pid: politely, then not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _until_ready(program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            async with asyncio.timeout(START_SECONDS):
                while process.returncode is None:
                    if await _answers(http, program.ready_url):
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise ProcessError(f"{program.name} was not ready after {START_SECONDS:g} s:\n{_tail(log)}") from None
    raise ProcessError(f"{program.name} ended with status {process.returncode}:\n{_tail(log)}")


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
