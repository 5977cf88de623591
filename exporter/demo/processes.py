"""Real processes: started on loopback, watched until they are ready, ended by their pid."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from exporter.errors import ProcessError

# Debian's package names the binary differently from upstream.
PROMETHEUS = ("prometheus",)
ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, the URL that answers 200 once the program is ready, and how long it may take to start and end.

    ``tcp://HOST:PORT`` stands for a program that greets whoever connects, as a mail server does.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str
    start_seconds: float = 20.0
    end_seconds: float = 5.0


def find_binary(names: Sequence[str], package: str | None = None) -> str:
    """The path of the first of ``names`` that is installed; raises ``ProcessError`` saying what to install, which is a
    ``package`` of another name than the program's, if one is given."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise ProcessError(f"{names[0]} is not installed: apt-get install {package or names[0]}, or put it on PATH")


def free_port() -> int:
    """A TCP port nobody listens on at loopback right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def running(program: Program, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a program until the block ends. Output goes to ``log``; raises ``ProcessError`` if it does not get ready."""
    process = await _start(program, log)
    try:
        await _until_ready(program, process, log)
        yield process
    finally:
        await end(process, program.end_seconds)


def _with_us() -> tuple[str, ...]:
    """What runs a command that ends when we do, however that is: nobody ends the others for one that was killed."""
    found = shutil.which("setpriv")
    # Busybox has one that cannot.
    return (found, "--pdeathsig=TERM", "--") if found and Path(found).resolve().name != "busybox" else ()


async def _start(program: Program, log: Path) -> asyncio.subprocess.Process:
    try:
        if shutil.which(program.command[0]) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program.command[0])
        with log.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *_with_us(),
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                # Ctrl-C in the terminal reaches us alone; we end the others in order.
                start_new_session=True,
            )
    except OSError as error:
        raise ProcessError(f"{program.name} cannot be started: {error}") from error


async def end(process: asyncio.subprocess.Process, patience: float) -> None:
    """Ends one process by its pid: politely, then not; at once if we are told to hurry."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _until_ready(program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            async with asyncio.timeout(program.start_seconds):
                while process.returncode is None:
                    if await _answers(http, program.ready_url):
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            late = f"{program.name} was not ready after {program.start_seconds:g} s"
            raise ProcessError(f"{late}:\n{_tail(log)}") from None
    raise ProcessError(f"{program.name} ended with status {process.returncode}:\n{_tail(log)}")


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    if url.startswith("tcp://"):
        return await _greets(url)
    try:
        return (await http.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def _greets(url: str) -> bool:
    address = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
    except OSError:
        return False
    try:
        return bool(await reader.readline())
    except OSError:
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
