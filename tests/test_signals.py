"""How ``serve`` is ended, at any moment of its life, also as the first process of a container."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.commands.program import COMMAND, SECONDS

SOON = 2.0
"""Seconds from the signal to the end."""
AS_PROCESS_1 = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
Write = Callable[[dict[str, Any]], Path]


@contextlib.contextmanager
def serving(file: Path, within: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    command = [*within, *COMMAND, "serve", f"--config.file={file}", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str], number: signal.Signals, within: Sequence[str] = ()) -> tuple[int, str]:
    """Exit code and log of a process after a signal, in time."""
    pid = process.pid
    if within:
        (pid,) = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    os.kill(pid, number)
    began = time.monotonic()
    _, log = process.communicate(timeout=SECONDS)
    assert time.monotonic() - began < SOON
    return process.returncode, log


@pytest.mark.parametrize(
    ("number", "within"), [(signal.SIGINT, ()), (signal.SIGTERM, AS_PROCESS_1)], ids=["process", "process 1"]
)
def test_a_database_that_never_answers_is_not_waited_for(
    config_data: dict[str, Any], write_config: Write, number: signal.Signals, within: Sequence[str]
) -> None:
    """It takes the connection and says nothing: the start is ended in the middle of it, without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as database:
        database.settimeout(SECONDS)
        config_data["store"] = f"postgresql://exporter@127.0.0.1:{database.getsockname()[1]}/x?connect_timeout=60"
        with serving(write_config(config_data), within) as process:
            connection, _ = database.accept()
            with connection:
                code, log = told(process, number, within)
    assert code == 0
    assert log.count("\n") == 1
    assert f'event="stopped at once" why={number.name}' in log


def test_a_file_that_another_process_keeps_is_not_waited_for(config_data: dict[str, Any], write_config: Write) -> None:
    """In the middle of making its tables."""
    config_data["store"] = "sqlite:///kept.db"
    file = write_config(config_data)
    with contextlib.closing(sqlite3.connect(file.parent / "kept.db")) as somebody, serving(file) as process:
        somebody.execute("PRAGMA journal_mode=WAL")
        somebody.execute("BEGIN EXCLUSIVE")
        opened(process, "kept.db")
        assert told(process, signal.SIGTERM)[0] == 0


def opened(process: subprocess.Popen[str], name: str) -> None:
    """Returns once the process has a file open."""
    ends_at = time.monotonic() + SECONDS
    while name not in open_files(process.pid):
        assert time.monotonic() < ends_at


def open_files(pid: int) -> set[str]:
    names = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.add(file.readlink().name)
    return names
