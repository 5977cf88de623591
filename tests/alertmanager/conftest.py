"""A real Alertmanager on loopback, with the shipped file made shorter, and what it delivers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from exporter.demo.processes import ALERTMANAGER, Program, find_binary, free_port, running
from tests.alertmanager.inbox import Inbox, open_inbox
from tests.alertmanager.labels import Labels
from tests.alertmanager.shipped import TEXT, delivered_to, shipped, shorter, written

T = TypeVar("T")

TOKEN = "the webhook's token"
DEADLINE = 30.0
ALONE = ("--cluster.listen-address=",)
"""No gossip with other Alertmanagers."""

Annotations = Mapping[str, str]


@dataclass(frozen=True)
class Running:
    """An Alertmanager that runs: what Prometheus would tell it, and what one can ask it."""

    url: str
    http: httpx.AsyncClient
    log: Path

    async def fire(self, *alerts: Labels, ago: float = 0.0, annotations: Annotations | None = None) -> None:
        """As Prometheus says that alerts fire, since ``ago`` seconds."""
        since = _written(datetime.now(UTC).timestamp() - ago)
        await self._post([_alert(labels, annotations, startsAt=since) for labels in alerts])

    async def fire_each(self, *alerts: tuple[Labels, Annotations]) -> None:
        """The same at once for alerts with annotations of their own."""
        now = _written(datetime.now(UTC).timestamp())
        await self._post([_alert(labels, annotations, startsAt=now) for labels, annotations in alerts])

    async def resolve(self, *alerts: Labels, annotations: Annotations | None = None) -> None:
        """As Prometheus says that they are over."""
        now = datetime.now(UTC).timestamp()
        times = {"startsAt": _written(now - 0.001), "endsAt": _written(now)}
        await self._post([_alert(labels, annotations, **times) for labels in alerts])

    async def alerts(self) -> list[dict[str, Any]]:
        """What it holds, with what inhibits each."""
        answer = await self.http.get(f"{self.url}/api/v2/alerts")
        answer.raise_for_status()
        held: list[dict[str, Any]] = answer.json()
        return held

    async def reload(self) -> None:
        """Reads its configuration again."""
        (await self.http.post(f"{self.url}/-/reload")).raise_for_status()

    async def _post(self, alerts: list[dict[str, Any]]) -> None:
        (await self.http.post(f"{self.url}/api/v2/alerts", json=alerts)).raise_for_status()


def _alert(labels: Labels, annotations: Annotations | None, **times: str) -> dict[str, Any]:
    return {"labels": labels, "annotations": annotations or {}, **times}


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


async def until(look: Callable[[], T]) -> T:
    """What ``look`` returns once it is true; fails after ``DEADLINE`` seconds."""
    async with asyncio.timeout(DEADLINE):
        while not (seen := look()):  # noqa: ASYNC110  the inbox is filled by another thread
            await asyncio.sleep(0.01)
    return seen


def retention() -> str:
    """The flag that the file's header starts Alertmanager with."""
    (flag,) = set(re.findall(r"--data\.retention=\w+", TEXT))
    return str(flag)


def defaults(program: str) -> list[str]:
    """The default templates of the same package, as far as they stand beside it.

    Debian's Alertmanager reads those of /usr/share, from wherever it is started; of two sets one has the other's.
    """
    beside = Path(program).resolve().parent.parent / "share" / "prometheus" / "alertmanager" / "default.tmpl"
    return [str(beside)] if beside.exists() else []


@contextlib.asynccontextmanager
async def running_alertmanager(
    config: Mapping[str, Any], folder: Path, *flags: str, cluster: Sequence[str] = ALONE
) -> AsyncIterator[Running]:
    """Runs with a configuration until the block ends; ``cluster`` are the flags that say with whom it gossips."""
    program = find_binary(ALERTMANAGER)
    file = written(folder, {**config, "templates": [*defaults(program), *config.get("templates", ())]}, TOKEN)
    url = f"http://127.0.0.1:{free_port()}"
    log = folder / "alertmanager.log"
    command = (
        *(program, f"--config.file={file}", f"--storage.path={folder / 'data'}"),
        *(f"--web.listen-address={url.removeprefix('http://')}", *cluster, *flags),
    )
    async with (
        running(Program("alertmanager", command, f"{url}/-/ready"), log),
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        yield Running(url, http, log)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Where every receiver's notifications arrive."""
    with open_inbox() as opened:
        yield opened


Start = Callable[[float], AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(tmp_path: Path, inbox: Inbox) -> Start:
    """Starts the shipped configuration with every duration divided by a factor."""

    def started(factor: float) -> AbstractAsyncContextManager[Running]:
        config = delivered_to(inbox.url, shorter(shipped(), factor))
        return running_alertmanager(config, tmp_path, retention())

    return started
