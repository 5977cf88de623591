"""An exporter that is served by a web configuration."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def exporter(folder: Path, name: str, config: Path, web: dict[str, Any]) -> AsyncIterator[str]:
    """Serves by this web configuration; its address."""
    (folder / f"{name}.yml").write_text(yaml.safe_dump(web))
    data = yaml.safe_load(config.read_text()) | {"store": f"sqlite:///{name}.db"}
    own = config.with_name(f"exporter-{name}.yml")
    own.write_text(yaml.safe_dump(data))
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exporter", "serve", f"--config.file={own}", "--web.listen-address=127.0.0.1:0"),
            f"--web.config.file={folder / f'{name}.yml'}",
            stderr=output,
        )
    try:

        async def listens() -> bool:
            assert process.returncode is None, log.read_text()
            return "event=listening" in log.read_text()

        await until(listens)
        found = re.search(r"event=listening address=(\S+) tls=true", log.read_text())
        assert found is not None
        yield found[1]
    finally:
        process.terminate()
        await process.wait()
