"""An exporter that is served by a web configuration."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.demo.processes import free_port


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Running:
    """Where it listens, and its id."""

    address: str
    process: int


@contextlib.asynccontextmanager
async def process(folder: Path, name: str, config: Path, web: dict[str, Any]) -> AsyncIterator[Running]:
    """Serves by this web configuration."""
    (folder / f"{name}.yml").write_text(yaml.safe_dump(web))
    data = yaml.safe_load(config.read_text()) | {"store": f"sqlite:///{name}.db"}
    own = config.with_name(f"exporter-{name}.yml")
    own.write_text(yaml.safe_dump(data))
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exporter", "serve", f"--config.file={own}"),
            *(f"--web.listen-address=127.0.0.1:{free_port()}", f"--web.config.file={folder / f'{name}.yml'}"),
            stderr=output,
        )
    try:

        async def listens() -> bool:
            assert started.returncode is None, log.read_text()
            return "event=listening" in log.read_text()

        await until(listens)
        found = re.search(r"event=listening address=(\S+) tls=true", log.read_text())
        assert found is not None
        yield Running(found[1], started.pid)
    finally:
        started.terminate()
        await started.wait()


@contextlib.asynccontextmanager
async def exporter(folder: Path, name: str, config: Path, web: dict[str, Any]) -> AsyncIterator[str]:
    """The same, where only its address matters."""
    async with process(folder, name, config, web) as running:
        yield running.address
