"""``serve`` as a process: how it starts, what keeps it from starting, how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.errors import ListenError
from exporter.server import listen_on
from tests.commands.program import COMMAND, SECONDS, run


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_an_address_in_use_is_named(config_file: Path, taken: int) -> None:
    """The exporter ends with 1 and says which address it could not have."""
    ended = run("serve", f"--config.file={config_file}", f"--web.listen-address=127.0.0.1:{taken}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"error: --web.listen-address=127.0.0.1:{taken}: " in ended.stderr
    assert "Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_malformed_address_is_named(config_file: Path) -> None:
    """With what was expected, before anything is polled, without a traceback."""
    address = "::1:9951"
    ended = run("serve", f"--config.file={config_file}", f"--web.listen-address={address}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"error: --web.listen-address={address}: " in ended.stderr
    assert "expected host:port, [ipv6]:port or :port" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "address", ["", "9951", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "[::1]", "[::1:9951"]
)
def test_every_malformed_address_is_refused(address: str) -> None:
    """Before a socket is opened."""
    with pytest.raises(ListenError, match=r"expected host:port, \[ipv6\]:port or :port"):
        listen_on(address)


def test_a_store_that_cannot_be_opened_is_named(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> None:
    """1 and a line, without a traceback."""
    config_data["store"] = "sqlite:///no-such-directory/exporter.db"
    file = write_config(config_data)
    ended = run("serve", f"--config.file={file}", "--web.listen-address=127.0.0.1:0")
    assert ended.returncode == 1
    assert ": store: cannot write " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_until_it_is_told_to_stop(end: signal.Signals, config_file: Path) -> None:
    """It says where it listens, answers there although no upstream does, and ends with 0 on either signal."""
    command = [*COMMAND, "serve", f"--config.file={config_file}", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = listening_address(process)
            assert httpx.get(f"http://{address}/-/healthy", trust_env=False).status_code == httpx.codes.OK
            assert (
                "hubspot_salesforce_exporter_build_info" in httpx.get(f"http://{address}/metrics", trust_env=False).text
            )
            process.send_signal(end)
            out, errors = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (process.returncode, out) == (0, "")
    assert "event=stopped" in errors
    assert "Traceback" not in errors


def listening_address(process: subprocess.Popen[str]) -> str:
    """Reads the log until the exporter says where it listens."""
    assert process.stderr is not None
    deadline = time.monotonic() + SECONDS
    for line in process.stderr:
        found = re.search(r"event=listening address=(\S+)", line)
        if found:
            return found[1]
        assert time.monotonic() < deadline, "the exporter did not start to listen"
    raise AssertionError("the exporter ended before it listened")
