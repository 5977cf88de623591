"""Where the process listens, and its signals."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import yaml

from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program, simulator_program, write_exporter_config
from exporter.errors import ListenError
from exporter.server import listen_on
from tests.pages import Page


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.02)


async def test_sighup_reloads(tmp_path: Path) -> None:
    """A bad file changes nothing but the gauge; a good one is applied without a restart or a new login; the process
    ends with 0 when it is told to."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    file = write_exporter_config(stage)
    good = file.read_text()
    async with (
        running(simulator_program(stage), tmp_path / "simulator.log"),
        running(exporter_program(stage), tmp_path / "exporter.log") as exporter,
        httpx.AsyncClient(trust_env=False) as http,
    ):

        async def page() -> Page:
            return Page((await http.get(f"{stage.exporter}/metrics")).text)

        async def logins() -> int:
            return int((await http.get(f"{stage.simulator}/control/{ORG}")).json()["requests"]["token"])

        async def reloaded_as(value: float) -> bool:
            return (await page()).value("config_last_reload_successful") == value

        before = await logins()
        requests = (await page()).value("upstream_requests_total", integration=ORG, api="bridge") or 0
        file.write_text(good + "\ncolour: red\n")
        exporter.send_signal(signal.SIGHUP)
        await until(lambda: reloaded_as(0))
        data = yaml.safe_load(good)
        second = {**data["integrations"][0], "name": "second"}
        file.write_text(yaml.safe_dump({**data, "integrations": [*data["integrations"], second]}))
        exporter.send_signal(signal.SIGHUP)
        await until(lambda: reloaded_as(1))

        async def second_is_read() -> bool:
            up = (await page()).value("source_up", integration="second", source="sync_health")
            return up == 1

        await until(second_is_read)
        assert ((await page()).value("upstream_requests_total", integration=ORG, api="bridge") or 0) >= requests > 0
        file.write_text(good)
        exporter.send_signal(signal.SIGHUP)

        async def second_is_gone() -> bool:
            return not (await page()).series(integration="second")

        await until(second_is_gone)
        # The second integration logged in once, the first never again.
        assert await logins() <= before + 1
        refused = await http.post(f"{stage.exporter}/-/reload")
        assert refused.status_code == 403
        exporter.terminate()
        async with asyncio.timeout(10):
            assert await exporter.wait() == 0
    log = (tmp_path / "exporter.log").read_text()
    assert "configuration not reloaded" in log
    assert "colour" in log
    assert "Traceback" not in log


def reaches(listening: socket.socket, host: str) -> bool:
    """Whether a connection to this address arrives there."""
    try:
        with socket.create_connection((host, listening.getsockname()[1]), timeout=5):
            connection, _peer = listening.accept()
            connection.close()
            return True
    except OSError:
        return False


@pytest.mark.parametrize("address", [":0", "[::]:0"])
def test_without_a_host_both_families_come_in(address: str) -> None:
    """One socket, whatever the system says of sockets of IPv6."""
    with listen_on(address) as listening:
        assert [reaches(listening, host) for host in ("127.0.0.1", "::1")] == [True, True]


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("127.0.0.1:0", ["127.0.0.1"]),
        ("0.0.0.0:0", ["127.0.0.1"]),
        ("[::1]:0", ["::1"]),
        ("localhost:0", ["127.0.0.1"]),
    ],
)
def test_a_host_is_taken_at_its_word(address: str, reached: list[str]) -> None:
    """An address is that one; a name of both families is IPv4, as before."""
    with listen_on(address) as listening:
        assert [host for host in ("127.0.0.1", "::1") if reaches(listening, host)] == reached


def machine_without(missing: socket.AddressFamily, number: int) -> Callable[..., socket.socket]:
    """Opens sockets as a machine that lacks a family does."""

    def opened(family: socket.AddressFamily, kind: socket.SocketKind, protocol: int) -> socket.socket:
        if family == missing:
            raise OSError(number, "not on this machine")
        return socket.socket(family, kind, protocol)

    return opened


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
@pytest.mark.parametrize(
    ("missing", "host"), [(socket.AF_INET6, "127.0.0.1"), (socket.AF_INET, "::1")], ids=["no IPv6", "no IPv4"]
)
def test_a_machine_with_one_family_listens_on_that(missing: socket.AddressFamily, host: str, number: int) -> None:
    """Kernels without IPv6 refuse the socket, those where it is switched off the address; and so for IPv4."""
    with listen_on(":0", machine_without(missing, number)) as listening:
        assert reaches(listening, host)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_that_is_taken_in_one_family_is_taken(family: socket.AddressFamily) -> None:
    """Half of the scrapes would go to somebody else: that is said, not made the best of."""
    with socket.socket(family, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        other.listen()
        with pytest.raises(ListenError, match="Address already in use"):
            listen_on(f":{other.getsockname()[1]}")


@pytest.mark.parametrize("address", ["[::1]:0", "127.0.0.1:0"])
def test_an_address_of_a_missing_family_is_an_error(address: str) -> None:
    """Nothing else was asked for."""
    missing = socket.AF_INET6 if "[" in address else socket.AF_INET
    with pytest.raises(ListenError, match="not on this machine"):
        listen_on(address, machine_without(missing, errno.EAFNOSUPPORT))
