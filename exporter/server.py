"""The process: a socket, signals, the HTTP server, and the work beside it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn

from exporter import __version__
from exporter.clock import SystemClock
from exporter.config.problem import ConfigError
from exporter.config.settings import Config
from exporter.errors import ListenError, StoreError
from exporter.service import Service, open_service

SHUTDOWN_GRACE = 5

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:\s]*)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535

log = structlog.get_logger(__name__)


async def serve(config: Config, config_file: Path, listen: socket.socket, *, lifecycle: bool = False) -> None:
    """Serves until SIGINT or SIGTERM; SIGHUP reloads the configuration."""
    async with open_service(config, SystemClock(), config_file=config_file, lifecycle=lifecycle) as service:
        server = _Server(
            uvicorn.Config(
                service.app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_GRACE,
                lifespan="off",
            )
        )
        log.info(
            "listening",
            address=_listening_on(listen),
            version=__version__,
            integrations=len(config.integrations),
        )
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(service.run())
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, lambda: tasks.create_task(_reload(service)))
            for signum in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(signum, server.stop)
            await server.serve(sockets=[listen])
            work.cancel()
        log.info("stopped")


async def _reload(service: Service) -> None:
    # What kept it from being applied has been logged and counted; the old configuration stays.
    with contextlib.suppress(ConfigError, StoreError):
        await service.reload()


def listen_on(address: str) -> socket.socket:
    """A listening socket for ``host:port``, ``[ipv6]:port`` or ``:port``; raises ``ListenError`` naming the address."""
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ListenError(f"--web.listen-address={address}: expected host:port, [ipv6]:port or :port")
    host = match["ipv6"] or match["host"] or ""
    # TCP named outright: asyncio sets TCP_NODELAY only then, and without it small answers wait for the peer's ACK.
    family = socket.AF_INET6 if match["ipv6"] else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, int(match["port"])))
        bound.listen(128)
    except (OSError, UnicodeError) as error:
        bound.close()
        raise ListenError(f"--web.listen-address={address}: {error}") from error
    return bound


def _listening_on(listen: socket.socket) -> str:
    host, port = listen.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(uvicorn.Server):
    """Leaves the signals to ``serve``, which has more to end than the server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True
