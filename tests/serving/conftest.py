"""Certificates, a web configuration of a test, and something small that is served by it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bcrypt
import httpx
import pytest
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.self_metrics import SelfMetrics
from exporter.server import PATIENCE, how_to_serve, listen_on
from exporter.serving.guard import Guard
from exporter.serving.live import LiveWebConfig
from exporter.web.slow_clients import Patience
from tests.clients.authority import Authority

PASSWORD = "open sesame"
HASHED = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()
"""As cheap as bcrypt gets."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Nobody trusts it before being told."""
    return Authority(tmp_path_factory.mktemp("authority"))


Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path, authority: Authority) -> Write:
    """Writes a web configuration beside ``server.pem``, its certificate and key, and ``authority.pem``."""
    (tmp_path / "server.pem").write_bytes(authority.pair("leaf").read_bytes())
    (tmp_path / "authority.pem").write_bytes(authority.file.read_bytes())

    def written(data: Any) -> Path:
        file = tmp_path / "web.yml"
        file.write_text(data if isinstance(data, str) else yaml.safe_dump(data))
        return file

    return written


@pytest.fixture
def config_file(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]) -> Path:
    """A good configuration of integrations whose upstreams do not answer."""
    return write_config(config_data)


@dataclass(frozen=True)
class Served:
    """Where it is served, and for whom: ``client`` makes one that trusts the authority."""

    url: str
    authority: Path
    live: LiveWebConfig

    def context(self, pair: Path | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority)
        if pair is not None:
            context.load_cert_chain(pair)
        return context

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        address = urlsplit(self.url)
        return str(address.hostname), address.port or 0

    async def status(self, pair: Path | None = None, context: ssl.SSLContext | None = None, **options: Any) -> int:
        """What a new connection gets."""
        async with httpx.AsyncClient(verify=context or self.context(pair), trust_env=False) as http:
            return (await http.get(f"{self.url}/", **options)).status_code


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(write: Write, authority: Authority) -> Serve:
    """Serves a page over loopback, by the web configuration that is given, as ``serve`` does."""

    @contextlib.asynccontextmanager
    async def served(data: Any, patience: Patience = PATIENCE) -> AsyncIterator[Served]:
        live = LiveWebConfig(write(data))
        server = _Server(how_to_serve(Guard(PAGE, live.current, lambda _request: False, SelfMetrics()), live, patience))
        with listen_on("127.0.0.1:0") as listening:
            task = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                await server.ready.wait()
                scheme = "http" if live.current().context is None else "https"
                yield Served(f"{scheme}://127.0.0.1:{_port(listening)}", authority.file, live)
            finally:
                server.should_exit = True
                await task

    return served


class _Server(uvicorn.Server):
    """Leaves the signals to the tests, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


async def _page(request: Request) -> Response:
    return PlainTextResponse("a page", headers={"X-Frame-Options": "sameorigin"} if request.url.path == "/own" else {})


async def _much(_request: Request) -> Response:
    return Response(bytes(MUCH))


MUCH = 16 * 1024 * 1024
"""More than any socket holds."""
PAGE = Starlette(
    routes=[
        Route("/", _page),
        Route("/own", _page),
        Route("/much", _much),
        Route("/api/v1/resyncs", _page, methods=["GET", "POST"]),
    ]
)
