"""Sockets that somebody else has opened: a small parent does what systemd does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from exporter.errors import ListenError
from exporter.serving.systemd import passed_sockets
from tests.commands.program import SECONDS, run

PARENT = """
import fcntl, os, sys
numbers = [int(number) for number in sys.argv[1].split(",")]
# Out of the way first, so that none is overwritten before it has been moved.
held = [fcntl.fcntl(number, fcntl.F_DUPFD, 50) for number in numbers]
for place, number in enumerate(held, 3):
    os.dup2(number, place, inheritable=True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(held))}
os.execv(sys.executable, [sys.executable, "-m", "exporter", *sys.argv[2:]])
"""


def listening(family: socket.AddressFamily, place: object) -> socket.socket:
    opened = socket.socket(family)
    opened.bind(place)  # type: ignore[arg-type]
    opened.listen()
    return opened


def test_all_sockets_that_are_passed_are_served(config_file: Path, tmp_path: Path) -> None:
    """Two of TCP and one of the file system; the addresses of flags are not."""
    unix = tmp_path / "exporter.sock"
    with (
        listening(socket.AF_INET, ("127.0.0.1", 0)) as one,
        listening(socket.AF_INET, ("127.0.0.1", 0)) as two,
        listening(socket.AF_UNIX, str(unix)) as three,
    ):
        numbers = [each.fileno() for each in (one, two, three)]
        command = [sys.executable, "-c", PARENT, ",".join(map(str, numbers)), "serve", "--web.systemd-socket"]
        with subprocess.Popen(
            [*command, f"--config.file={config_file}"], stderr=subprocess.PIPE, text=True, pass_fds=numbers
        ) as process:
            try:
                addresses = listening_addresses(process, 3)
                for each in (one, two):
                    port = each.getsockname()[1]
                    assert f"127.0.0.1:{port}" in addresses
                    assert httpx.get(f"http://127.0.0.1:{port}/-/healthy", trust_env=False).status_code == 200
                with httpx.Client(transport=httpx.HTTPTransport(uds=str(unix))) as http:
                    assert http.get("http://exporter/-/healthy").status_code == 200
                process.send_signal(signal.SIGTERM)
                assert process.wait(SECONDS) == 0
            finally:
                process.kill()


def listening_addresses(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stderr is not None
    found: list[str] = []
    deadline = time.monotonic() + SECONDS
    for line in process.stderr:
        found += re.findall(r"event=listening address=(\S+)", line)
        if len(found) == count:
            return found
        assert time.monotonic() < deadline
    raise AssertionError("the exporter ended before it listened")


def test_without_a_socket_it_does_not_start(config_file: Path) -> None:
    """In a sentence, and without a traceback."""
    ended = run("serve", f"--config.file={config_file}", "--web.systemd-socket")
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: --web.systemd-socket: no socket was passed")
    assert "Traceback" not in ended.stderr


def test_several_addresses_are_served(config_file: Path) -> None:
    """Each that is given; one that cannot be had is named, and nothing is served."""
    with listening(socket.AF_INET, ("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(
            "serve",
            f"--config.file={config_file}",
            "--web.listen-address=127.0.0.1:0",
            f"--web.listen-address=127.0.0.1:{port}",
        )
    assert ended.returncode == 1
    assert f"error: --web.listen-address=127.0.0.1:{port}: " in ended.stderr
    command = [sys.executable, "-m", "exporter", "serve", f"--config.file={config_file}"]
    addresses = ["--web.listen-address=127.0.0.1:0", "--web.listen-address=[::1]:0"]
    with subprocess.Popen([*command, *addresses], stderr=subprocess.PIPE, text=True) as process:
        try:
            for address in listening_addresses(process, 2):
                assert httpx.get(f"http://{address}/-/healthy", trust_env=False).status_code == 200
        finally:
            process.terminate()
            process.wait(SECONDS)


class TestRefusals:
    """What is no socket to serve on."""

    @pytest.mark.parametrize(
        ("environment", "sentence"),
        [
            ({}, "LISTEN_PID is not this process"),
            ({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, "LISTEN_PID is not this process"),
            ({"LISTEN_PID": "7"}, "LISTEN_FDS="),
            ({"LISTEN_PID": "7", "LISTEN_FDS": "0"}, "LISTEN_FDS=0"),
            ({"LISTEN_PID": "7", "LISTEN_FDS": "many"}, "LISTEN_FDS=many"),
            ({"LISTEN_PID": "7", "LISTEN_FDS": "-1"}, "LISTEN_FDS=-1"),
        ],
    )
    def test_what_was_not_passed_to_this_process(self, environment: dict[str, str], sentence: str) -> None:
        """None is taken that is somebody else's."""
        with pytest.raises(ListenError, match=re.escape(sentence)):
            passed_sockets(environment, 7)

    @pytest.mark.parametrize(("opened", "sentence"), [("pipe", "is no socket"), ("connected", "does not listen")])
    def test_a_descriptor_that_does_not_listen(self, opened: str, sentence: str) -> None:
        """Named, in a process of its own: ours has other things there."""
        script = (
            "import os, socket, sys\n"
            "from exporter.errors import ListenError\n"
            "from exporter.serving.systemd import passed_sockets\n"
            "number = os.pipe()[0] if sys.argv[1] == 'pipe' else socket.socketpair()[0].detach()\n"
            "os.dup2(number, 3)\n"
            "try:\n"
            "    passed_sockets({'LISTEN_PID': '7', 'LISTEN_FDS': '1'}, 7)\n"
            "except ListenError as error:\n"
            "    print(error)\n"
        )
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, opened],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
            env={**os.environ},
        )
        assert f"file descriptor 3 {sentence}" in ended.stdout
