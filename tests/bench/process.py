"""A process that is measured: started, looked at from outside, ended by its pid."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.wire import Wire
from tests.ready import await_ready
from tests.resources import cpu_seconds, resident

END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Process:
    """One that answers on a port of loopback. ``seconds``: from its start until it said that it is ready."""

    pid: int
    port: int
    seconds: float

    @property
    def cpu_seconds(self) -> float:
        """What it has used by now, in user mode and in the kernel."""
        return cpu_seconds(self.pid)

    @property
    def resident_mebibytes(self) -> float:
        return resident(self.pid)


@contextlib.contextmanager
def running(
    arguments: list[str], folder: Path, port: int, *, ready: str = "/-/ready", patience: float = 600.0
) -> Iterator[Process]:
    """``python ARGUMENTS`` until the block ends; it is there once it answers ``ready`` with 200."""
    log = folder / "process.log"
    with log.open("ab") as output:
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, *arguments], stdout=output, stderr=output, start_new_session=True)
    try:
        await_ready(lambda: _answers(port, ready), process, log, patience)
        yield Process(process.pid, port, time.monotonic() - began)
    finally:
        _end(process)


def _answers(port: int, path: str) -> bool:
    try:
        with contextlib.closing(Wire(port, timeout=10.0)) as wire:
            return wire.get(path).status == 200
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
