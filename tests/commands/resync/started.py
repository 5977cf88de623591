"""``resync`` as it is started: in a pipe, or by somebody at a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from exporter.demo.stage import ORG, Stage
from tests.commands.program import COMMAND, SECONDS
from tests.commands.staged import Ended


def alone(stage: Stage) -> tuple[str, ...]:
    """At the store itself."""
    return (f"--config.file={stage.folder / 'exporter.yml'}", ORG)


def remote(stage: Stage) -> tuple[str, ...]:
    """At the running exporter."""
    return (f"--url={stage.exporter}", f"--token-file={stage.folder / 'webhook-token'}", ORG)


@dataclass
class Started:
    """A process whose output is read as it comes. ``keyboard`` is where its standard input is typed, if anywhere."""

    process: asyncio.subprocess.Process
    keyboard: int | None
    out: str = ""
    err: str = ""
    _readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def says(self, text: str) -> None:
        """Waits until it has said this, on either output."""
        async with asyncio.timeout(SECONDS):
            while text not in self.out + self.err:
                assert self.process.returncode is None, (text, self.out, self.err)
                await asyncio.sleep(0.02)

    def types(self, text: str) -> None:
        assert self.keyboard is not None
        os.write(self.keyboard, text.encode())

    async def ended(self) -> Ended:
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*self._readers)
            await self.process.wait()
        return Ended(self.process.returncode, self.out, self.err)

    async def interrupted(self, by: signal.Signals = signal.SIGINT) -> Ended:
        self.process.send_signal(by)
        return await self.ended()

    async def _read(self, stream: asyncio.StreamReader, name: str) -> None:
        while piece := await stream.read(4096):
            setattr(self, name, getattr(self, name) + piece.decode())


@contextlib.asynccontextmanager
async def started(*arguments: str, at_terminal: bool = False) -> AsyncIterator[Started]:
    """Ends with the block, whatever happens; ``at_terminal`` somebody can be asked."""
    ours, theirs = os.openpty() if at_terminal else (None, None)
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "resync", *arguments),
        stdin=asyncio.subprocess.DEVNULL if theirs is None else theirs,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "80"},
        start_new_session=True,
    )
    run = Started(process, ours)
    assert process.stdout is not None
    assert process.stderr is not None
    run._readers = [
        asyncio.create_task(run._read(process.stdout, "out")),
        asyncio.create_task(run._read(process.stderr, "err")),
    ]
    try:
        yield run
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.gather(*run._readers)
        for end in (ours, theirs):
            if end is not None:
                os.close(end)


async def run(*arguments: str) -> Ended:
    """To its end, in a pipe."""
    async with started(*arguments) as process:
        return await process.ended()
