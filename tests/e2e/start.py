"""How long ``serve`` takes from the start of its process until ``/-/ready`` says 200, and what it weighs by then."""

from __future__ import annotations

import argparse
import asyncio
import compileall
import contextlib
import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import exporter
from exporter.config import defaults
from exporter.demo.processes import free_port, running
from tests.e2e.load import simulator, write_config
from tests.resources import cpu_seconds, resident

LOOK_EVERY = 0.01
"""Seconds between two questions whether it is ready."""


@dataclass(frozen=True)
class Start:
    """``seconds`` from the start of the process to ready, and its CPU by then; ``first_page`` are those until the page
    that is asked for then is there; ``resident`` MiB at its end."""

    seconds: float
    cpu_seconds: float
    first_page: float
    resident: float

    def __str__(self) -> str:
        ready = f"ready after {self.seconds:.2f} s, {self.cpu_seconds:.2f} s of CPU"
        return f"{ready}, first page after {self.first_page:.2f} s, {self.resident:.0f} MiB resident"


@contextlib.contextmanager
def serving(config_file: Path, patience: float = 300.0) -> Iterator[tuple[int, Start]]:
    """The process id of a ``serve`` that is ready, and how long that took; it is ended with SIGTERM."""
    port = free_port()
    address = f"--web.listen-address=127.0.0.1:{port}"
    command = (sys.executable, "-m", "exporter", "serve", f"--config.file={config_file}", address, "--log.level=warn")
    began = time.monotonic()
    with subprocess.Popen(command) as process:
        try:
            while not is_ready(port):
                if process.poll() is not None or time.monotonic() - began > patience:
                    raise AssertionError(f"not ready after {time.monotonic() - began:.1f} s, exit {process.returncode}")
                time.sleep(LOOK_EVERY)
            ready, cpu = time.monotonic() - began, cpu_seconds(process.pid)
            read_page(port)
            yield process.pid, Start(ready, cpu, time.monotonic() - began, resident(process.pid))
        finally:
            process.terminate()


def time_to_ready(config_file: Path, patience: float = 300.0, *, then: float = 0.0) -> Start:
    """Starts ``serve``, waits until it is ready, and ends it ``then`` seconds later."""
    with serving(config_file, patience) as (pid, start):
        time.sleep(then)
        return replace(start, resident=resident(pid))


def is_ready(port: int) -> bool:
    """Whether ``/-/ready`` on this port of loopback says 200 now."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asking.request("GET", "/-/ready")
        return asking.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        asking.close()


def read_page(port: int) -> None:
    """Scrapes once, packed, as Prometheus does."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as asking:
        asking.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        answer = asking.getresponse()
        assert answer.status == http.client.OK, answer.status
        assert answer.read()


@contextlib.asynccontextmanager
async def simulated(
    folder: Path, integrations: int, intervals: Mapping[str, float] = defaults.INTERVALS
) -> AsyncIterator[Path]:
    """A configuration file with so many integrations, every source on, and who answers them."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with running(simulator(port, integrations), folder / "simulator.log"):
        write_config(folder, url, integrations, intervals)
        yield folder / "exporter.yml"


async def measure(integrations: int, then: float) -> None:
    """Prints both."""
    with tempfile.TemporaryDirectory() as folder:
        async with simulated(Path(folder), integrations) as file:
            for word in ("fresh", "restarted"):
                start = await asyncio.to_thread(time_to_ready, file, then=then)
                sys.stdout.write(f"{integrations} {word}: {start}\n")
                sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, nargs="+", default=[1, 1000])
    parser.add_argument("--then", type=float, default=0.0)
    options = parser.parse_args()
    # As an installation does it.
    compileall.compile_dir(exporter.__path__[0], quiet=1)
    for integrations in options.integrations:
        asyncio.run(measure(integrations, options.then))


if __name__ == "__main__":
    main()
