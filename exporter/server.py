"""The process: a socket, signals, the HTTP server, and the work beside it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog
import uvicorn
from starlette.types import ASGIApp

from exporter import __version__
from exporter.clock import SystemClock
from exporter.config.problem import ConfigError
from exporter.config.settings import Config
from exporter.errors import ListenError, StoreError
from exporter.lasting import making_what_stays
from exporter.service import Service, open_service
from exporter.service_manager import tell_service_manager
from exporter.serving.guard import Guard
from exporter.serving.handshake import over_tls
from exporter.serving.live import LiveWebConfig
from exporter.signals import ENDING, end_in_time
from exporter.web.app import in_front_of
from exporter.web.slow_clients import Patience, patient

WORK_GRACE = 4.0
"""Seconds that a request of a resync has to come to its end when the process is told to end."""
SHUTDOWN_GRACE = 3
"""Seconds that scrapes and other requests have after that."""
PATIENCE = Patience()
BACKLOG = 128
"""Connections that wait in the kernel; and that asyncio accepts in one go, before any of them is counted: together with
those that are open less than 1024."""

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:\s]*)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535
_NO_SUCH_FAMILY = {errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL}
"""What a machine without IPv6, or without IPv4, says."""

OpenSocket = Callable[[socket.AddressFamily, socket.SocketKind, int], socket.socket]

log = structlog.get_logger(__name__)


async def serve(
    config: Config, config_file: Path, listen: Sequence[socket.socket], web: LiveWebConfig, *, lifecycle: bool = False
) -> None:
    """Serves until SIGINT or SIGTERM; SIGHUP reloads the configuration."""
    loop, reload, told = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    # Before the store is opened, which takes its time: who asks for a reload meanwhile gets it afterwards.
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    async with contextlib.AsyncExitStack() as stack:
        opened = open_service(
            config, SystemClock(), config_file=config_file, lifecycle=lifecycle, reload_web=web.reload
        )
        with making_what_stays():
            service = await stack.enter_async_context(opened)
        for number in ENDING:
            loop.add_signal_handler(number, told.set)
        guard = Guard(service.app, web.current, service.needs_no_user, service.metrics)
        server = _Server(how_to_serve(guard, web))
        for one in listen:
            log.info(
                "listening",
                address=_listening_on(one),
                tls=web.current().context is not None,
                version=__version__,
                integrations=len(config.integrations),
            )
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(service.run())
            reloading = tasks.create_task(_reload_whenever(reload, service))
            tasks.create_task(_end_when(told, service, server))
            tell_service_manager("READY=1")
            await server.serve(sockets=list(listen))
            reloading.cancel()
            work.cancel()
        log.info("stopped")


def how_to_serve(app: ASGIApp, web: LiveWebConfig, patience: Patience = PATIENCE) -> uvicorn.Config:
    """uvicorn's settings. It is told of no TLS: it would make a context of files, once, and count no handshake."""
    http = patient(patience, lambda: web.current().headers)
    return uvicorn.Config(
        in_front_of(app),
        http=http if web.current().context is None else over_tls(http, web),
        ws="none",
        h11_max_incomplete_event_size=patience.header_bytes,
        log_config=None,
        access_log=False,
        server_header=False,
        # Of whoever is on the same machine uvicorn would believe any X-Forwarded-For: a sender is who connects.
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_GRACE,
        lifespan="off",
        backlog=BACKLOG,
    )


async def _reload_whenever(asked: asyncio.Event, service: Service) -> None:
    while True:
        await asked.wait()
        asked.clear()
        # What kept it from being applied has been logged and counted; the old configuration stays.
        with contextlib.suppress(ConfigError, StoreError):
            await service.reload()


async def _end_when(told: asyncio.Event, service: Service, server: _Server) -> None:
    """Nothing new is begun, what is under way comes to its end, and only then nobody is answered any more."""
    await told.wait()
    for number in ENDING:
        asyncio.get_running_loop().remove_signal_handler(number)
    end_in_time()
    tell_service_manager("STOPPING=1")
    log.info("stopping")
    await service.leave(WORK_GRACE)
    server.stop()


def listen_on(address: str, open_socket: OpenSocket = socket.socket) -> socket.socket:
    """A listening socket for ``host:port``, ``[ipv6]:port`` or ``:port``; raises ``ListenError`` naming the address.

    Without a host it is one socket for both families, or for the one that the machine has.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ListenError(f"--web.listen-address={address}: expected host:port, [ipv6]:port or :port")
    failed: Exception | None = None
    try:
        for family, host in _places(match["ipv6"] or match["host"] or ""):
            try:
                return _bound(open_socket, family, (host, int(match["port"])))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                failed = failed or error
    except (OSError, UnicodeError) as error:
        failed = error
    raise ListenError(f"--web.listen-address={address}: {failed}") from failed


def _places(host: str) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Where to listen: the first that the machine can. A name may have addresses of both families."""
    if not host:
        return (socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")  # noqa: S104  that is what no host means
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return sorted({(family, str(place[0])) for family, _type, _protocol, _name, place in found})


def _bound(open_socket: OpenSocket, family: socket.AddressFamily, place: tuple[str, int]) -> socket.socket:
    # TCP named outright: asyncio sets TCP_NODELAY only then, and without it small answers wait for the peer's ACK.
    bound = open_socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if place[0] == "::":
            # Whatever the system's default is: IPv4 comes in as well.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.bind(place)
        bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound


def _listening_on(listen: socket.socket) -> str:
    name = listen.getsockname()
    if isinstance(name, str):
        return name
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(uvicorn.Server):
    """Leaves the signals to ``serve``, which has more to end than the server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True
