"""A short scenario played with the real programs; ``tests/e2e`` plays the whole incident."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

from exporter.demo.play import play
from exporter.demo.scenario import Scenario, Step

AT_ONCE = Step("The sun rises", lambda view: "errors" in view.simulated, lambda _view: "it is day")
NEVER = Step("Pigs fly", lambda _view: False, lambda _view: "oink", at_most=0.1)
LATER = Step("Hell freezes over", lambda _view: True, lambda _view: "cold")
DEADLINE = 60.0


def processes_in(folder: str) -> list[str]:
    """Command lines of running programs that were started in a folder."""
    commands = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if os.access(file, os.R_OK)]
    return [command.replace(b"\0", b" ").decode(errors="replace") for command in commands if folder.encode() in command]


def folder_in(printed: str) -> str:
    named = re.search(r"Logs, removed at the end +(\S+)", printed)
    assert named is not None, printed
    return named[1]


@pytest.mark.binaries
def test_a_step_that_does_not_happen_ends_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    """Those before are told with their proof, it is named with the reason, no later one is played; exit code 1."""
    assert play(Scenario("vain", "Waiting in vain", (AT_ONCE, NEVER, LATER)), exit_when_done=True) == 1
    printed = capsys.readouterr().out
    assert "✔ The sun rises: it is day (" in printed
    assert "✘ Pigs fly: not seen within 0.1 s" in printed
    assert "1 of 3 steps really happened" in printed
    assert "Hell freezes over" not in printed
    assert not processes_in(folder_in(printed))
    # What the programs wrote is kept: somebody wants to know why.
    folder = Path(folder_in(printed))
    assert f"Logs and configurations are kept in {folder}" in printed
    assert (folder / "exporter.log").exists()
    shutil.rmtree(folder)


def _take_signals() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.binaries
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.faults, id="SIGHUP")])
async def test_a_signal_ends_everything(number: signal.Signals) -> None:
    """SIGTERM, and SIGHUP when the terminal is closed, do what Ctrl-C does: one line says so, without a traceback, and
    nothing is left behind."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter", "demo"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Tests that run under ``nohup`` hand down that it is ignored, and then it is meant to be.
        preexec_fn=_take_signals,
    )
    assert process.stdout is not None
    printed = ""
    try:
        async with asyncio.timeout(DEADLINE):
            while "Logs, removed at the end" not in printed:
                line = await process.stdout.readline()
                assert line, f"ended without saying where to look:\n{printed}"
                printed += line.decode()
            folder = folder_in(printed)
            assert processes_in(folder)
            process.send_signal(number)
            rest, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, errors) == (128 + number, b"")
    assert "Everything the demo started is stopped." in rest.decode()
    assert not processes_in(folder)
    assert not Path(folder).exists()
