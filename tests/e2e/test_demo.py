"""``demo`` closes the loop with a real Prometheus and a real Alertmanager, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.demo.no_bridge import NO_BRIDGE
from exporter.demo.permissions import PERMISSIONS

pytestmark = pytest.mark.binaries

DEADLINE = 120.0


@contextlib.asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command as a process; ended with the block whatever happens in it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter", "demo", *arguments),
        stdout=asyncio.subprocess.PIPE,
        # A shell starts what it runs in the background deaf to Ctrl-C, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def output_until(process: asyncio.subprocess.Process, pattern: str) -> tuple[str, re.Match[str]]:
    """What the process printed up to a match of ``pattern``."""
    assert process.stdout is not None
    printed = ""
    while (match := re.search(pattern, printed)) is None:
        line = await process.stdout.readline()
        assert line, f"ended without {pattern!r}:\n{printed}"
        printed += line.decode()
    return printed, match


def processes_in(folder: str) -> list[str]:
    """Command lines of running processes that speak of a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if folder in command:
                found.append(command)
    return found


async def test_the_loop_closes_on_its_own() -> None:
    """Cause, errors, suspension, alert, cure, webhook and resync really happen, and the demo says so with exit 0."""
    async with asyncio.timeout(DEADLINE), demo("--exit-when-done") as process:
        printed, places = await output_until(process, r"Logs, removed at the end +(\S+)")
        assert process.stdout is not None
        printed += (await process.stdout.read()).decode()
        assert await process.wait() == 0, printed
    steps = len(PERMISSIONS.steps)
    assert f"{steps} of {steps} steps really happened" in printed
    assert not processes_in(places[1])
    assert not Path(places[1]).exists()


@pytest.mark.faults
async def test_without_a_bridge_the_loop_closes_too() -> None:
    """E-mail, alert, backlog, canary, cure and catch-up really happen, with a real IMAP server, within 90 seconds; and
    that server ends with the rest."""
    async with asyncio.timeout(90), demo("--scenario=no-bridge", "--exit-when-done") as process:
        printed, places = await output_until(process, r"Mailbox +imap://127.0.0.1:(\d+), Dovecot.*\n.* (\S+)\n")
        assert process.stdout is not None
        printed += (await process.stdout.read()).decode()
        assert await process.wait() == 0, printed
    steps = len(NO_BRIDGE.steps)
    assert f"{steps} of {steps} steps really happened" in printed
    assert not processes_in(places[2])
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(places[1]))


async def test_ctrl_c_ends_every_process() -> None:
    """An interrupt in the middle ends simulator, exporter, Prometheus and Alertmanager."""
    async with asyncio.timeout(DEADLINE), demo() as process:
        _, places = await output_until(process, r"Logs, removed at the end +(\S+)")
        assert len(processes_in(places[1])) >= 3
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    assert not processes_in(places[1])
