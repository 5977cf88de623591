"""The simulator as a real process."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from exporter.demo.simulator.settings import Settings

COMMAND = [sys.executable, "-m", "exporter.demo.simulator", "--port=0"]


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A simulator that changes quickly; killed if the test did not end it."""
    options = ["--orgs=acme,beta", "--more-orgs=1", "--sync-interval=0.02", "--traffic=50", "--allocation=-1"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(json.loads(process.stdout.readline())["port"])


def state(port: int) -> dict[str, object]:
    content: dict[str, object] = httpx.get(f"http://127.0.0.1:{port}/control/acme").json()
    return content


def test_it_says_its_port_ticks_and_ends_cleanly(process: subprocess.Popen[str]) -> None:
    """Records sync by themselves; a request that hangs does not keep it from ending with code 0."""
    port = port_of(process)
    orgs = httpx.get(f"http://127.0.0.1:{port}/control").json()["orgs"]
    assert [org["name"] for org in orgs] == ["acme", "beta", "org-0001"]
    deadline = time.monotonic() + 5
    while not state(port)["api_calls"]["by_app"]:  # type: ignore[index]
        assert time.monotonic() < deadline, "nothing was synced"
    httpx.post(f"http://127.0.0.1:{port}/control/acme/fault", json={"api": "status", "fault": "hang"})
    with socket.create_connection(("127.0.0.1", port)) as hanging:
        hanging.sendall(b"GET /status/v1/instances/SIM1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        while state(port)["requests"] != {"status": 1}:
            assert time.monotonic() < deadline, "the hanging request did not arrive"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (0, "")


def test_a_bad_org_name_is_refused() -> None:
    """It would hide another part of the simulator."""
    ended = subprocess.run([*COMMAND, "--orgs=control"], capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode != 0
    assert "'control'" in ended.stderr


def test_it_writes_down_what_it_is_asked(tmp_path: Path) -> None:
    """A line a request with its sender's name for it and both times; what belongs to the stage is left out."""
    log = tmp_path / "requests.log"
    with subprocess.Popen([*COMMAND, f"--request-log={log}"], stdout=subprocess.PIPE, text=True) as process:
        url = f"http://127.0.0.1:{port_of(process)}"
        headers = {"Host": "one", "Authorization": f"Bearer {Settings().bridge_token}"}
        body = {"error_ids": ["e1", "e2"]}
        assert httpx.post(f"{url}/acme/bridge/resync", json=body, headers=headers).status_code == 202
        assert httpx.post(f"{url}/acme/bridge/resync", content=b"no JSON", headers=headers).status_code == 400
        assert httpx.get(f"{url}/control/acme").is_success
        process.terminate()
    first, second = map(json.loads, log.read_text().splitlines())
    assert first["began"] <= first["ended"] <= second["began"]
    assert {key: first[key] for key in ("host", "method", "path", "status", "error_ids")} == {
        "host": "one",
        "method": "POST",
        "path": "/acme/bridge/resync",
        "status": 202,
        "error_ids": ["e1", "e2"],
    }
    assert "error_ids" not in second


def test_it_serves_mail_where_it_is_told_to() -> None:
    """On a port of its own, said with the other; a client that stays does not keep it from ending with code 0."""
    with subprocess.Popen([*COMMAND, "--imap-port=0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", ports["imap_port"])) as client:
            assert client.recv(1_000).startswith(b"* OK [CAPABILITY IMAP4rev1")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) == 0
