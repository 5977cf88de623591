"""Real processes: started, watched, ended."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import httpx
import pytest

from exporter.demo.processes import Program, end, find_binary, free_port, running
from exporter.errors import ProcessError

SERVER = "import http.server as h; h.test(HandlerClass=h.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"
DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def python(script: str, url: str = "http://127.0.0.1:1/", start_seconds: float = 20.0) -> Program:
    return Program("program", (sys.executable, "-c", script), url, start_seconds=start_seconds)


def server() -> Program:
    port = free_port()
    return python(SERVER.format(port=port), f"http://127.0.0.1:{port}/")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def deaf_process() -> asyncio.subprocess.Process:
    """A process that ignores SIGTERM, from the moment this returns."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DEAF, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"deaf\n"
    return process


def test_a_free_port_can_be_listened_on() -> None:
    """Nobody has it, and the next one is another."""
    ports = {free_port() for _ in range(5)}
    assert len(ports) > 1
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_the_first_name_that_is_installed_is_found() -> None:
    """Debian calls some binaries differently."""
    assert find_binary(("surely-not-installed", "sh")).endswith("/sh")


def test_a_missing_program_says_how_to_get_it() -> None:
    """By its first name."""
    with pytest.raises(ProcessError, match="surely-not-installed is not installed: apt-get install surely-not-inst"):
        find_binary(("surely-not-installed", "neither-is-this"))


async def test_a_program_runs_until_the_block_ends(tmp_path: Path) -> None:
    """It answers inside, in a folder of its own, and is gone afterwards."""
    program = server()
    (tmp_path / "here.txt").write_text("here")
    async with running(program, tmp_path / "program.log") as process, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{program.ready_url}here.txt")).text == "here"
        assert is_running(process.pid)
    assert not is_running(process.pid)
    assert "GET /here.txt" in (tmp_path / "program.log").read_text()


async def test_a_program_is_ended_when_the_block_fails(tmp_path: Path) -> None:
    """An error inside is passed on, and leaves nothing running."""
    pids: list[int] = []

    async def fail() -> None:
        async with running(server(), tmp_path / "program.log") as process:
            pids.append(process.pid)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert not is_running(pids[0])


async def test_a_program_ends_with_who_started_it(tmp_path: Path) -> None:
    """Even if that was killed, and could end nothing."""
    port = free_port()
    script = (
        "import asyncio, pathlib, sys\n"
        "from exporter.demo.processes import Program, running\n"
        "async def run():\n"
        f"    program = Program('program', (sys.executable, '-c', {SERVER.format(port=port)!r}), 'http://127.0.0.1:{port}/')\n"
        f"    async with running(program, pathlib.Path({str(tmp_path)!r}) / 'program.log') as process:\n"
        "        print(process.pid, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(run())\n"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert starter.stdout is not None
    pid = int(await starter.stdout.readline())
    assert is_running(pid)
    starter.kill()
    await starter.wait()
    async with asyncio.timeout(10):
        while is_running(pid):  # noqa: ASYNC110  it is nobody's child any more
            await asyncio.sleep(0.01)


async def test_a_program_that_ends_at_once_says_why(tmp_path: Path) -> None:
    """Status and the last ten lines of what it printed, errors included."""
    script = "import sys; [print(n, flush=True) for n in range(30)]; sys.exit('no such option')"
    with pytest.raises(ProcessError) as failed:
        async with running(python(script), tmp_path / "program.log"):
            pass
    lines = str(failed.value).splitlines()
    assert lines[0] == "program ended with status 1:"
    assert lines[1:] == [*(str(number) for number in range(21, 30)), "no such option"]


async def test_a_program_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    """A command that does not exist is told apart from one that failed."""
    missing = Program("program", (str(tmp_path / "missing"),), "http://127.0.0.1:1/")
    with pytest.raises(ProcessError, match=r"program cannot be started: .*No such file"):
        async with running(missing, tmp_path / "program.log"):
            pass


async def test_a_program_that_does_not_get_ready_is_ended(tmp_path: Path) -> None:
    """After its time it is given up, and not left behind."""
    script = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    with pytest.raises(ProcessError, match=r"program was not ready after 0\.5 s:\n\d+$"):
        async with running(python(script, start_seconds=0.5), tmp_path / "program.log"):
            pass
    assert not is_running(int((tmp_path / "program.log").read_text()))


async def test_a_program_that_is_not_ready_is_waited_for(tmp_path: Path) -> None:
    """Any answer but 200 means not yet."""
    port = free_port()
    script = (
        "import http.server as h\n"
        "class Late(h.BaseHTTPRequestHandler):\n"
        "    answers = iter([503, 404, 503])\n"
        "    def do_GET(self):\n"
        "        self.send_response(next(self.answers, 200)); self.end_headers()\n"
        f"h.HTTPServer(('127.0.0.1', {port}), Late).serve_forever()\n"
    )
    async with running(python(script, f"http://127.0.0.1:{port}/"), tmp_path / "program.log"):
        answers = (tmp_path / "program.log").read_text()
    assert [code for code in ("503", "404", "200") if f'" {code} -' in answers] == ["503", "404", "200"]


async def test_a_program_that_ignores_the_polite_signal_is_killed() -> None:
    """After some patience."""
    process = await deaf_process()
    await end(process, patience=0.1)
    assert process.returncode == -9


async def test_a_program_is_killed_at_once_when_we_are_hurried() -> None:
    """Ctrl-C pressed a second time does not leave anything behind either."""
    process = await deaf_process()
    ending = asyncio.create_task(end(process, patience=60.0))
    await asyncio.sleep(0)
    ending.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await ending
    assert process.returncode == -9


async def test_a_program_that_has_ended_is_left_alone() -> None:
    """Its pid may be somebody else's by now."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
    await process.wait()
    await end(process, patience=1.0)
    assert process.returncode == 3
